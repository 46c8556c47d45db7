#pragma once

#include "cuda/conv1d_index.h"

/// Activations as the convolution kernels see them, and what they do with an output.
namespace lth::cuda::conv {

/// An activation's rows: float [group][channel][halo + length + halo][16].
struct Rows {
  float* zero = nullptr;  ///< group 0, channel 0, position 0
  long long channel = 0;  ///< floats from channel to channel
  long long group = 0;    ///< floats from group to group
  int length = 0;
  int halo = 0;

  static Rows of(const Activation& a) {
    return {a.data + size_t(a.shape.halo) * kLanes, (long long)a.row_stride(),
            (long long)a.row_stride() * a.shape.channels, a.shape.length, a.shape.halo};
  }
  __device__ float* row(int g, int c) const { return zero + g * group + c * channel; }
};

/// Where a pass writes, and what it adds.
struct Output {
  Rows rows;
  Rows add;              ///< zero = null: nothing to add
  const float* bias;     ///< [O] or null
  const int32_t* lengths;

  /// Stores four lanes of the sums at a position: plus bias and residual, 0 past the record's end.
  /// Returns what is stored.
  __device__ float4 store(int group, int channel, int position, int quad, float4 v) const {
    const size_t place = size_t(position) * kLanes + 4 * quad;
    if (bias) {
      const float b = bias[channel];
      v = make_float4(v.x + b, v.y + b, v.z + b, v.w + b);
    }
    if (add.zero) {
      const float4 a = *reinterpret_cast<const float4*>(add.row(group, channel) + place);
      v = make_float4(v.x + a.x, v.y + a.y, v.z + a.z, v.w + a.w);
    }
    const int4 n = *reinterpret_cast<const int4*>(lengths + group * kLanes + 4 * quad);
    v = make_float4(position < n.x ? v.x : 0.0f, position < n.y ? v.y : 0.0f,
                    position < n.z ? v.z : 0.0f, position < n.w ? v.w : 0.0f);
    *reinterpret_cast<float4*>(rows.row(group, channel) + place) = v;
    return v;
  }

  /// Positions that the longest record of a group holds.
  __device__ int live(int group) const {
    int longest = 0;
    for (int i = 0; i < kLanes; ++i) longest = max(longest, lengths[group * kLanes + i]);
    return min(longest, rows.length);
  }

  /// Zeroes a row's halo. @param thread of `threads` that share the work
  __device__ void zero_halo(int group, int channel, int thread, int threads) const {
    float* row = rows.row(group, channel);
    const int quads = rows.halo * (kLanes / 4);
    for (int i = thread; i < 2 * quads; i += threads) {
      const long long first = (i < quads ? 0 : (long long)rows.length * kLanes) - 4LL * quads;
      *reinterpret_cast<float4*>(row + first + 4LL * i) = make_float4(0, 0, 0, 0);
    }
  }
};

__device__ inline float& component(float4& v, int i) {
  return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
}

/// sum += w * x, four lanes.
__device__ inline void multiply_add(float4& sum, float w, const float4& x) {
  sum.x = fmaf(w, x.x, sum.x);
  sum.y = fmaf(w, x.y, sum.y);
  sum.z = fmaf(w, x.z, sum.z);
  sum.w = fmaf(w, x.w, sum.w);
}

__device__ inline float4 load4(const float* p) { return *reinterpret_cast<const float4*>(p); }

}  // namespace lth::cuda::conv
