#include "cuda/norm_parts.h"
#include "cuda/norm_view.h"
#include "cuda/ops.h"
#include "cuda/pieces.h"
#include "cuda/reduce.h"

namespace lth::cuda {
namespace {

/// The mean of the first stretch of valid positions: near enough to the channel's mean that the
/// squares of x - pilot do not cancel.
template <class T>
__device__ float pilot_of(const Rows& x, int channel) {
  constexpr int kPositions = kRowThreads / kLanes;
  const int lane = int(threadIdx.x) % kLanes, p = int(threadIdx.x) / kLanes;
  for (int group = 0; group < x.groups; ++group) {
    const int32_t length = x.lengths[group * kLanes + lane];
    if (!__syncthreads_or(length > 0)) continue;
    double sums[2] = {0, 0};
    if (p < min(length, kPositions)) {
      sums[0] = double(load1(x.position<T>(group * x.channels + channel, p) + lane));
      sums[1] = 1;
    }
    block_sum(sums);
    return float(sums[0] / sums[1]);
  }
  return 0;
}

/// Block b has part b % count of channel b / count.
template <class T>
__global__ void __launch_bounds__(kRowThreads) statistics_kernel(Rows x, NormPart* parts) {
  const int count = parts_of(x);
  const int part = int(blockIdx.x) % count, channel = int(blockIdx.x) / count;
  const float pilot = pilot_of<T>(x, channel);
  const int stretches = stretches_of(x), per_group = stretches / x.groups;
  double sums[3] = {0, 0, 0};
  for (int stretch = part; stretch < stretches; stretch += count) {
    const int group = stretch / per_group, begin = stretch % per_group * kChunkPositions;
    const PieceLengths<T> lengths = piece_lengths<T>(x.lengths, group);
    float sum = 0, square = 0;  // of at most 16 values before they go to double
    int valid = 0;
    const int end = min(begin + kChunkPositions, x.length);
    for (int p = begin + int(threadIdx.x) / kPiecesPerPosition<T>; p < end;
         p += kRowThreads / kPiecesPerPosition<T>) {
      if (!holds_any(lengths, p)) break;
      const Piece<T> piece = piece_at<T>(x, group * x.channels + channel, p);
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) {
        if (!holds(lengths, i, p)) continue;
        const float d = piece.v[i] - pilot;
        sum += d;
        square = __fmaf_rn(d, d, square);
        ++valid;
      }
    }
    sums[0] += double(sum);
    sums[1] += double(square);
    sums[2] += double(valid);
  }
  block_sum(sums);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = {float(sums[0]), float(sums[1]), pilot, int(sums[2])};
  }
}

template <class T>
__global__ void __launch_bounds__(kRowThreads) normalize_kernel(Rows x, Rows y,
                                                                const NormView view) {
  const Chunk chunk = chunk_of_block(y);
  const NormReader<kPiece<T>> reader(view, chunk.group, first_record<T>());
  const float4 map = reader.map_of(chunk.channel);
  write_chunk<T>(y, chunk, piece_lengths<T>(y.lengths, chunk.group), [&](int p) {
    return reader.piece(map, chunk.channel, p, piece_at<T>(x, chunk.row, p));
  });
}

}  // namespace

int own_parts(const Activation& x) { return parts_of(rows_of(x)); }

void measure_statistics(const NormForward& args, Precision precision, NormPart* parts,
                        Stream stream) {
  const Rows x = rows_of(args.x);
  with_element(precision, [&](auto element) {
    LTH_LAUNCH((statistics_kernel<decltype(element)>),
               unsigned(parts_of(x)) * unsigned(x.channels), kRowThreads, 0, stream, x, parts);
  });
}

void norm_forward(const NormForward& args, const Context& context) {
  float* map = args.map;
  if (!args.measured) {
    const int count = args.training ? own_parts(args.x) : 0;
    const size_t bytes = parts_bytes(args.x, count);
    const size_t map_bytes = map ? 0 : size_t(args.x.shape.channels) * sizeof(float4);
    auto* memory = static_cast<char*>(context.workspace.require(bytes + map_bytes));
    if (!map) map = reinterpret_cast<float*>(memory + bytes);
    NormParts parts;
    if (args.training) {
      parts = {reinterpret_cast<NormPart*>(memory), count};
      measure_statistics(args, context.precision, parts.data, context.stream);
    }
    fold_statistics(args, parts, map, context.stream);
  }
  if (args.folded) return;
  const Rows y = rows_of(args.y);
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((normalize_kernel<decltype(element)>), row_blocks(y), kRowThreads, 0,
               context.stream, rows_of(args.x), y, NormView::of(args, map));
  });
}

}  // namespace lth::cuda
