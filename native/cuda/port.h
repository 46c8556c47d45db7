#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "cuda/device.h"

/// One kernel source, two compilations: nvcc for GPUs, and a C++ compiler with LTH_CUDA_EMULATED=1
/// for the emulator (cuda/emulate/), which runs every CUDA thread as a fiber and stops at misuse
/// (barriers and shuffles that not all reach, memory outside what was allocated). Kernels include
/// this header and nothing of CUDA's own.
///
///   LTH_LAUNCH(kernel, grid, block, shared_bytes, stream, args...)  put commas of template
///                                         arguments in parentheses: LTH_LAUNCH((kernel<2, 3>), ...
///   LTH_SHARED(name, type);               static shared memory: LTH_SHARED(tile, float[32][33]);
///   LTH_DYNAMIC_SHARED(type, name);       type* name: the launch's dynamic shared memory
///   LTH_UNROLL                            before a loop that must unroll

#if LTH_CUDA_EMULATED

#include "cuda/emulate/kernel.h"

#define LTH_UNROLL

#elif defined(__CUDACC__)

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#define LTH_UNROLL _Pragma("unroll")
#define LTH_SHARED(name, ...)           \
  using name##_shared_type = __VA_ARGS__; \
  __shared__ name##_shared_type name
#define LTH_DYNAMIC_SHARED(type, name)                                  \
  extern __shared__ __align__(128) unsigned char lth_dynamic_shared[];  \
  type* name = reinterpret_cast<type*>(lth_dynamic_shared)
#define LTH_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                      \
  do {                                                                                  \
    ::lth::cuda::allow_shared(reinterpret_cast<const void*>(kernel), (shared_bytes));   \
    (kernel)<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__);               \
    ::lth::cuda::check_launch(#kernel);                                                 \
  } while (false)

namespace lth::cuda {

/// Throws Error(state) if the launch just made was refused.
void check_launch(const char* kernel);

}  // namespace lth::cuda

#endif

#if LTH_CUDA_EMULATED || defined(__CUDACC__)
#define LTH_HD __host__ __device__
#else  // host code beside kernels: constants and arithmetic only
#define LTH_HD
#endif

namespace lth::cuda {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xffffffffU;

/// The upper half of a float on the host, as pack_bf16 rounds it.
inline uint32_t to_bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return 0x7fffU;  // the NaN that GPUs make
  return (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
}

#if LTH_CUDA_EMULATED || defined(__CUDACC__)

/// Round to TF32 (8 bits of exponent, 10 of mantissa), nearest, ties away from zero.
__device__ inline uint32_t to_tf32(float value) {
#if LTH_CUDA_EMULATED
  const uint32_t bits = __float_as_uint(value);
  if ((bits & 0x7f800000U) == 0x7f800000U) return bits;
  return (bits + 0x1000U) & 0xffffe000U;
#else
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
#endif
}

/// Two floats to bf16, nearest even; `low` in bits 0-15.
__device__ inline uint32_t pack_bf16(float low, float high) {
#if LTH_CUDA_EMULATED
  return to_bf16(low) | (to_bf16(high) << 16);
#else
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
#endif
}
__device__ inline float bf16_low(uint32_t pair) { return __uint_as_float(pair << 16); }
__device__ inline float bf16_high(uint32_t pair) { return __uint_as_float(pair & 0xffff0000U); }

/// d += a b over a warp: A [16, 8] row major, B [8, 8] column major, D [16, 8] float.
/// With g = lane / 4, t = lane % 4: a = A(g, t), A(g + 8, t), A(g, t + 4), A(g + 8, t + 4);
/// b = B(t, g), B(t + 4, g); d = D(g, 2t), D(g, 2t + 1), D(g + 8, 2t), D(g + 8, 2t + 1)
/// (PTX ISA, matrix fragments for mma.m16n8k8).
__device__ inline void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4],
                                        const uint32_t (&b)[2]) {
#if LTH_CUDA_EMULATED
  emulate::mma_tf32(d, a, b);
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// d += a b over a warp: A [16, 16] row major, B [16, 8] column major, two bf16 a register.
/// a = A(g, 2t..), A(g + 8, 2t..), A(g, 2t + 8..), A(g + 8, 2t + 8..); b = B(2t.., g),
/// B(2t + 8.., g); d as above (PTX ISA, matrix fragments for mma.m16n8k16).
__device__ inline void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4],
                                         const uint32_t (&b)[2]) {
#if LTH_CUDA_EMULATED
  emulate::mma_bf16(d, a, b);
#else
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// 16 bytes that a kernel or a copy must have written before; the emulator stops where none has.
__device__ inline uint4 load_written(const uint4* at) {
#if LTH_CUDA_EMULATED
  emulate::require_written(at, sizeof *at);
#endif
  return *at;
}

/// Four 8 x 8 matrices of 16-bit elements from shared memory, transposed. Lane i of the warp brings
/// the address of row i % 8 of matrix i / 8: 16 aligned bytes. d[m] is then M(2t, g) and, in the
/// upper half, M(2t + 1, g) of matrix m: with rows along the contraction, what mma_m16n8k16_bf16
/// takes as b (PTX ISA, ldmatrix).
__device__ inline void load_matrices_transposed(uint32_t (&d)[4], const void* row) {
#if LTH_CUDA_EMULATED
  emulate::load_matrices_transposed(d, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(uint32_t(__cvta_generic_to_shared(row))));
#endif
}

/// Starts a copy of 16 bytes, both ends 16-byte aligned; zeros instead when not valid (`global` is
/// then not read).
__device__ inline void cp_async_16(void* shared, const void* global, bool valid) {
#if LTH_CUDA_EMULATED
  emulate::cp_async(shared, global, valid);
#else
  const uint32_t target = uint32_t(__cvta_generic_to_shared(shared));
  const uint32_t bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(global),
               "r"(bytes)
               : "memory");
#endif
}

/// Closes a group of copies.
__device__ inline void cp_async_commit() {
#if LTH_CUDA_EMULATED
  emulate::cp_async_commit();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits for this thread's groups but the last `Pending`; other threads see them after a barrier.
template <int Pending>
__device__ inline void cp_async_wait() {
#if LTH_CUDA_EMULATED
  emulate::cp_async_wait(Pending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

#endif

}  // namespace lth::cuda
