#pragma once

#include <cstddef>
#include <cstdint>

namespace lth {

/// Number of records side by side in one vector register, in the CPU's activation layout.
inline constexpr int kLanes = 16;

/// Extents of an activation [N, C, L]. The backend decides its layout in memory.
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
/// lane n % 16 of group n / 16. The backend decides the type of an element: float on the CPU.
/// Every op keeps an invariant for its outputs: positions outside [0, lengths[n]) of record n are
/// exactly 0, halo included, so that a record's result does not depend on the rest of its batch.
struct Activation {
  ActivationShape shape;
  void* data = nullptr;
  const int32_t* lengths = nullptr;  ///< [groups * 16], 0 for empty slots; host memory on the CPU

  int groups() const { return (shape.records + kLanes - 1) / kLanes; }
  /// Number of elements from one channel's row to the next.
  size_t row_stride() const { return size_t(shape.length + 2 * shape.halo) * kLanes; }
  /// Number of elements of the whole buffer.
  size_t elements() const { return size_t(groups()) * shape.channels * row_stride(); }
  /// Position 0 of a row, for elements of type float; positions -halo .. L + halo - 1 may be read.
  float* row(int group, int channel) const {
    return static_cast<float*>(data) + (size_t(group) * shape.channels + channel) * row_stride() +
           size_t(shape.halo) * kLanes;
  }
};

}  // namespace lth
