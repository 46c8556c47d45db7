#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "cuda/port.h"
#include "lth/activation.h"
#include "lth/backend.h"

/// What an activation's elements are in device memory: float, or with Precision::bf16 the upper
/// half of one, as PyTorch's autocast keeps them. Only the bytes differ: kernels compute in float,
/// widen what they load and round what they store, to nearest even; NaN stays NaN. Weights and
/// their gradients, moments, statistics, maps and all sums are float in every precision.
namespace lth::cuda {

struct Bf16 {
  uint16_t bits;
};

constexpr size_t element_bytes(Precision precision) {
  return precision == Precision::bf16 ? sizeof(Bf16) : sizeof(float);
}

/// body(element): what the precision keeps, as a value whose type counts.
template <class Body>
void with_element(Precision precision, const Body& body) {
  if (precision == Precision::bf16) {
    body(Bf16());
  } else {
    body(float());
  }
}

/// Records of a position that are copied at once: 16 bytes.
template <class T>
inline constexpr int kPiece = int(16 / sizeof(T));

/// Numbers as they are kept, for the host to copy to the device.
inline std::vector<std::byte> elements_of(std::span<const float> values, Precision precision) {
  std::vector<std::byte> bytes(values.size() * element_bytes(precision));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t bits =
        precision == Precision::bf16 ? to_bf16(values[i]) : std::bit_cast<uint32_t>(values[i]);
    std::memcpy(bytes.data() + i * element_bytes(precision), &bits, element_bytes(precision));
  }
  return bytes;
}

#if LTH_CUDA_EMULATED || defined(__CUDACC__)

__device__ inline float load1(const float* at) { return *at; }
__device__ inline float load1(const Bf16* at) { return bf16_low(at->bits); }
__device__ inline void store1(float* at, float value) { *at = value; }
__device__ inline void store1(Bf16* at, float value) { at->bits = uint16_t(pack_bf16(value, 0)); }

/// Four records of a position, that is a quad: 16 bytes of float, 8 of bf16.
__device__ inline float4 widened(uint2 v) {
  return make_float4(bf16_low(v.x), bf16_high(v.x), bf16_low(v.y), bf16_high(v.y));
}
__device__ inline uint2 rounded(float4 v) {
  return make_uint2(pack_bf16(v.x, v.y), pack_bf16(v.z, v.w));
}
__device__ inline float4 load4(const float* at) { return *reinterpret_cast<const float4*>(at); }
__device__ inline float4 load4(const Bf16* at) {
  return widened(*reinterpret_cast<const uint2*>(at));
}
__device__ inline void store4(float* at, float4 v) { *reinterpret_cast<float4*>(at) = v; }
__device__ inline void store4(Bf16* at, float4 v) { *reinterpret_cast<uint2*>(at) = rounded(v); }

/// What load4 gives of a place where store4 has stored v.
template <class T>
__device__ inline float4 as_stored(float4 v);
template <>
__device__ inline float4 as_stored<float>(float4 v) {
  return v;
}
template <>
__device__ inline float4 as_stored<Bf16>(float4 v) {
  return widened(rounded(v));
}

/// Replaces each quad i of the piece at `at` by body(i, quad).
template <class Body>
__device__ inline void map_piece(float* at, const Body& body) {
  store4(at, body(0, load4(at)));
}
template <class Body>
__device__ inline void map_piece(Bf16* at, const Body& body) {
  auto* const piece = reinterpret_cast<uint4*>(at);
  const uint4 v = *piece;
  const uint2 low = rounded(body(0, widened(make_uint2(v.x, v.y))));
  const uint2 high = rounded(body(1, widened(make_uint2(v.z, v.w))));
  *piece = make_uint4(low.x, low.y, high.x, high.y);
}

#endif

}  // namespace lth::cuda
