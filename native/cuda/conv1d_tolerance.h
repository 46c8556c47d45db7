#pragma once

#include "cuda/device.h"

/// How far a convolution's result may lie from the exact one, as a multiple of the sum of its
/// terms' magnitudes (bias and residual are terms). Relative error of one rounding: u = 2^-24 for
/// float, 2^-11 for tf32, 2^-8 for bf16.
///
/// - fp32 (and the sparse and SIMT kernels in every precision): 8 * 2^-24, the conformance suite's.
/// - tf32, bf16: both factors of a product are rounded, so it is off by at most 2u + u^2 of its
///   magnitude, and hence the sum by at most 2u + u^2 of theirs. Products of rounded factors are
///   exact in float (22 and 16 bits). Tensor cores add them to the running sum with truncation;
///   such an addition errs by at most 2^-23 of the partial sum, and the kAccumulation below covers
///   the chains of this network (at most 512 additions with random signs).
/// A result computed from factors that are exactly representable has the accumulation error only.
namespace lth::cuda {

inline constexpr double kFloatRounding = 1.0 / (1 << 24);
inline constexpr double kAccumulation = 64 * kFloatRounding;

/// Relative error of rounding a factor.
constexpr double factor_rounding(Precision precision) {
  switch (precision) {
    case Precision::tf32: return 1.0 / (1 << 11);
    case Precision::bf16: return 1.0 / (1 << 8);
    default: return 0;
  }
}

/// @param exact_factors all factors are representable in the precision
constexpr double conv1d_tolerance(Precision precision, bool exact_factors = false) {
  if (precision == Precision::fp32) return 8 * kFloatRounding;
  const double u = exact_factors ? 0 : factor_rounding(precision);
  return 2 * u + u * u + kAccumulation;
}

}  // namespace lth::cuda
