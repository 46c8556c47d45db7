#pragma once

#include "cpu/kernels/simd.h"

#if LTH_BF16
#include <bit>
#endif

/// The contents of one 32-bit lane of a dense convolution's operands, and the product of two lanes.
/// Accumulators are always float.
namespace lth::cpu::LTH_ISA {

/// One float.
struct FloatOperands {
  static constexpr int kTerms = 1;

  [[gnu::always_inline]] static void add_product(FloatRegister& sum, float a, FloatRegister b) {
    sum += a * b;
  }
  [[gnu::always_inline]] static void add_product(FloatRegister& sum, FloatRegister a,
                                                 FloatRegister b) {
    sum += a * b;
  }
};

#if LTH_BF16

/// Two floats rounded to bf16 (to nearest, ties to even; subnormal numbers to zero), the first in
/// the lower half. Their products are exact in float, and added one after the other.
struct Bf16Operands {
  static constexpr int kTerms = 2;

  [[gnu::always_inline]] static void add_product(FloatRegister& sum, float a, FloatRegister b) {
    add_product(sum, (FloatRegister)_mm512_set1_ps(a), b);
  }
  [[gnu::always_inline]] static void add_product(FloatRegister& sum, FloatRegister a,
                                                 FloatRegister b) {
    sum = (FloatRegister)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
  }

  /// Lane by lane.
  [[gnu::always_inline]] static FloatRegister pair(FloatRegister first, FloatRegister second) {
    alignas(64) static constexpr short kInterleaved[32] = {
        0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512bh rounded = _mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
    return (FloatRegister)_mm512_permutexvar_epi16(_mm512_load_si512(kInterleaved),
                                                   (__m512i)rounded);
  }
};

#endif

}  // namespace lth::cpu::LTH_ISA
