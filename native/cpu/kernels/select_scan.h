#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/// The passes over one unit of a tensor that magnitude selection is made of.
namespace lth::cpu::LTH_ISA {

inline constexpr uint32_t kInfinity = 0x7f800000U;  // larger keys are NaN

/// |value| as an integer of the same order; -0 and 0 are the same.
inline uint32_t magnitude(float value) { return std::bit_cast<uint32_t>(value) & 0x7fffffffU; }

/// Both ends belong to it.
struct Bracket {
  uint32_t low;
  uint32_t high;
};

struct ScanInput {
  const float* value;
  const uint8_t* alive;  // null: all are
  uint8_t* mask;
  size_t size;           // fewer than 2^32
};

struct Candidate {
  uint32_t key;
  uint32_t index;  // within the unit
};

struct ScanResult {
  int64_t above = 0;                  ///< alive values above the bracket
  int64_t inside = 0;                 ///< alive values inside it
  int64_t nan = -1;                   ///< index of the first alive NaN, -1 for none
  std::vector<Candidate> candidates;  ///< the values inside, ascending; empty if low == high
};

/// mask = 1 where an alive value lies above the bracket, else 0.
void scan_unit(const ScanInput& in, const Bracket& bracket, ScanResult& result);

/// Sets the mask of what survives inside the bracket: values above the threshold, and the first
/// `quota` of those at it.
void settle_unit(const ScanInput& in, const Bracket& bracket, uint32_t threshold, int64_t quota,
                 const ScanResult& found);

}  // namespace lth::cpu::LTH_ISA
