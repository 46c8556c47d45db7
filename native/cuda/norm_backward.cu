#include <type_traits>

#include "cuda/norm_parts.h"
#include "cuda/norm_view.h"
#include "cuda/ops.h"
#include "cuda/pieces.h"
#include "cuda/reduce.h"

namespace lth::cuda {
namespace {

/// Which gradients pass ReLU and dropout: all, those that the forward result selects, or those that
/// the forward result selects after it was recomputed from x.
enum class Pass { all, positive, nonzero, remade };

struct BackwardArguments {
  Rows x, y, dy, add, dx;  // add.data is null where there is none
  NormView view;           // remade only
  float kept_scale;
  const float* mean;       // [C]
  const float4* map;       // [C] as NormBackward::map
};

/// The gradients that pass, at one thread's places of a row.
template <class T, Pass pass>
class PassedGradient {
 public:
  __device__ PassedGradient(const BackwardArguments& a, int, int) : a_(a) {}
  __device__ Piece<T> at(int row, int p, const Piece<T>&) const {
    const Piece<T> dy = piece_at<T>(a_.dy, row, p);
    if (pass == Pass::all) return dy;
    const Piece<T> y = piece_at<T>(a_.y, row, p);
    Piece<T> result;
    LTH_UNROLL
    for (int i = 0; i < kPiece<T>; ++i) {
      const bool passes = pass == Pass::positive ? y.v[i] > 0.0f : (y.v[i] > 0.0f || y.v[i] < 0.0f);
      result.v[i] = passes ? __fmul_rn(dy.v[i], a_.kept_scale) : 0.0f;
    }
    return result;
  }

 private:
  const BackwardArguments& a_;
};

template <class T>
class PassedGradient<T, Pass::remade> {
 public:
  __device__ PassedGradient(const BackwardArguments& a, int group, int channel)
      : a_(a),
        reader_(a.view, group, first_record<T>()),
        channel_(channel),
        map_(reader_.map_of(channel)) {}
  __device__ Piece<T> at(int row, int p, const Piece<T>& x) const {
    const Piece<T> dy = piece_at<T>(a_.dy, row, p);
    const uint32_t kept = reader_.kept(channel_, p);
    Piece<T> result;
    LTH_UNROLL
    for (int i = 0; i < kPiece<T>; ++i) {
      const float y = as_stored<T>(reader_(map_, kept, i, x.v[i]));
      result.v[i] = reader_.passed(dy.v[i], y);
    }
    return result;
  }

 private:
  const BackwardArguments& a_;
  NormReader<kPiece<T>> reader_;
  int channel_;
  float4 map_;
};

/// Block b has part b % count of channel b / count.
template <class T, Pass pass>
__global__ void __launch_bounds__(kRowThreads)
    sums_kernel(const BackwardArguments a, NormPart* parts) {
  const int count = parts_of(a.x);
  const int part = int(blockIdx.x) % count, channel = int(blockIdx.x) / count;
  const float mean = a.mean[channel];
  const int stretches = stretches_of(a.x), per_group = stretches / a.x.groups;
  double sums[3] = {0, 0, 0};
  for (int stretch = part; stretch < stretches; stretch += count) {
    const int group = stretch / per_group, begin = stretch % per_group * kChunkPositions;
    const int row = group * a.x.channels + channel;
    const PieceLengths<T> lengths = piece_lengths<T>(a.x.lengths, group);
    const PassedGradient<T, pass> passed(a, group, channel);
    float gradient = 0, product = 0;  // of at most 16 values before they go to double
    int valid = 0;
    const int end = min(begin + kChunkPositions, a.x.length);
    for (int p = begin + int(threadIdx.x) / kPiecesPerPosition<T>; p < end;
         p += kRowThreads / kPiecesPerPosition<T>) {
      if (!holds_any(lengths, p)) break;
      const Piece<T> x = piece_at<T>(a.x, row, p);
      const Piece<T> g = passed.at(row, p, x);
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) {
        if (!holds(lengths, i, p)) continue;
        gradient += g.v[i];
        product = __fmaf_rn(g.v[i], x.v[i] - mean, product);
        ++valid;
      }
    }
    sums[0] += double(gradient);
    sums[1] += double(product);
    sums[2] += double(valid);
  }
  block_sum(sums);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = {float(sums[0]), float(sums[1]), 0, int(sums[2])};
  }
}

/// dx may share memory with dy, x, y and add: each thread reads a piece of all before it writes it.
template <class T, Pass pass>
__global__ void __launch_bounds__(kRowThreads) gradient_kernel(const BackwardArguments a) {
  const Chunk chunk = chunk_of_block(a.dx);
  const float4 map = a.map[chunk.channel];
  const PieceLengths<T> lengths = piece_lengths<T>(a.x.lengths, chunk.group);
  const PassedGradient<T, pass> passed(a, chunk.group, chunk.channel);
  write_chunk<T>(a.dx, chunk, lengths, [&](int p) {
    const Piece<T> x = piece_at<T>(a.x, chunk.row, p);
    const Piece<T> g = passed.at(chunk.row, p, x);
    Piece<T> result;
    LTH_UNROLL
    for (int i = 0; i < kPiece<T>; ++i) {
      result.v[i] =
          __fmaf_rn(map.y, g.v[i], __fmaf_rn(map.z, __fsub_rn(x.v[i], map.x), map.w));
    }
    if (a.add.data) {
      const Piece<T> add = piece_at<T>(a.add, chunk.row, p);
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) result.v[i] = __fadd_rn(result.v[i], add.v[i]);
    }
    return result;
  });
}

BackwardArguments arguments_of(const NormBackward& args) {
  BackwardArguments a{.x = rows_of(args.x),
                      .y = rows_of(args.y),
                      .dy = rows_of(args.dy),
                      .add = args.add ? rows_of(*args.add) : Rows{},
                      .dx = rows_of(args.dx),
                      .view = {},
                      .kept_scale = float(1.0 / (1.0 - args.dropout_rate)),
                      .mean = args.saved_mean,
                      .map = reinterpret_cast<const float4*>(args.map)};
  if (args.forward) a.view = NormView::of(*args.forward, args.forward->map);
  return a;
}

/// body(element, pass) with what the elements are and how this norm's gradients pass, as constants.
template <class Body>
void with_pass(const NormBackward& args, Precision precision, const Body& body) {
  const bool stops = args.relu || args.dropout_rate > 0;
  with_element(precision, [&](auto element) {
    if (!stops) {
      body(element, std::integral_constant<Pass, Pass::all>());
    } else if (args.forward) {
      body(element, std::integral_constant<Pass, Pass::remade>());
    } else if (args.relu) {
      body(element, std::integral_constant<Pass, Pass::positive>());
    } else {
      body(element, std::integral_constant<Pass, Pass::nonzero>());
    }
  });
}

}  // namespace

void measure_gradient(const NormBackward& args, Precision precision, NormPart* parts,
                      Stream stream) {
  const BackwardArguments a = arguments_of(args);
  const unsigned blocks = unsigned(parts_of(a.x)) * unsigned(a.x.channels);
  with_pass(args, precision, [&](auto element, auto pass) {
    LTH_LAUNCH((sums_kernel<decltype(element), decltype(pass)::value>), blocks, kRowThreads, 0,
               stream, a, parts);
  });
}

void norm_backward(const NormBackward& args, const Context& context) {
  BackwardArguments a = arguments_of(args);
  if (!args.measured) {
    const int count = own_parts(args.x);
    const size_t bytes = parts_bytes(args.x, count);
    const size_t map_bytes = args.map ? 0 : size_t(args.x.shape.channels) * sizeof(float4);
    auto* memory = static_cast<char*>(context.workspace.require(bytes + map_bytes));
    float* map = args.map ? args.map : reinterpret_cast<float*>(memory + bytes);
    const NormParts parts{reinterpret_cast<NormPart*>(memory), count};
    measure_gradient(args, context.precision, parts.data, context.stream);
    fold_gradient(args, parts, map, context.stream);
    a.map = reinterpret_cast<const float4*>(map);
  }
  with_pass(args, context.precision, [&](auto element, auto pass) {
    LTH_LAUNCH((gradient_kernel<decltype(element), decltype(pass)::value>), row_blocks(a.dx),
               kRowThreads, 0, context.stream, a);
  });
}

}  // namespace lth::cuda
