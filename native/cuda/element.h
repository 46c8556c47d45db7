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

/// The type of an activation's elements in device memory: float, or with Precision::bf16 the upper
/// half of one, as in PyTorch's autocast. Only storage differs: kernels compute in float, widen
/// loaded values and round stored ones to nearest even; NaN stays NaN. Weights and
/// their gradients, moments, statistics, maps and all sums are float in every precision. A training
/// step of the full network on 32 x 8,960 samples then reads and writes 2.8 GB at least instead of
/// 5.2, in an arena of 202 MB instead of 405.
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

/// A piece is the 16 bytes of a position that a thread copies at once: this many records.
template <class T>
inline constexpr int kPiece = int(16 / sizeof(T));
template <class T>
inline constexpr int kPiecesPerPosition = kLanes / kPiece<T>;

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

/// The value that load1 reads after store1 has stored this value.
template <class T>
__device__ inline float as_stored(float value) {
  return sizeof(T) == sizeof(float) ? value : bf16_low(pack_bf16(value, 0));
}

/// Four records of a position.
__device__ inline float4 load4(const float* at) { return *reinterpret_cast<const float4*>(at); }
__device__ inline float4 load4(const Bf16* at) {
  const uint2 v = *reinterpret_cast<const uint2*>(at);
  return make_float4(bf16_low(v.x), bf16_high(v.x), bf16_low(v.y), bf16_high(v.y));
}
/// Returns what load4 gives afterwards.
__device__ inline float4 store4(float* at, float4 v) { return *reinterpret_cast<float4*>(at) = v; }
__device__ inline float4 store4(Bf16* at, float4 v) {
  const uint2 b = make_uint2(pack_bf16(v.x, v.y), pack_bf16(v.z, v.w));
  *reinterpret_cast<uint2*>(at) = b;
  return make_float4(bf16_low(b.x), bf16_high(b.x), bf16_low(b.y), bf16_high(b.y));
}

/// As store4, to global memory and in one instruction: for the address of a convolution's result,
/// nvcc would split a plain store into four of 32 bits. scripts/cuda_stores.ts counts them.
__device__ inline float4 store4_global(float* at, float4 v) {
  __stwb(reinterpret_cast<float4*>(at), v);
  return v;
}
__device__ inline float4 store4_global(Bf16* at, float4 v) {
  const uint2 b = make_uint2(pack_bf16(v.x, v.y), pack_bf16(v.z, v.w));
  __stwb(reinterpret_cast<uint2*>(at), b);
  return make_float4(bf16_low(b.x), bf16_high(b.x), bf16_low(b.y), bf16_high(b.y));
}

/// The first record, within its group, of the piece that a thread works on at every position.
template <class T>
__device__ inline int first_record() {
  return int(threadIdx.x) % kPiecesPerPosition<T> * kPiece<T>;
}

template <class T>
struct Piece {
  float v[kPiece<T>];
};
__device__ inline Piece<float> load_piece(const float* at) {
  const float4 v = load4(at);
  return {{v.x, v.y, v.z, v.w}};
}
__device__ inline Piece<Bf16> load_piece(const Bf16* at) {
  const uint4 v = *reinterpret_cast<const uint4*>(at);
  return {{bf16_low(v.x), bf16_high(v.x), bf16_low(v.y), bf16_high(v.y), bf16_low(v.z),
           bf16_high(v.z), bf16_low(v.w), bf16_high(v.w)}};
}
__device__ inline void store_piece(float* at, const Piece<float>& p) {
  store4(at, make_float4(p.v[0], p.v[1], p.v[2], p.v[3]));
}
__device__ inline void store_piece(Bf16* at, const Piece<Bf16>& p) {
  *reinterpret_cast<uint4*>(at) = make_uint4(pack_bf16(p.v[0], p.v[1]), pack_bf16(p.v[2], p.v[3]),
                                             pack_bf16(p.v[4], p.v[5]), pack_bf16(p.v[6], p.v[7]));
}

#endif

}  // namespace lth::cuda
