#pragma once

#include <cmath>

#include "cpu/kernels/simd.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Operations on sixteen lanes that only some elementwise ops need.
namespace lth::cpu::LTH_ISA {

/// max(0, a) lane by lane; NaN and -0 stay.
inline Vec positive_part(const Vec& a) {
  Vec r;
  for (int i = 0; i < kParts; ++i) {  // of NaN or two zeros, the instructions return the second
#if defined(__AVX512F__)
    r.part[i] =
        (FloatRegister)_mm512_maskz_max_ps(__mmask16(0xffff), __m512{}, (__m512)a.part[i]);
#elif defined(__AVX2__)
    r.part[i] = (FloatRegister)_mm256_max_ps(__m256{}, (__m256)a.part[i]);
#elif defined(__SSE2__)
    r.part[i] = (FloatRegister)_mm_max_ps(__m128{}, (__m128)a.part[i]);
#else
    r.part[i] = FloatRegister{} > a.part[i] ? FloatRegister{} : a.part[i];
#endif
  }
  return r;
}

inline Vec sqrt(const Vec& a) {
  Vec r;
  for (int i = 0; i < kParts; ++i) {
#if defined(__AVX512F__)
    r.part[i] = (FloatRegister)_mm512_maskz_sqrt_ps(__mmask16(0xffff), (__m512)a.part[i]);
#elif defined(__AVX2__)
    r.part[i] = (FloatRegister)_mm256_sqrt_ps((__m256)a.part[i]);
#elif defined(__SSE2__)
    r.part[i] = (FloatRegister)_mm_sqrt_ps((__m128)a.part[i]);
#elif defined(__aarch64__)
    r.part[i] = (FloatRegister)vsqrtq_f32((float32x4_t)a.part[i]);
#else
    for (int j = 0; j < kRegisterBytes / 4; ++j) r.part[i][j] = std::sqrt(a.part[i][j]);
#endif
  }
  return r;
}

/// Makes stores by `stream` visible to the other threads; call once after a unit's last.
inline void stream_fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace lth::cpu::LTH_ISA
