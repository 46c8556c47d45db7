#pragma once

#include <cmath>

#include "cpu/kernels/simd.h"
#include "lth/backend.h"

namespace lth::cpu::LTH_ISA {

/// The affine map of one channel of a norm.
struct NormScale {
  float mean;
  float factor;  ///< gamma / std
  float beta;

  /// @tparam Norm NormForward or NormBackward, whose statistics have been saved
  template <class Norm>
  static NormScale saved(const Norm& args, int channel) {
    return {args.saved_mean[channel], args.gamma[channel] * args.saved_inv_std[channel],
            args.beta[channel]};
  }
  /// Of the forward pass: with the statistics that have been saved, or the running ones.
  static NormScale of(const NormForward& args, int channel) {
    if (args.training) return saved(args, channel);
    const double variance = double(args.running_variance[channel]);
    const float inv_std = float(1.0 / std::sqrt(variance + double(args.epsilon)));
    return {args.running_mean[channel], args.gamma[channel] * inv_std, args.beta[channel]};
  }
};

/// The map in all lanes. The forward and the backward pass both use it, so that they agree on every
/// bit and thus on what ReLU lets pass.
struct NormMap {
  Vec mean, factor, beta;

  explicit NormMap(const NormScale& scale)
      : mean(Vec::broadcast(scale.mean)),
        factor(Vec::broadcast(scale.factor)),
        beta(Vec::broadcast(scale.beta)) {}

  Vec operator()(const Vec& x) const { return fma(x - mean, factor, beta); }
};

}  // namespace lth::cpu::LTH_ISA
