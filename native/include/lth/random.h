#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define LTH_HOST_DEVICE __host__ __device__
#else
#define LTH_HOST_DEVICE
#endif

namespace lth {

/// Counter-based random bits: the same element gets the same bits on every backend, instruction
/// set and thread count, and a resumed step repeats them. Two rounds of the 32-bit murmur3
/// finaliser keyed per (seed, stream, layer).
struct RandomKey {
  uint32_t low = 0;
  uint32_t high = 0;
};

LTH_HOST_DEVICE inline uint32_t mix32(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85ebca6bU;
  h ^= h >> 13;
  h *= 0xc2b2ae35U;
  h ^= h >> 16;
  return h;
}

/// @param seed of the run; @param stream of the step; @param layer within the program
LTH_HOST_DEVICE inline RandomKey random_key(uint64_t seed, uint32_t stream, uint32_t layer) {
  const uint32_t a = mix32(uint32_t(seed) ^ mix32(stream + 0x9e3779b9U));
  const uint32_t b = mix32(uint32_t(seed >> 32) ^ mix32(layer + 0x7f4a7c15U));
  return {mix32(a + 0x632be5abU * b), mix32(b ^ (a * 0x9e3779b1U + 0x85157af5U))};
}

/// Element `index` of an activation is ((n * C + c) * L + l) modulo 2^32.
LTH_HOST_DEVICE inline uint32_t random_bits(RandomKey key, uint32_t index) {
  return mix32(mix32(index ^ key.low) + key.high);
}

/// Dropout keeps an element if its random bits are at least this: rate * 2^32.
inline uint32_t dropout_threshold(double rate) { return uint32_t(rate * 4294967296.0); }

}  // namespace lth
