#pragma once

/// Put before a loop of constant length whose counter indexes an array kept in registers.
#if defined(__clang__)
#define LTH_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LTH_UNROLL _Pragma("GCC unroll 32")
#endif

/// One register of floats. Included only by sources compiled once per instruction set.
namespace lth::inference::LTH_ISA {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

typedef float Vector __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vector load(const float* p) { return *reinterpret_cast<const UnalignedVector*>(p); }
inline void store(float* p, Vector a) { *reinterpret_cast<UnalignedVector*>(p) = a; }
inline Vector broadcast(float x) { return x - Vector{}; }

/// The larger one; b where they cannot be compared.
inline Vector larger(Vector a, Vector b) { return a > b ? a : b; }

}  // namespace lth::inference::LTH_ISA
