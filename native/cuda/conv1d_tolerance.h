#pragma once

#include "cuda/device.h"

/// Largest error of a convolution's result, compared with the exact result for its operands in
/// memory, as a multiple of the sum of its terms' magnitudes (bias and residual are terms).
/// Relative error of one rounding: u = 2^-24 for float, 2^-11 for tf32, 2^-8 for bf16.
///
/// - fp32 (and the sparse and SIMT kernels in every precision): 8 * 2^-24, the conformance suite's.
/// - tf32: both factors of a product are rounded, so it is off by at most 2u + u^2 of its
/// magnitude,
///   and hence the sum by at most 2u + u^2 of theirs.
/// - bf16: activations are bf16 already, so that of forward and dgrad the weight alone is rounded
///   (u), of the weight gradient nothing.
/// Products of rounded factors are exact in float (22 and 16 bits). Tensor cores add them to the
/// running sum with truncation; such an addition errs by at most 2^-23 of the partial sum, and the
/// kAccumulation below covers the chains of this network (at most 512 additions with random signs).
/// A result computed from factors that are exactly representable has the accumulation error only.
///
/// With Precision::bf16 the results of forward and dgrad, whatever kernel made them, are rounded
/// once more when they are stored: by u of what they are then (stored_tolerance). Gradients of
/// weights and bias stay float.
namespace lth::cuda {

inline constexpr double kFloatRounding = 1.0 / (1 << 24);
inline constexpr double kAccumulation = 64 * kFloatRounding;

/// Relative error of rounding a factor, or an activation's element.
constexpr double factor_rounding(Precision precision) {
  switch (precision) {
    case Precision::tf32: return 1.0 / (1 << 11);
    case Precision::bf16: return 1.0 / (1 << 8);
    default: return 0;
  }
}

/// @param precision what the kernel multiplies in: fp32 the sparse and SIMT ones
/// @param rounded_factors of each product: 0, 1 or 2
constexpr double conv1d_tolerance(Precision precision, int rounded_factors) {
  if (precision == Precision::fp32) return 8 * kFloatRounding;
  double product = 1;
  for (int i = 0; i < rounded_factors; ++i) product *= 1 + factor_rounding(precision);
  return product - 1 + kAccumulation;
}

/// The tolerance of a result once it is stored as an element of an activation.
/// @param tolerance of the result before
constexpr double stored_tolerance(double tolerance, Precision precision) {
  const double u = precision == Precision::bf16 ? factor_rounding(precision) : 0;
  return tolerance + u * (1 + tolerance);
}

}  // namespace lth::cuda
