#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/// Put before a loop of constant length whose counter indexes an array kept in registers.
#if defined(__clang__)
#define LTH_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LTH_UNROLL _Pragma("GCC unroll 32")
#endif

/// Sixteen floats, one per record of a group, in as many registers as the instruction set needs.
/// Included only by sources compiled once per instruction set; LTH_ISA names the namespace.
namespace lth::cpu::LTH_ISA {

#if defined(__AVX512F__)
inline constexpr int kRegisterBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kRegisterBytes = 32;
#else
inline constexpr int kRegisterBytes = 16;
#endif
inline constexpr int kParts = 64 / kRegisterBytes;

#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kRegisters = 32;
#else
inline constexpr int kRegisters = 16;
#endif

typedef float FloatRegister __attribute__((vector_size(kRegisterBytes)));
typedef int32_t IntRegister __attribute__((vector_size(kRegisterBytes)));
typedef uint32_t UintRegister __attribute__((vector_size(kRegisterBytes)));

struct Vec {
  FloatRegister part[kParts];

  static Vec load(const float* p) {  // 64-byte aligned
    Vec r;
    const auto* source = reinterpret_cast<const FloatRegister*>(p);
    for (int i = 0; i < kParts; ++i) r.part[i] = source[i];
    return r;
  }
  static Vec broadcast(float x) {
    Vec r;
    for (int i = 0; i < kParts; ++i) r.part[i] = x - FloatRegister{};  // exact, so no operation
    return r;
  }
  static Vec zero() { return broadcast(0.0f); }
  void store(float* p) const {
    auto* target = reinterpret_cast<FloatRegister*>(p);
    for (int i = 0; i < kParts; ++i) target[i] = part[i];
  }
};

/// Per-lane condition: all bits set where true.
struct Mask {
  IntRegister part[kParts];
};

#define LTH_VEC_OP(op)                                                          \
  inline Vec operator op(const Vec& a, const Vec& b) {                          \
    Vec r;                                                                      \
    for (int i = 0; i < kParts; ++i) r.part[i] = a.part[i] op b.part[i];        \
    return r;                                                                   \
  }
LTH_VEC_OP(+)
LTH_VEC_OP(-)
LTH_VEC_OP(*)
LTH_VEC_OP(/)
#undef LTH_VEC_OP

inline Vec& operator+=(Vec& a, const Vec& b) { return a = a + b; }

/// a * b + c; one rounding where the instruction set has it.
inline Vec fma(const Vec& a, const Vec& b, const Vec& c) {
  Vec r;
  for (int i = 0; i < kParts; ++i) r.part[i] = a.part[i] * b.part[i] + c.part[i];
  return r;
}

inline Mask greater(const Vec& a, const Vec& b) {
  Mask r;
  for (int i = 0; i < kParts; ++i) r.part[i] = a.part[i] > b.part[i];
  return r;
}

/// Lanes whose length is greater than `position`. lengths: 16 int32, 64-byte aligned.
inline Mask inside(const int32_t* lengths, int32_t position) {
  Mask r;
  const auto* source = reinterpret_cast<const IntRegister*>(lengths);
  for (int i = 0; i < kParts; ++i) r.part[i] = source[i] > (IntRegister{} + position);
  return r;
}

/// a where the mask holds, else 0.
inline Vec keep(const Mask& m, const Vec& a) {
  Vec r;
  for (int i = 0; i < kParts; ++i) r.part[i] = (FloatRegister)((IntRegister)a.part[i] & m.part[i]);
  return r;
}

inline Vec select(const Mask& m, const Vec& a, const Vec& b) {
  Vec r;
  for (int i = 0; i < kParts; ++i) r.part[i] = m.part[i] ? a.part[i] : b.part[i];
  return r;
}

/// Sum of the sixteen lanes, always in the same order: halves are folded onto each other.
inline float sum(const Vec& a) {
  alignas(64) float t[16];
  a.store(t);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) t[i] += t[i + width];
  }
  return t[0];
}

/// Store that bypasses the caches where that exists: for results larger than the last-level cache.
inline void stream(float* p, const Vec& a) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, (__m512)a.part[0]);
#else
  a.store(p);
#endif
}

inline constexpr int kRegisterFloats = kRegisterBytes / 4;

inline FloatRegister load_register(const float* p) {  // aligned to kRegisterBytes
  return *reinterpret_cast<const FloatRegister*>(p);
}

inline void store_register(float* p, FloatRegister a) {
  *reinterpret_cast<FloatRegister*>(p) = a;
}

/// Picks within every four floats: P < 4 from a, else P - 4 from b.
template <int P0, int P1, int P2, int P3>
inline FloatRegister shuffle_fours(FloatRegister a, FloatRegister b) {
  constexpr int pattern[4] = {P0, P1, P2, P3};
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b,
                                   (I / 4 * 4 + pattern[I % 4] % 4 +
                                    (pattern[I % 4] >= 4 ? kRegisterFloats : 0))...);
  }(std::make_integer_sequence<int, kRegisterFloats>{});
}

/// Adds up four registers at once: float i of the result is a partial sum of register i % 4.
inline FloatRegister fold4(FloatRegister a, FloatRegister b, FloatRegister c, FloatRegister d) {
  const FloatRegister ab = shuffle_fours<0, 4, 1, 5>(a, b) + shuffle_fours<2, 6, 3, 7>(a, b);
  const FloatRegister cd = shuffle_fours<0, 4, 1, 5>(c, d) + shuffle_fours<2, 6, 3, 7>(c, d);
  return shuffle_fours<0, 1, 4, 5>(ab, cd) + shuffle_fours<2, 3, 6, 7>(ab, cd);
}

typedef float FourFloats __attribute__((vector_size(16)));

/// Adds the groups of four floats of a register: of fold4's result, the four sums.
inline FourFloats fold_groups(FloatRegister a) {
  FourFloats four[kRegisterFloats / 4];
  std::memcpy(four, &a, sizeof(a));
  for (int width = kRegisterFloats / 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) four[i] += four[i + width];
  }
  return four[0];
}

#if defined(__AVX512F__)

/// target[4 c + r] += the sum of register [c][r]: what fold_groups of fold4 of each row adds, in
/// the same order, but for all sixteen at once.
inline void add_folded(const FloatRegister (&a)[4][4], double* target) {
  const auto halves = [](FloatRegister x, FloatRegister y) {
    return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7,  //
                                   16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15,  //
                                   24, 25, 26, 27, 28, 29, 30, 31);
  };
  FloatRegister s[4];
  LTH_UNROLL for (int c = 0; c < 4; ++c) s[c] = fold4(a[c][0], a[c][1], a[c][2], a[c][3]);
  const FloatRegister x = halves(s[0], s[1]), y = halves(s[2], s[3]);
  const FloatRegister sums =
      __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
      __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  typedef float EightFloats __attribute__((vector_size(32)));
  typedef double EightDoubles __attribute__((vector_size(64)));
  const EightFloats part[2] = {__builtin_shufflevector(sums, sums, 0, 1, 2, 3, 4, 5, 6, 7),
                               __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15)};
  for (int i = 0; i < 2; ++i) {
    EightDoubles total;  // target is aligned as a double is
    std::memcpy(&total, target + 8 * i, sizeof total);
    total += __builtin_convertvector(part[i], EightDoubles);
    std::memcpy(target + 8 * i, &total, sizeof total);
  }
}

#endif

}  // namespace lth::cpu::LTH_ISA
