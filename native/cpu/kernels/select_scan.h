#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/// The passes over one unit of a tensor that magnitude selection is made of.
namespace lth::cpu::LTH_ISA {

inline constexpr size_t kUnitElements = size_t(1) << 16;
inline constexpr uint32_t kInfinity = 0x7f800000U;  // larger keys are NaN

/// |value| as an integer of the same order; -0 and 0 are the same.
inline uint32_t magnitude(float value) { return std::bit_cast<uint32_t>(value) & 0x7fffffffU; }

/// Keys from low to high, both included, divided into buckets of equal width.
struct Bracket {
  static constexpr size_t kBuckets = 2048;

  Bracket(uint32_t low, uint32_t high, double share) : low(low), high(high), share(share) {
    while ((high - low) >> shift >= kBuckets) ++shift;
  }
  bool collects() const { return low < high; }

  uint32_t low;
  uint32_t high;
  double share;  ///< of the values alive that it most likely holds
  uint32_t shift = 0;
};

/// A value inside a bracket: its bucket and its index within the unit. Four bytes, because memory
/// that is touched for the first time costs more than the value did.
class Candidate {
 public:
  Candidate() = default;
  Candidate(const Bracket& bracket, uint32_t key, size_t index)
      : bits_(((key - bracket.low) >> bracket.shift) << 16 | uint32_t(index)) {}
  uint32_t bucket() const { return bits_ >> 16; }
  uint32_t index() const { return bits_ & 0xffff; }

 private:
  uint32_t bits_;
};

struct ScanInput {
  const float* value;
  const uint8_t* alive;  // 0 or 1; null: all are
  uint8_t* mask;
  size_t size;           // at most kUnitElements
};

struct ScanResult {
  int64_t above = 0;                  ///< alive values above the bracket
  int64_t inside = 0;                 ///< alive values inside it
  int64_t nan = -1;                   ///< index of the first alive NaN, -1 for none
  std::vector<Candidate> candidates;  ///< the values inside, by index; empty if low == high
};

int64_t count_alive(const ScanInput& in);

/// mask = 1 where an alive value lies above the bracket, else 0. If the bracket collects, adds its
/// values to `histogram` [Bracket::kBuckets].
void scan_unit(const ScanInput& in, const Bracket& bracket, int64_t* histogram,
               ScanResult& result);

/// Settles the candidates above a bucket (mask = 1) and below it; those in it remain.
void settle_outside(const ScanInput& in, uint32_t bucket, std::vector<Candidate>& candidates);

/// Sets the mask of the first `quota` alive values at a threshold.
void settle_equal(const ScanInput& in, uint32_t threshold, int64_t quota);

}  // namespace lth::cpu::LTH_ISA
