#pragma once

#include <algorithm>
#include <cstring>

#include "cpu/kernels/simd.h"
#include "lth/activation.h"
#include "lth/random.h"

namespace lth::cpu::LTH_ISA {

/// Dropout of the sixteen elements at each position of a row, position after position. An element is
/// kept if random_bits(key, index) >= threshold. Two steps of random_bits (lth/random.h) are saved:
/// - Its first step, x ^ x >> 16 of x = index ^ key.low, is index ^ fold as long as the index keeps
///   its upper half.
/// - Its last step, bits = g ^ g >> 16, leaves the upper half as it is. Only where that is equal to
///   the threshold's do the lower halves decide, so that g ^ threshold >> 16 compares as bits does.
class DropoutRow {
 public:
  /// @param first [16] indices of the elements at position 0
  DropoutRow(RandomKey key, uint32_t threshold, const uint32_t* first)
      : key_(key), threshold_(threshold), first_(first) {}

  /// Starts at a position. @return the position before which to start again, at most `end`
  int start(int position, int end) {
    alignas(64) uint32_t index[kLanes], fold[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      index[i] = first_[i] + uint32_t(position);
      fold[i] = key_.low ^ ((index[i] ^ key_.low) >> 16);
      end = int(std::min(int64_t(end), position + int64_t(0x10000 - (index[i] & 0xffffU))));
    }
    std::memcpy(index_, index, sizeof(index_));
    std::memcpy(fold_, fold, sizeof(fold_));
    return end;
  }

  /// The elements of the next position, 0 where dropped.
  [[gnu::always_inline]] Vec next(const Vec& a) {
    constexpr uint32_t kSign = 0x80000000U;  // compares unsigned numbers as signed ones
    const IntRegister limit = IntRegister{} + int32_t(threshold_ ^ kSign);
    Vec r;
    for (int i = 0; i < kParts; ++i) {
      UintRegister h = multiply(index_[i] ^ fold_[i]);
      h ^= h >> 16;
      h += key_.high;
      h ^= h >> 16;
      h = multiply(h) ^ (threshold_ >> 16 | kSign);
      r.part[i] = (FloatRegister)((IntRegister)a.part[i] & ~((IntRegister)h < limit));
      index_[i] += 1;
    }
    return r;
  }

 private:
  /// mix32 of lth/random.h without its first and its last step.
  static UintRegister multiply(UintRegister h) {
    h *= 0x85ebca6bU;
    h ^= h >> 13;
    h *= 0xc2b2ae35U;
    return h;
  }

  RandomKey key_;
  uint32_t threshold_;
  const uint32_t* first_;
  UintRegister index_[kParts];
  UintRegister fold_[kParts];
};

}  // namespace lth::cpu::LTH_ISA
