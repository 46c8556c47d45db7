#pragma once

#include <algorithm>
#include <cstring>

#include "cpu/kernels/simd.h"
#include "lth/activation.h"

/// Helpers of the elementwise ops: the lengths of a group's records, zeros outside them, sums in
/// double.
namespace lth::cpu::LTH_ISA {

/// Outputs above this size bypass the caches, because they would be evicted before they are read.
inline constexpr size_t kStreamBytes = size_t(16) << 20;

/// Positions below `all` are valid in all sixteen lanes of a group; positions from `any` on in
/// none.
struct Extent {
  int all;
  int any;
};

inline Extent group_extent(const Activation& x, int group) {
  const int32_t* lengths = x.lengths + size_t(group) * kLanes;
  return {*std::min_element(lengths, lengths + kLanes),
          *std::max_element(lengths, lengths + kLanes)};
}

/// Zeros positions `from` .. L - 1 of a row and its halo on both sides.
inline void zero_outside(const Activation& x, int group, int channel, int from) {
  float* row = x.row(group, channel);
  const size_t halo = size_t(x.shape.halo) * kLanes;
  std::memset(row - halo, 0, halo * sizeof(float));
  std::memset(row + size_t(from) * kLanes, 0,
              (size_t(x.shape.length - from) * kLanes + halo) * sizeof(float));
}

/// Per-lane sums in double of values that were first summed in float over a short stretch.
struct LaneSum {
  alignas(64) double lane[kLanes] = {};

  void add(const Vec& v) {
    alignas(64) float part[kLanes];
    v.store(part);
    for (int i = 0; i < kLanes; ++i) lane[i] += double(part[i]);
  }
  /// Always in the same order.
  double total() const {
    double sum = 0;
    for (int i = 0; i < kLanes; ++i) sum += lane[i];
    return sum;
  }
};

/// Number of valid positions of the batch.
inline int64_t valid_positions(const Activation& x) {
  int64_t count = 0;
  for (int n = 0; n < x.shape.records; ++n) count += x.lengths[n];
  return count;
}

}  // namespace lth::cpu::LTH_ISA
