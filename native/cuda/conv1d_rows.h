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

/// The output of a pass, and the terms that it adds.
struct Output {
  Rows rows;
  Rows add;              ///< data = null: nothing to add
  const float* bias;     ///< [O] or null
  const int32_t* lengths;

  __device__ int4 lengths_of(int group, int quad) const {
    return *reinterpret_cast<const int4*>(lengths + group * kLanes + 4 * quad);
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
      store4_global(row + first + 4LL * i, make_float4(0, 0, 0, 0));
    }
  }
};

/// Four lanes of a row of the output: what their positions have in common is read once.
template <class T>
class OutputQuad {
 public:
  __device__ OutputQuad(const Output& out, int group, int channel, int quad)
      : lengths_(out.lengths_of(group, quad)),
        row_(out.rows.row<T>(group, channel) + 4 * quad),
        add_(out.add.data ? out.add.row<T>(group, channel) + 4 * quad : nullptr),
        has_bias_(out.bias != nullptr),
        bias_(has_bias_ ? out.bias[channel] : 0.0f) {}

  __device__ const int4& lengths() const { return lengths_; }
  __device__ bool adds() const { return add_ != nullptr; }
  /// What is added at a position, where it adds.
  __device__ float4 residual(int position) const { return load4(add_ + place(position)); }

  /// Stores the sums at a position: plus bias and residual, 0 past the record's end. Returns what
  /// is stored, rounded as it is.
  __device__ float4 store(int position, float4 v, float4 residual) const {
    if (has_bias_) v = make_float4(v.x + bias_, v.y + bias_, v.z + bias_, v.w + bias_);
    if (add_) {
      v = make_float4(v.x + residual.x, v.y + residual.y, v.z + residual.z, v.w + residual.w);
    }
    v = make_float4(position < lengths_.x ? v.x : 0.0f, position < lengths_.y ? v.y : 0.0f,
                    position < lengths_.z ? v.z : 0.0f, position < lengths_.w ? v.w : 0.0f);
    return store4_global(row_ + place(position), v);
  }
  __device__ float4 store(int position, float4 v) const {
    return store(position, v, add_ ? residual(position) : make_float4(0, 0, 0, 0));
  }

 private:
  __device__ static size_t place(int position) { return size_t(position) * kLanes; }

  int4 lengths_;
  T* row_;
  const T* add_;
  bool has_bias_;
  float bias_;
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
