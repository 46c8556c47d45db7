#pragma once

#include "cuda/port.h"
#include "lth/backend.h"
#include "lth/random.h"

/// A norm whose result is not stored: the op that needs it recomputes it from the norm's input, y =
/// dropout(relu((x - mean) * factor + beta)). Rounded like a stored element (cuda/element.h), it
/// equals the result of norm_forward bit for bit.
namespace lth::cuda {

struct NormView {
  const float4* map = nullptr;       ///< [C]: mean, factor, beta, 0; null: there is no norm
  const int32_t* lengths = nullptr;  ///< [groups * 16]
  int channels = 0, length = 0;
  bool relu = false, drops = false;
  uint32_t threshold = 0;            ///< random bits below it: dropped
  float kept_scale = 1;
  uint64_t seed = 0;
  uint32_t stream = 0, layer = 0;
  const StepValues* step_values = nullptr;
  const uint16_t* keep = nullptr;    ///< Dropout::keep

  static NormView of(const NormForward& args, const float* map) {
    NormView view;
    view.map = reinterpret_cast<const float4*>(map);
    view.lengths = args.x.lengths;
    view.channels = args.x.shape.channels;
    view.length = args.x.shape.length;
    view.relu = args.relu;
    view.drops = args.training && args.dropout.rate > 0;
    if (view.drops) {
      view.threshold = dropout_threshold(args.dropout.rate);
      view.kept_scale = float(1.0 / (1.0 - args.dropout.rate));
    }
    view.seed = args.dropout.seed;
    view.stream = args.dropout.stream;
    view.layer = args.dropout.layer;
    view.step_values = args.dropout.step_values;
    view.keep = args.dropout.keep;
    return view;
  }
};

#if LTH_CUDA_EMULATED || defined(__CUDACC__)

/// Whether dropout keeps an element of a norm's result, counted over [N][C][L].
__device__ inline bool keeps(const RandomKey& key, uint32_t index, uint32_t threshold) {
  return random_bits(key, index) >= threshold;
}

/// The state that a thread needs to read `Records` neighbouring records of a group, a multiple of
/// four, through a norm. There are no branches per element: elements that are dropped or outside
/// their record are computed too, and replaced by 0.
template <int Records>
class NormReader {
 public:
  /// @param first record of the group's that is read
  __device__ NormReader(const NormView& view, int group, int first) : view_(view) {
    const int slot = group * kLanes + first;
    LTH_UNROLL
    for (int i = 0; i < Records; i += 4) {
      const int4 n = *reinterpret_cast<const int4*>(view.lengths + slot + i);
      lengths_[i] = n.x;
      lengths_[i + 1] = n.y;
      lengths_[i + 2] = n.z;
      lengths_[i + 3] = n.w;
    }
    start(slot);
  }
  /// @param n lengths of the four
  __device__ NormReader(const NormView& view, int group, int first, const int4& n)
    requires(Records == 4)
      : view_(view), lengths_{n.x, n.y, n.z, n.w} {
    start(group * kLanes + first);
  }

  __device__ float4 map_of(int channel) const { return view_.map[channel]; }

  /// Bit i: record i holds the position and dropout keeps its element.
  /// @param position of the norm's length
  __device__ uint32_t kept(int channel, int position) const {
    uint32_t bits = ~0U;
    if (view_.keep) {
      bits = uint32_t(__ldg(view_.keep + keep_ + channel * view_.length + position)) >> shift_;
    } else if (view_.drops) {
      bits = 0;
      LTH_UNROLL
      for (int i = 0; i < Records; ++i) {
        const uint32_t index = first_ + uint32_t(i) * per_record() +
                               uint32_t(channel) * uint32_t(view_.length) + uint32_t(position);
        bits |= uint32_t(keeps(key_, index, view_.threshold)) << i;
      }
    }
    uint32_t held = 0;
    LTH_UNROLL
    for (int i = 0; i < Records; ++i) held |= uint32_t(holds(i, position)) << i;
    return bits & held;
  }

  /// The result of the input x of record i.
  /// @param kept of its channel and position
  __device__ float operator()(const float4& map, uint32_t kept, int i, float x) const {
    float v = __fmaf_rn(__fsub_rn(x, map.x), map.y, map.z);
    v = least_ > v ? least_ : v;  // NaN stays
    return kept >> i & 1 ? __fmul_rn(v, view_.kept_scale) : 0.0f;
  }

  /// The results of a piece of this many records; 0 if the record does not have the position.
  template <class Piece>
  __device__ Piece piece(const float4& map, int channel, int position, Piece x) const {
    const uint32_t bits = kept(channel, position);
    LTH_UNROLL
    for (int i = 0; i < Records; ++i) x.v[i] = (*this)(map, bits, i, x.v[i]);
    return x;
  }

  /// The gradient of the norm's affine map, given that of its result y: 0 where ReLU or dropout
  /// stopped it.
  __device__ float passed(float dy, float y) const {
    if (!view_.relu && !view_.drops) return dy;
    const bool passes = view_.relu ? y > 0.0f : (y > 0.0f || y < 0.0f);
    return passes ? __fmul_rn(dy, view_.kept_scale) : 0.0f;
  }

  __device__ bool holds(int i, int position) const {
    return unsigned(position) < unsigned(lengths_[i]);
  }

 private:
  __device__ void start(int slot) {
    least_ = view_.relu ? 0.0f : -INFINITY;
    if (!view_.drops) return;
    if (view_.keep) {
      keep_ = size_t(slot / kLanes) * per_record();
      shift_ = slot % kLanes;
      return;
    }
    key_ = random_key(view_.seed, view_.step_values ? view_.step_values->stream : view_.stream,
                      view_.layer);
    first_ = uint32_t(slot) * per_record();
  }
  __device__ uint32_t per_record() const {
    return uint32_t(view_.channels) * uint32_t(view_.length);
  }

  const NormView& view_;
  int lengths_[Records];
  RandomKey key_{};
  uint32_t first_ = 0;  // element number of the first record's channel 0, position 0
  size_t keep_ = 0;     // the group's first word
  int shift_ = 0;       // the first record's bit
  float least_;         // -inf: there is no ReLU
};

#endif

}  // namespace lth::cuda
