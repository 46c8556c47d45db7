#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "cuda/emulate/stream.h"

/// The parts of CUDA that a kernel may use, on the host. Names and meaning are CUDA's.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
// As which pairs of bf16 are read.
struct [[gnu::may_alias]] alignas(8) uint2 {
  unsigned x, y;
};
struct [[gnu::may_alias]] alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) double2 { double x, y; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

namespace lth::cuda {
void allow_shared(const void* kernel, size_t bytes);  // cuda/device.h
}

namespace lth::cuda::emulate {

/// The position of the running thread.
struct Position {
  dim3 thread, block, block_extent, grid_extent;
};
extern Position here;

/// Runs a kernel over a grid, one block after another.
void run_grid(const char* name, const void* kernel, dim3 grid, dim3 block, size_t shared_bytes,
              void (*call)(const void*), const void* arguments);

template <class... Parameters, class... Arguments>
void launch(const char* name, dim3 grid, dim3 block, size_t shared_bytes, Stream* stream,
            void (*kernel)(Parameters...), const Arguments&... arguments) {
  static_assert((... && !std::is_reference_v<Parameters>), "kernels take their arguments by value");
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> arguments;
  };
  const Call call{kernel, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)};
  allow_shared(reinterpret_cast<const void*>(kernel), shared_bytes);
  stream->submit([=] {
    run_grid(
        name, reinterpret_cast<const void*>(call.kernel), grid, block, shared_bytes,
        [](const void* pointer) {
          const Call& c = *static_cast<const Call*>(pointer);
          std::apply(c.kernel, c.arguments);
        },
        &call);
  });
}

void block_barrier();
/// True in all threads of the block if `value` is in any.
bool block_any(bool value);
void* dynamic_shared();
/// The block's static shared array that belongs to `key`, made by the first thread that asks.
void* static_shared(const void* key, size_t bytes);

/// Warp-wide operations: each lane of `mask` brings its operands and leaves with its result.
uint64_t shuffle(unsigned mask, uint64_t bits, unsigned source);
unsigned ballot(unsigned mask, bool value);
void warp_barrier(unsigned mask);
void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
void load_matrices_transposed(uint32_t (&d)[4], const void* row);

/// Products of a warpgroup (cuda/wgmma.h). `a` stays where it is until the product is waited for.
uint32_t shared_address(const void* pointer);
void wgmma_bf16(float* d, int columns, bool transposed, const uint4& a, uint64_t b);
void wgmma_fence();
void wgmma_commit();
void wgmma_wait(int pending);
void publish_to_wgmma();

/// Stops if these bytes still are what new memory holds.
void require_written(const void* at, size_t bytes);

/// Copies land when they are waited for, not before.
void cp_async(void* shared, const void* global, bool valid);
void cp_async_commit();
void cp_async_wait(int pending);

unsigned lane();

template <class T>
T shuffle_from(unsigned mask, T value, unsigned source) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = shuffle(mask, bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace lth::cuda::emulate

#define threadIdx (::lth::cuda::emulate::here.thread)
#define blockIdx (::lth::cuda::emulate::here.block)
#define blockDim (::lth::cuda::emulate::here.block_extent)
#define gridDim (::lth::cuda::emulate::here.grid_extent)

#define LTH_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                        \
  ::lth::cuda::emulate::launch(#kernel, (grid), (block), (shared_bytes), (stream), (kernel), \
                               __VA_ARGS__)
#define LTH_SHARED(name, ...)                                                           \
  using name##_shared_type = __VA_ARGS__;                                               \
  static const char name##_shared_key = 0;                                              \
  name##_shared_type& name = *static_cast<name##_shared_type*>(                         \
      ::lth::cuda::emulate::static_shared(&name##_shared_key, sizeof(name##_shared_type)))
#define LTH_DYNAMIC_SHARED(type, name) \
  type* name = static_cast<type*>(::lth::cuda::emulate::dynamic_shared())

inline void __syncthreads() { lth::cuda::emulate::block_barrier(); }
inline int __syncthreads_or(int value) { return lth::cuda::emulate::block_any(value != 0); }
inline void __syncwarp(unsigned mask = 0xffffffffU) { lth::cuda::emulate::warp_barrier(mask); }
inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned lane = lth::cuda::emulate::lane();
  const unsigned base = lane & ~unsigned(width - 1);
  return lth::cuda::emulate::shuffle_from(mask, value, base + (unsigned(source) & (width - 1)));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  const unsigned lane = lth::cuda::emulate::lane();
  const unsigned source = lane ^ unsigned(bits);
  const bool inside = source / unsigned(width) <= lane / unsigned(width);
  return lth::cuda::emulate::shuffle_from(mask, value, inside ? source : lane);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = lth::cuda::emulate::lane();
  const bool inside = (lane & (width - 1)) + delta < unsigned(width);
  return lth::cuda::emulate::shuffle_from(mask, value, inside ? lane + delta : lane);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = lth::cuda::emulate::lane();
  const bool inside = (lane & (width - 1)) >= delta;
  return lth::cuda::emulate::shuffle_from(mask, value, inside ? lane - delta : lane);
}
inline unsigned __ballot_sync(unsigned mask, int value) {
  return lth::cuda::emulate::ballot(mask, value != 0);
}
inline int __any_sync(unsigned mask, int value) { return __ballot_sync(mask, value) != 0; }
inline int __all_sync(unsigned mask, int value) { return __ballot_sync(mask, value) == mask; }

/// Integers only: the order of float atomics would show in the result.
template <class T>
  requires std::is_integral_v<T>
T atomicAdd(T* at, std::type_identity_t<T> value) {
  const T old = *at;
  *at = T(old + value);
  return old;
}
template <class T>
  requires std::is_integral_v<T>
T atomicMax(T* at, std::type_identity_t<T> value) {
  const T old = *at;
  *at = std::max(old, value);
  return old;
}
template <class T>
  requires std::is_integral_v<T>
T atomicMin(T* at, std::type_identity_t<T> value) {
  const T old = *at;
  *at = std::min(old, value);
  return old;
}
template <class T>
  requires std::is_integral_v<T>
T atomicOr(T* at, std::type_identity_t<T> value) {
  const T old = *at;
  *at = T(old | value);
  return old;
}

template <class T>
T __ldg(const T* at) { return *at; }
template <class T>
T __ldcs(const T* at) { return *at; }
template <class T>
void __stwb(T* at, std::type_identity_t<T> value) { *at = value; }
template <class T>
void __stcs(T* at, std::type_identity_t<T> value) { *at = value; }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float rsqrtf(float a) { return 1.0f / std::sqrt(a); }
inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __popcll(unsigned long long bits) { return std::popcount(bits); }
inline int __clz(int bits) { return std::countl_zero(unsigned(bits)); }
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(unsigned(bits)) + 1; }
inline bool isfinite(float value) { return std::isfinite(value); }
inline bool isfinite(double value) { return std::isfinite(value); }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline long min(long a, long b) { return a < b ? a : b; }
inline long max(long a, long b) { return a > b ? a : b; }
inline unsigned long min(unsigned long a, unsigned long b) { return a < b ? a : b; }
inline unsigned long max(unsigned long a, unsigned long b) { return a > b ? a : b; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a > b ? a : b; }
