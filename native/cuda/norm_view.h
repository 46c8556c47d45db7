#pragma once

#include "cuda/port.h"
#include "lth/backend.h"
#include "lth/random.h"

/// A norm as an op sees it that makes the norm's result of its input, where the result lies
/// nowhere: y = dropout(relu((x - mean) * factor + beta)), bit for bit what norm_forward writes,
/// once it has been rounded as that is when it is stored (cuda/element.h).
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
    return view;
  }
};

#if LTH_CUDA_EMULATED || defined(__CUDACC__)

/// What a thread needs to read neighbouring records of a group, `Quads` times four of them, through
/// a norm.
template <int Quads = 1>
class NormReader {
 public:
  /// @param part of the group's records, as many in each
  __device__ NormReader(const NormView& view, int group, int part) : view_(view) {
    const int first = group * kLanes + 4 * Quads * part;
    LTH_UNROLL
    for (int i = 0; i < Quads; ++i) {
      lengths_[i] = *reinterpret_cast<const int4*>(view.lengths + first + 4 * i);
    }
    if (view.drops) {
      key_ = random_key(view.seed, view.step_values ? view.step_values->stream : view.stream,
                        view.layer);
      first_ = uint32_t(first) * per_record();
    }
  }

  __device__ float4 map_of(int channel) const { return view_.map[channel]; }

  /// The results of the inputs of a quad at a position; 0 where a record does not hold it.
  __device__ float4 operator()(const float4& map, int channel, int position, float4 x,
                               int quad = 0) const {
    const int4 n = lengths_[quad];
    const uint32_t index = first_ + 4 * uint32_t(quad) * per_record() +
                           uint32_t(channel) * uint32_t(view_.length) + uint32_t(position);
    return make_float4(result(map, n.x, index, position, x.x),
                       result(map, n.y, index + per_record(), position, x.y),
                       result(map, n.z, index + 2 * per_record(), position, x.z),
                       result(map, n.w, index + 3 * per_record(), position, x.w));
  }

  /// The gradient of the norm's affine map, given that of its result y: 0 where ReLU or dropout
  /// stopped it.
  __device__ float passed(float dy, float y) const {
    if (!view_.relu && !view_.drops) return dy;
    const bool passes = view_.relu ? y > 0.0f : (y > 0.0f || y < 0.0f);
    return passes ? __fmul_rn(dy, view_.kept_scale) : 0.0f;
  }

  __device__ const int4& lengths(int quad = 0) const { return lengths_[quad]; }

 private:
  __device__ uint32_t per_record() const {
    return uint32_t(view_.channels) * uint32_t(view_.length);
  }
  __device__ float result(const float4& map, int length, uint32_t index, int position,
                          float x) const {
    if (unsigned(position) >= unsigned(length)) return 0;
    float v = __fmaf_rn(__fsub_rn(x, map.x), map.y, map.z);
    if (view_.relu) v = 0.0f > v ? 0.0f : v;  // NaN stays
    if (view_.drops) {
      v = random_bits(key_, index) >= view_.threshold ? __fmul_rn(v, view_.kept_scale) : 0.0f;
    }
    return v;
  }

  const NormView& view_;
  int4 lengths_[Quads];
  RandomKey key_{};
  uint32_t first_ = 0;  // element number of the first record's channel 0, position 0
};

#endif

}  // namespace lth::cuda
