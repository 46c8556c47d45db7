#include "cuda/ops.h"
#include "cuda/quads.h"
#include "cuda/reduce.h"
#include "lth/random.h"

namespace lth::cuda {
namespace {

/// What one block adds to a channel's statistics.
struct Part {
  double sum;     ///< of x - pilot
  double square;  ///< of (x - pilot)^2
  double count;
  double pilot;   ///< the same in all parts of a channel
};

/// The mean of the first stretch of valid positions: near enough to the channel's mean that the
/// squares of x - pilot do not cancel.
__device__ float pilot_of(const Rows& x, int channel) {
  constexpr int kPositions = kRowThreads / kLanes;
  const int lane = int(threadIdx.x) % kLanes, p = int(threadIdx.x) / kLanes;
  for (int group = 0; group < x.groups; ++group) {
    const int32_t length = x.lengths[group * kLanes + lane];
    if (!__syncthreads_or(length > 0)) continue;
    double sums[2] = {0, 0};
    if (p < min(length, kPositions)) {
      sums[0] = double(x.position(group * x.channels + channel, p)[lane]);
      sums[1] = 1;
    }
    block_sum(sums);
    return float(sums[0] / sums[1]);
  }
  return 0;
}

/// Block b has part b % count of channel b / count.
__global__ void __launch_bounds__(kRowThreads) statistics_kernel(Rows x, Part* parts) {
  const int count = parts_of(x);
  const int part = int(blockIdx.x) % count, channel = int(blockIdx.x) / count;
  const float pilot = pilot_of(x, channel);
  const int stretches = stretches_of(x), per_group = stretches / x.groups;
  double sums[3] = {0, 0, 0};
  for (int stretch = part; stretch < stretches; stretch += count) {
    const int group = stretch / per_group, begin = stretch % per_group * kChunkPositions;
    const QuadLengths lengths = quad_lengths(x.lengths, group);
    float sum = 0, square = 0;  // of at most 16 values before they go to double
    int valid = 0;
    const int end = min(begin + kChunkPositions, x.length);
    for (int p = begin + int(threadIdx.x) / kQuadsPerPosition; p < end;
         p += kRowThreads / kQuadsPerPosition) {
      if (!holds_any(lengths, p)) break;
      const Quad quad = load_quad(quad_at(x, group * x.channels + channel, p));
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) {
        if (!holds(lengths, i, p)) continue;
        const float d = quad.v[i] - pilot;
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
    parts[blockIdx.x] = {sums[0], sums[1], sums[2], double(pilot)};
  }
}

struct NormArguments {
  Rows x, y;
  const float* gamma;
  const float* beta;
  float* running_mean;
  float* running_variance;
  float* saved_mean;
  float* saved_inv_std;
  float epsilon, momentum;
  const Part* parts;  ///< [C][part_count]; null: the running statistics are meant
  int part_count;
  uint64_t seed;
  uint32_t stream, layer;
  const StepValues* step_values;
  uint32_t threshold;
  float kept_scale;
};

/// The affine map of one channel.
struct Scale {
  float mean, factor, beta;
};

__device__ Scale running_scale(const NormArguments& a, int channel) {
  const double variance = double(a.running_variance[channel]);
  const float inv_std = float(1.0 / sqrt(variance + double(a.epsilon)));
  return {a.running_mean[channel], a.gamma[channel] * inv_std, a.beta[channel]};
}

/// Every block of a channel adds up its parts; the one that `keeps` moves the running statistics.
__device__ Scale batch_scale(const NormArguments& a, int channel, bool keeps) {
  const Part* parts = a.parts + size_t(channel) * size_t(a.part_count);
  LTH_SHARED(shared_scale, Scale[1]);
  if (threadIdx.x < kWarp) {
    double sum = 0, square = 0, count = 0;
    for (int i = int(threadIdx.x); i < a.part_count; i += kWarp) {
      sum += parts[i].sum;
      square += parts[i].square;
      count += parts[i].count;
    }
    sum = warp_sum(sum);
    square = warp_sum(square);
    count = warp_sum(count);
    if (threadIdx.x == 0) {
      double mean = 0, variance = 0;
      if (count > 0) {
        const double shift = sum / count;
        mean = parts[0].pilot + shift;
        variance = square / count - shift * shift;
        if (variance < 0) variance = 0;  // NaN stays
      }
      const float saved_mean = float(mean);
      const float saved_inv_std = float(1.0 / sqrt(variance + double(a.epsilon)));
      if (keeps) {
        const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
        // As floats: a running statistic between two finite ones is finite.
        const bool finite = isfinite(float(mean)) && isfinite(float(unbiased));
        const bool halted = a.step_values && a.step_values->halted;
        if (count > 0 && finite && !halted) {
          const double old_mean = double(a.running_mean[channel]);
          const double old_variance = double(a.running_variance[channel]);
          a.running_mean[channel] = float(old_mean + double(a.momentum) * (mean - old_mean));
          a.running_variance[channel] =
              float(old_variance + double(a.momentum) * (unbiased - old_variance));
        }
        a.saved_mean[channel] = saved_mean;
        a.saved_inv_std[channel] = saved_inv_std;
      }
      shared_scale[0] = {saved_mean, a.gamma[channel] * saved_inv_std, a.beta[channel]};
    }
  }
  __syncthreads();
  return shared_scale[0];
}

template <bool relu, bool dropout>
__global__ void __launch_bounds__(kRowThreads) normalize_kernel(NormArguments a) {
  const Chunk chunk = chunk_of_block(a.y);
  const bool keeps = chunk.group == 0 && chunk.begin == 0;
  const Scale scale =
      a.parts ? batch_scale(a, chunk.channel, keeps) : running_scale(a, chunk.channel);
  const QuadLengths lengths = quad_lengths(a.y.lengths, chunk.group);
  RandomKey key{};
  uint32_t first = 0;  // element number of this thread's first record's position 0
  const uint32_t per_record = uint32_t(a.y.channels) * uint32_t(a.y.length);
  if (dropout) {
    key = random_key(a.seed, a.step_values ? a.step_values->stream : a.stream, a.layer);
    const uint32_t n = uint32_t(chunk.group * kLanes) + threadIdx.x % kQuadsPerPosition * 4;
    first = (n * uint32_t(a.y.channels) + uint32_t(chunk.channel)) * uint32_t(a.y.length);
  }
  write_chunk(a.y, chunk, lengths, [&](int p) {
    Quad quad = load_quad(quad_at(a.x, chunk.row, p));
    LTH_UNROLL
    for (int i = 0; i < 4; ++i) {
      float v = __fmaf_rn(__fsub_rn(quad.v[i], scale.mean), scale.factor, scale.beta);
      if (relu) v = 0.0f > v ? 0.0f : v;  // NaN stays
      if (dropout) {
        const uint32_t index = first + uint32_t(i) * per_record + uint32_t(p);
        v = random_bits(key, index) >= a.threshold ? __fmul_rn(v, a.kept_scale) : 0.0f;
      }
      quad.v[i] = v;
    }
    return quad;
  });
}

}  // namespace

void norm_forward(const NormForward& args, const Context& context) {
  const Rows x = rows_of(args.x), y = rows_of(args.y);
  const bool dropout = args.training && args.dropout.rate > 0;
  NormArguments a{.x = x,
                  .y = y,
                  .gamma = args.gamma,
                  .beta = args.beta,
                  .running_mean = args.running_mean,
                  .running_variance = args.running_variance,
                  .saved_mean = args.saved_mean,
                  .saved_inv_std = args.saved_inv_std,
                  .epsilon = args.epsilon,
                  .momentum = args.momentum,
                  .parts = nullptr,
                  .part_count = parts_of(x),
                  .seed = args.dropout.seed,
                  .stream = args.dropout.stream,
                  .layer = args.dropout.layer,
                  .step_values = args.dropout.step_values,
                  .threshold = dropout ? dropout_threshold(args.dropout.rate) : 0,
                  .kept_scale = dropout ? float(1.0 / (1.0 - args.dropout.rate)) : 1.0f};
  if (args.training) {
    auto* parts = static_cast<Part*>(
        context.workspace.require(size_t(x.channels) * size_t(a.part_count) * sizeof(Part)));
    a.parts = parts;
    LTH_LAUNCH(statistics_kernel, unsigned(a.part_count) * unsigned(x.channels), kRowThreads, 0,
               context.stream, x, parts);
  }
  const unsigned blocks = row_blocks(y);
  if (args.relu && dropout) {
    LTH_LAUNCH((normalize_kernel<true, true>), blocks, kRowThreads, 0, context.stream, a);
  } else if (args.relu) {
    LTH_LAUNCH((normalize_kernel<true, false>), blocks, kRowThreads, 0, context.stream, a);
  } else if (dropout) {
    LTH_LAUNCH((normalize_kernel<false, true>), blocks, kRowThreads, 0, context.stream, a);
  } else {
    LTH_LAUNCH((normalize_kernel<false, false>), blocks, kRowThreads, 0, context.stream, a);
  }
}

}  // namespace lth::cuda
