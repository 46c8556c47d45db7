#include <cmath>

#include "cpu/kernels/bits.h"
#include "cpu/kernels/dropout.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/norm_scale.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

constexpr int kChunk = 64;  // positions summed in float before they go to double

/// Sum and sum of squares of x - pilot.
struct Sums {
  LaneSum sum;
  LaneSum square;
};

/// The mean of the first stretch of valid positions: near enough to the channel's mean that the
/// squares of x - pilot do not cancel.
float pilot_of(const Activation& x, int channel) {
  for (int group = 0; group < x.groups(); ++group) {
    const Extent extent = group_extent(x, group);
    if (extent.any == 0) continue;
    const int32_t* lengths = x.lengths + size_t(group) * kLanes;
    const float* row = x.row(group, channel);
    LaneSum sum;
    int64_t count = 0;
    const int end = std::min(extent.any, kChunk);
    for (int p = 0; p < end; ++p) {
      sum.add(keep(inside(lengths, p), Vec::load(row + size_t(p) * kLanes)));
    }
    for (int i = 0; i < kLanes; ++i) count += std::min(lengths[i], end);
    return float(sum.total() / double(count));
  }
  return 0;
}

void add_row(const Activation& x, int group, int channel, float pilot, Sums& sums) {
  const int32_t* lengths = x.lengths + size_t(group) * kLanes;
  const Extent extent = group_extent(x, group);
  const float* row = x.row(group, channel);
  const Vec shift = Vec::broadcast(pilot);
  int p = 0;
  // Four independent sums hide the latency of the additions.
  for (; p + kChunk <= extent.all; p += kChunk) {
    Vec sum[4], square[4];
    for (int i = 0; i < 4; ++i) sum[i] = square[i] = Vec::zero();
    for (int q = p; q < p + kChunk; q += 4) {
      for (int i = 0; i < 4; ++i) {
        const Vec d = Vec::load(row + size_t(q + i) * kLanes) - shift;
        sum[i] += d;
        square[i] = fma(d, d, square[i]);
      }
    }
    sums.sum.add((sum[0] + sum[1]) + (sum[2] + sum[3]));
    sums.square.add((square[0] + square[1]) + (square[2] + square[3]));
  }
  while (p < extent.any) {
    Vec sum = Vec::zero(), square = Vec::zero();
    const int end = std::min(p + kChunk, extent.any);
    for (; p < end; ++p) {
      const Vec d = keep(inside(lengths, p), Vec::load(row + size_t(p) * kLanes) - shift);
      sum += d;
      square = fma(d, d, square);
    }
    sums.sum.add(sum);
    sums.square.add(square);
  }
}

/// Saves the statistics of the batch's channel and moves the running ones.
void measure(const NormForward& args, int channel, int64_t count) {
  const Activation& x = args.x;
  const float pilot = pilot_of(x, channel);
  Sums sums;
  for (int group = 0; group < x.groups(); ++group) add_row(x, group, channel, pilot, sums);
  double mean = 0, variance = 0;
  if (count > 0) {
    const double shift = sums.sum.total() / double(count);
    mean = double(pilot) + shift;
    variance = std::max(sums.square.total() / double(count) - shift * shift, 0.0);
    const double unbiased = count > 1 ? variance * double(count) / double(count - 1) : variance;
    // As floats: a running statistic between two finite ones is finite.
    if (std::isfinite(float(mean)) && std::isfinite(float(unbiased))) {
      float& running_mean = args.running_mean[channel];
      float& running_variance = args.running_variance[channel];
      running_mean = float(running_mean + double(args.momentum) * (mean - running_mean));
      running_variance =
          float(running_variance + double(args.momentum) * (unbiased - running_variance));
    }
  }
  args.saved_mean[channel] = float(mean);
  args.saved_inv_std[channel] = float(1.0 / std::sqrt(variance + double(args.epsilon)));
}

struct DropoutKey {
  RandomKey key;
  uint32_t threshold;
  float scale;
};

template <bool relu, bool dropout, bool streaming>
void normalize_row(const NormForward& args, int group, int channel, const NormScale& scale,
                   const DropoutKey& drop) {
  const ActivationShape& shape = args.x.shape;
  const int32_t* lengths = args.x.lengths + size_t(group) * kLanes;
  const Extent extent = group_extent(args.x, group);
  const float* in = args.x.row(group, channel);
  float* out = args.y.row(group, channel);
  const NormMap normalized(scale);
  const Vec kept_scale = Vec::broadcast(drop.scale);
  alignas(64) uint32_t first[kLanes];  // element number of each lane's position 0
  for (int i = 0; i < kLanes; ++i) {
    const uint32_t n = uint32_t(group) * kLanes + uint32_t(i);
    first[i] = (n * uint32_t(shape.channels) + uint32_t(channel)) * uint32_t(shape.length);
  }
  DropoutRow row(drop.key, drop.threshold, first);
  const auto result = [&](int p) __attribute__((always_inline)) {
    Vec v = normalized(Vec::load(in + size_t(p) * kLanes));
    if constexpr (relu) v = positive_part(v);
    if constexpr (dropout) v = row.next(v * kept_scale);
    return v;
  };
  for (int p = 0; p < extent.all;) {
    const int end = dropout ? row.start(p, extent.all) : extent.all;
    for (; p < end; ++p) {
      if constexpr (streaming) {
        stream(out + size_t(p) * kLanes, result(p));
      } else {
        result(p).store(out + size_t(p) * kLanes);
      }
    }
  }
  for (int p = extent.all; p < extent.any;) {
    const int end = dropout ? row.start(p, extent.any) : extent.any;
    for (; p < end; ++p) {
      keep(inside(lengths, p), result(p)).store(out + size_t(p) * kLanes);
    }
  }
  zero_outside(args.y, group, channel, extent.any);
  if constexpr (streaming) stream_fence();
}

using NormalizeRow = void (*)(const NormForward&, int, int, const NormScale&, const DropoutKey&);

template <bool relu, bool dropout>
NormalizeRow pick(bool streaming) {
  return streaming ? normalize_row<relu, dropout, true> : normalize_row<relu, dropout, false>;
}

NormalizeRow pick(bool relu, bool dropout, bool streaming) {
  if (relu) return dropout ? pick<true, true>(streaming) : pick<true, false>(streaming);
  return dropout ? pick<false, true>(streaming) : pick<false, false>(streaming);
}

}  // namespace

void norm_forward(const NormForward& args, ThreadPool& pool) {
  if (args.folded) {
    if (!args.training) return;
    const int64_t count = valid_positions(args.x);
    pool.parallel_for(args.x.shape.channels,
                      [&](int channel, int) { measure(args, channel, count); });
    return;
  }
  const Activation& y = args.y;
  const bool dropout = args.training && args.dropout.rate > 0;
  const bool streaming = y.data != args.x.data && y.elements() * sizeof(float) >= kStreamBytes;
  const NormalizeRow normalize = pick(args.relu, dropout, streaming);
  DropoutKey drop{};
  if (dropout) {
    drop = {random_key(args.dropout.seed, args.dropout.stream, args.dropout.layer),
            dropout_threshold(args.dropout.rate), float(1.0 / (1.0 - args.dropout.rate))};
  }
  const int channels = y.shape.channels;
  if (args.training && !args.measured) {
    // A channel at a time, so that its second pass finds it in the cache.
    const int64_t count = valid_positions(args.x);
    pool.parallel_for(channels, [&](int channel, int) {
      measure(args, channel, count);
      const NormScale scale = NormScale::saved(args, channel);
      for (int group = 0; group < y.groups(); ++group) normalize(args, group, channel, scale, drop);
    });
  } else {
    pool.parallel_for(y.groups() * channels, [&](int unit, int) {
      const int channel = unit % channels;
      normalize(args, unit / channels, channel, NormScale::of(args, channel), drop);
    });
  }
}

}  // namespace lth::cpu::LTH_ISA
