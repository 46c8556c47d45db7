#pragma once

#include "cuda/port.h"

/// Matrix products of a warpgroup, four neighbouring warps (PTX ISA, wgmma.mma_async): they run beside
/// their threads, which order them by fences, groups and waits. Only sm_90a has them, so everything
/// that uses this header is compiled for sm_90a alone (conv1d_wgmma.cu). The emulator does the work of
/// a group when it is waited for, not before.
namespace lth::cuda {

#if LTH_CUDA_EMULATED || defined(__CUDACC__)

/// Describes a matrix B [k][n] of 16-bit elements in shared memory for wgmma. It lies in blocks of 8 x 8
/// ("core matrices") of 128 bytes, eight rows of 16 bytes: see Major. No swizzling.
/// @param first 16-byte aligned; @param k_stride, n_stride bytes from a block to the one 8 further on
/// along k and n: what the PTX ISA calls leading and stride dimension byte offset, without swizzling
/// whatever the major
__device__ inline uint64_t matrix_descriptor(const void* first, uint32_t k_stride,
                                             uint32_t n_stride) {
#if LTH_CUDA_EMULATED
  const uint32_t address = emulate::shared_address(first);
#else
  const auto address = uint32_t(__cvta_generic_to_shared(first));
#endif
  return uint64_t((address & 0x3ffffU) >> 4) | uint64_t(k_stride >> 4) << 16 |
         uint64_t(n_stride >> 4) << 32;
}

/// What a descriptor's address grows by, in bytes.
__device__ inline uint64_t advanced(uint64_t descriptor, uint32_t bytes) {
  return descriptor + (bytes >> 4);
}

/// Before the first product, and between other uses of a product's registers and the product.
__device__ inline void wgmma_fence() {
#if LTH_CUDA_EMULATED
  emulate::wgmma_fence();
#else
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Closes a group of products.
__device__ inline void wgmma_commit() {
#if LTH_CUDA_EMULATED
  emulate::wgmma_commit();
#else
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Waits for all groups but the last `Pending`.
template <int Pending>
__device__ inline void wgmma_wait() {
#if LTH_CUDA_EMULATED
  emulate::wgmma_wait(Pending);
#else
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
#endif
}

/// To be called after the last wait: keeps the compiler from reading the sums before it.
template <int Count>
__device__ inline void keep_behind(float (&d)[Count]) {
#if !LTH_CUDA_EMULATED
  LTH_UNROLL
  for (int i = 0; i < Count; ++i) asm volatile("" : "+f"(d[i])::"memory");
#else
  (void)d;
#endif
}

/// Makes what this thread has written to shared memory, copies included that it has waited for,
/// visible to products that any thread starts after the block's next barrier.
__device__ inline void publish_to_wgmma() {
#if LTH_CUDA_EMULATED
  emulate::publish_to_wgmma();
#else
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

#define LTH_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define LTH_D16(i) LTH_D4(i), LTH_D4(i + 4), LTH_D4(i + 8), LTH_D4(i + 12)

/// How B lies in the blocks of 8 x 8 that matrix_descriptor describes: in rows of neighbouring n, one of
/// every k, or in rows of neighbouring k, one of every n.
enum class Major { n, k };

/// d += a b for A [64, 16] in registers, B [16, N] in shared memory, D [64, N]. Warp w of the four has
/// rows 16 w .. 16 w + 15, of A as mma_m16n8k16_bf16 takes them, of D columns 8 c .. 8 c + 7 as it gives
/// them, in d[4 c .. 4 c + 3] (PTX ISA, matrix fragments for wgmma.m64nNk16). Until it is waited for, a
/// must not change and d must not be used but by products of this shape.
template <int N, Major kMajor>
__device__ inline void wgmma_m64k16_bf16(float (&d)[N / 2], const uint4& a, uint64_t b) {
  static_assert(N == 16 || N == 32 || N == 144 || N == 256);
  constexpr int kTransposed = kMajor == Major::n;
#if LTH_CUDA_EMULATED
  emulate::wgmma_bf16(d, N, kTransposed, a, b);
#else
  if constexpr (N == 16) {
    asm volatile(
        "{.reg .pred p;\n"
        "setp.eq.u32 p, 0, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7"
        "}, {%8, %9, %10, %11}, %12, p, 1, 1, %13;}\n"
        : LTH_D4(0), LTH_D4(4)
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "l"(b), "n"(kTransposed));
  } else if constexpr (N == 32) {
    asm volatile(
        "{.reg .pred p;\n"
        "setp.eq.u32 p, 0, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15"
        "}, {%16, %17, %18, %19}, %20, p, 1, 1, %21;}\n"
        : LTH_D16(0)
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "l"(b), "n"(kTransposed));
  } else if constexpr (N == 144) {
    asm volatile(
        "{.reg .pred p;\n"
        "setp.eq.u32 p, 0, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n144k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, "
        "%66, %67, %68, %69, %70, %71"
        "}, {%72, %73, %74, %75}, %76, p, 1, 1, %77;}\n"
        : LTH_D16(0), LTH_D16(16), LTH_D16(32), LTH_D16(48), LTH_D4(64), LTH_D4(68)
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "l"(b), "n"(kTransposed));
  } else {
    asm volatile(
        "{.reg .pred p;\n"
        "setp.eq.u32 p, 0, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, "
        "%66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "
        "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, "
        "%98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "
        "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, "
        "%126, %127"
        "}, {%128, %129, %130, %131}, %132, p, 1, 1, %133;}\n"
        : LTH_D16(0), LTH_D16(16), LTH_D16(32), LTH_D16(48), LTH_D16(64), LTH_D16(80), LTH_D16(96),
          LTH_D16(112)
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "l"(b), "n"(kTransposed));
  }
#endif
}

#undef LTH_D4
#undef LTH_D16

#endif

}  // namespace lth::cuda
