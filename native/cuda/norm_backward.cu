#include "cuda/ops.h"
#include "cuda/quads.h"
#include "cuda/reduce.h"

namespace lth::cuda {
namespace {

/// Which gradients pass, as told by the forward result.
enum class Pass { all, positive, nonzero };

/// What one block adds to a channel's sums; g is the gradient behind ReLU and dropout.
struct Part {
  double gradient;  ///< of g
  double product;   ///< of g * (x - mean)
  double count;
};

struct BackwardArguments {
  Rows x, y, dy, add, dx;  // add.data is null where there is none
  const float* gamma;
  const float* saved_mean;
  const float* saved_inv_std;
  float* dgamma;
  float* dbeta;
  float kept_scale;
  Part* parts;  ///< [C][part_count]
  int part_count;
};

template <Pass pass>
__device__ float passed(float dy, float y, float kept_scale) {
  if (pass == Pass::all) return dy;
  const bool passes = pass == Pass::positive ? y > 0.0f : (y > 0.0f || y < 0.0f);
  return passes ? __fmul_rn(dy, kept_scale) : 0.0f;
}

/// Block b has part b % count of channel b / count.
template <Pass pass>
__global__ void __launch_bounds__(kRowThreads) sums_kernel(BackwardArguments a) {
  const int count = a.part_count;
  const int part = int(blockIdx.x) % count, channel = int(blockIdx.x) / count;
  const float mean = a.saved_mean[channel];
  const int stretches = stretches_of(a.x), per_group = stretches / a.x.groups;
  double sums[3] = {0, 0, 0};
  for (int stretch = part; stretch < stretches; stretch += count) {
    const int group = stretch / per_group, begin = stretch % per_group * kChunkPositions;
    const int row = group * a.x.channels + channel;
    const QuadLengths lengths = quad_lengths(a.x.lengths, group);
    float gradient = 0, product = 0;  // of at most 16 values before they go to double
    int valid = 0;
    const int end = min(begin + kChunkPositions, a.x.length);
    for (int p = begin + int(threadIdx.x) / kQuadsPerPosition; p < end;
         p += kRowThreads / kQuadsPerPosition) {
      if (!holds_any(lengths, p)) break;
      const Quad x = load_quad(quad_at(a.x, row, p));
      const Quad dy = load_quad(quad_at(a.dy, row, p));
      const Quad y = pass == Pass::all ? dy : load_quad(quad_at(a.y, row, p));
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) {
        if (!holds(lengths, i, p)) continue;
        const float g = passed<pass>(dy.v[i], y.v[i], a.kept_scale);
        gradient += g;
        product = __fmaf_rn(g, x.v[i] - mean, product);
        ++valid;
      }
    }
    sums[0] += double(gradient);
    sums[1] += double(product);
    sums[2] += double(valid);
  }
  block_sum(sums);
  if (threadIdx.x == 0) {
    a.parts[blockIdx.x] = {sums[0], sums[1], sums[2]};
  }
}

/// dx = a * g + b * (x - mean) + c over the valid positions of a channel.
struct Affine {
  float mean, a, b, c;
};

/// Every block of a channel adds up its parts; the one that `keeps` writes the gradients.
__device__ Affine affine_of(const BackwardArguments& a, int channel, bool keeps) {
  const Part* parts = a.parts + size_t(channel) * size_t(a.part_count);
  LTH_SHARED(affine, Affine[1]);
  if (threadIdx.x < kWarp) {
    double dbeta = 0, product = 0, count = 0;
    for (int i = int(threadIdx.x); i < a.part_count; i += kWarp) {
      dbeta += parts[i].gradient;
      product += parts[i].product;
      count += parts[i].count;
    }
    dbeta = warp_sum(dbeta);
    product = warp_sum(product);
    count = warp_sum(count);
    if (threadIdx.x == 0) {
      const double inv_std = double(a.saved_inv_std[channel]);
      const double dgamma = product * inv_std;
      const double slope = double(a.gamma[channel]) * inv_std;
      const double share = count > 0 ? slope / count : 0;
      if (keeps) {
        a.dbeta[channel] = float(dbeta);
        a.dgamma[channel] = float(dgamma);
      }
      affine[0] = {a.saved_mean[channel], float(slope), float(-share * inv_std * dgamma),
                   float(-share * dbeta)};
    }
  }
  __syncthreads();
  return affine[0];
}

/// dx may share memory with dy, x, y and add: each thread reads a quad of all before it writes it.
template <Pass pass>
__global__ void __launch_bounds__(kRowThreads) gradient_kernel(BackwardArguments a) {
  const Chunk chunk = chunk_of_block(a.dx);
  const Affine affine = affine_of(a, chunk.channel, chunk.group == 0 && chunk.begin == 0);
  const QuadLengths lengths = quad_lengths(a.x.lengths, chunk.group);
  write_chunk(a.dx, chunk, lengths, [&](int p) {
    const Quad x = load_quad(quad_at(a.x, chunk.row, p));
    const Quad dy = load_quad(quad_at(a.dy, chunk.row, p));
    const Quad y = pass == Pass::all ? dy : load_quad(quad_at(a.y, chunk.row, p));
    Quad result;
    LTH_UNROLL
    for (int i = 0; i < 4; ++i) {
      const float g = passed<pass>(dy.v[i], y.v[i], a.kept_scale);
      result.v[i] = __fmaf_rn(
          affine.a, g, __fmaf_rn(affine.b, __fsub_rn(x.v[i], affine.mean), affine.c));
    }
    if (a.add.data) {
      const Quad add = load_quad(quad_at(a.add, chunk.row, p));
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) result.v[i] = __fadd_rn(result.v[i], add.v[i]);
    }
    return result;
  });
}

template <Pass pass>
void backward(const BackwardArguments& a, const Context& context) {
  LTH_LAUNCH((sums_kernel<pass>), unsigned(a.part_count) * unsigned(a.x.channels), kRowThreads, 0,
             context.stream, a);
  LTH_LAUNCH((gradient_kernel<pass>), row_blocks(a.dx), kRowThreads, 0, context.stream, a);
}

}  // namespace

void norm_backward(const NormBackward& args, const Context& context) {
  const Rows x = rows_of(args.x);
  BackwardArguments a{.x = x,
                      .y = rows_of(args.y),
                      .dy = rows_of(args.dy),
                      .add = args.add ? rows_of(*args.add) : Rows{},
                      .dx = rows_of(args.dx),
                      .gamma = args.gamma,
                      .saved_mean = args.saved_mean,
                      .saved_inv_std = args.saved_inv_std,
                      .dgamma = args.dgamma,
                      .dbeta = args.dbeta,
                      .kept_scale = float(1.0 / (1.0 - args.dropout_rate)),
                      .parts = nullptr,
                      .part_count = parts_of(x)};
  a.parts = static_cast<Part*>(
      context.workspace.require(size_t(x.channels) * size_t(a.part_count) * sizeof(Part)));
  if (args.relu) {
    backward<Pass::positive>(a, context);
  } else if (args.dropout_rate > 0) {
    backward<Pass::nonzero>(a, context);
  } else {
    backward<Pass::all>(a, context);
  }
}

}  // namespace lth::cuda
