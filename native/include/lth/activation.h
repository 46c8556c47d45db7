#pragma once

#include <cstddef>
#include <cstdint>

namespace lth {

/// Records that one vector register holds side by side in the CPU's activation layout.
inline constexpr int kLanes = 16;

/// Extents of an activation [N, C, L]. How it lies in memory is the backend's business.
struct ActivationShape {
  int records = 0;   ///< N: record slots of the batch (a slot may be empty: length 0)
  int channels = 0;  ///< C
  int length = 0;    ///< L: positions; record n holds lengths[n] <= L of them
  int halo = 0;      ///< zeros that the layout keeps before position 0 and after position L - 1

  bool operator==(const ActivationShape&) const = default;
};

/// An activation in device memory, with the valid length of each of its records.
///
/// Layout: [groups][C][halo + L + halo][16], groups = ceil(N / 16), 64-byte aligned; record n is
/// lane n % 16 of group n / 16. What an element is, the backend decides: float on the CPU.
/// Invariant that every op keeps for its outputs: positions outside [0, lengths[n]) of record n are
/// exactly 0, halo included, so that a record's result does not depend on what it is batched with.
struct Activation {
  ActivationShape shape;
  void* data = nullptr;
  const int32_t* lengths = nullptr;  ///< [groups * 16], 0 for empty slots; host memory on the CPU

  int groups() const { return (shape.records + kLanes - 1) / kLanes; }
  /// Elements from one channel's row to the next.
  size_t row_stride() const { return size_t(shape.length + 2 * shape.halo) * kLanes; }
  /// Elements of the whole buffer.
  size_t elements() const { return size_t(groups()) * shape.channels * row_stride(); }
  /// Of floats: position 0 of a row; positions -halo .. L + halo - 1 may be read.
  float* row(int group, int channel) const {
    return static_cast<float*>(data) + (size_t(group) * shape.channels + channel) * row_stride() +
           size_t(shape.halo) * kLanes;
  }
};

}  // namespace lth
