#pragma once

#include <cmath>

#include "cpu/kernels/simd.h"
#include "lth/random.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Integer and other operations on sixteen lanes that only some elementwise ops need.
namespace lth::cpu::LTH_ISA {

/// Sixteen uint32, one per record of a group.
struct Bits {
  UintRegister part[kParts];

  static Bits load(const uint32_t* p) {  // 64-byte aligned
    Bits r;
    const auto* source = reinterpret_cast<const UintRegister*>(p);
    for (int i = 0; i < kParts; ++i) r.part[i] = source[i];
    return r;
  }
};

inline UintRegister mix32(UintRegister h) {
  h ^= h >> 16;
  h *= 0x85ebca6bU;
  h ^= h >> 13;
  h *= 0xc2b2ae35U;
  h ^= h >> 16;
  return h;
}

/// random_bits(key, index + offset) >= threshold, lane by lane.
inline Mask random_at_least(RandomKey key, const Bits& index, uint32_t offset,
                            uint32_t threshold) {
  Mask r;
  for (int i = 0; i < kParts; ++i) {
    const UintRegister at = index.part[i] + offset;
    const UintRegister bits = mix32(mix32(at ^ key.low) + key.high);
    r.part[i] = (IntRegister)(bits >= (UintRegister{} + threshold));
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
