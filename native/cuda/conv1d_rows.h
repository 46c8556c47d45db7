#pragma once

#include "cuda/conv1d_index.h"
#include "cuda/element.h"

/// Activations as the convolution kernels see them, and what they do with an output.
namespace lth::cuda::conv {

/// An activation's rows: [group][channel][halo + length + halo][16]. A kernel knows what its
/// elements are (cuda/element.h).
struct Rows {
  void* data = nullptr;
  long long channel = 0;  ///< elements from channel to channel
  long long group = 0;    ///< elements from group to group
  int length = 0;
  int halo = 0;

  static Rows of(const Activation& a) {
    return {a.data, (long long)a.row_stride(), (long long)a.row_stride() * a.shape.channels,
            a.shape.length, a.shape.halo};
  }
  /// Position 0.
  template <class T>
  __device__ T* row(int g, int c) const {
    return static_cast<T*>(data) + halo * kLanes + g * group + c * channel;
  }
};

/// Where a pass writes, and what it adds.
struct Output {
  Rows rows;
  Rows add;              ///< data = null: nothing to add
  const float* bias;     ///< [O] or null
  const int32_t* lengths;

  /// Stores four lanes of the sums at a position: plus bias and residual, 0 past the record's end.
  /// Returns what is stored, rounded as it is.
  template <class T>
  __device__ float4 store(int group, int channel, int position, int quad, float4 v) const {
    const size_t place = size_t(position) * kLanes + 4 * quad;
    if (bias) {
      const float b = bias[channel];
      v = make_float4(v.x + b, v.y + b, v.z + b, v.w + b);
    }
    if (add.data) {
      const float4 a = load4(add.row<T>(group, channel) + place);
      v = make_float4(v.x + a.x, v.y + a.y, v.z + a.z, v.w + a.w);
    }
    const int4 n = *reinterpret_cast<const int4*>(lengths + group * kLanes + 4 * quad);
    v = make_float4(position < n.x ? v.x : 0.0f, position < n.y ? v.y : 0.0f,
                    position < n.z ? v.z : 0.0f, position < n.w ? v.w : 0.0f);
    return store4(rows.row<T>(group, channel) + place, v);
  }

  /// Positions that the longest record of a group holds.
  __device__ int live(int group) const {
    int longest = 0;
    for (int i = 0; i < kLanes; ++i) longest = max(longest, lengths[group * kLanes + i]);
    return min(longest, rows.length);
  }

  /// Zeroes a row's halo. @param thread of `threads` that share the work
  template <class T>
  __device__ void zero_halo(int group, int channel, int thread, int threads) const {
    T* row = rows.row<T>(group, channel);
    const int quads = rows.halo * (kLanes / 4);
    for (int i = thread; i < 2 * quads; i += threads) {
      const long long first = (i < quads ? 0 : (long long)rows.length * kLanes) - 4LL * quads;
      store4(row + first + 4LL * i, make_float4(0, 0, 0, 0));
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

}  // namespace lth::cuda::conv
