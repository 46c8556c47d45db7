#pragma once

#include <cstdint>

namespace lth::test {

/// Deterministic numbers in [-1, 1).
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed * 2 + 1) {}
  uint32_t bits() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return uint32_t(state_ >> 33);
  }
  float next() { return float(bits()) / float(1U << 30) - 1.0f; }

 private:
  uint64_t state_;
};

}  // namespace lth::test
