#pragma once

#include "cpu/kernels/bits.h"
#include "cpu/kernels/conv1d_pass.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {

/// Outputs larger than the caches are stored directly to memory; a unit then ends with
/// stream_fence(). This is done only if a register is a whole cache line, because the caches
/// combine parts of lines.
inline bool bypasses_caches(const PassData& data) {
  return kParts == 1 && data.out.elements() * sizeof(float) > kStreamBytes;
}

/// The destination of the sums of one tile of a pass: rows of output channels, positions `step`
/// apart.
struct OutputTile {
  float* y;               ///< first row, first position
  size_t y_row;           ///< floats from row to row
  const float* add;       ///< like y, or null
  size_t add_row;
  const float* bias;      ///< of the first row, or null
  const int32_t* lengths; ///< [16] of the group
  int position;           ///< of the first column
  int step;               ///< positions from column to column
  bool bypass;            ///< store past the caches

  static OutputTile at(const PassGeometry& g, const PassData& data, const TapSet& set, int group,
                       int row, int j) {
    OutputTile t{};
    t.position = set.out_first + j * g.out_step;
    t.step = g.out_step;
    t.y = data.out.row(group, row) + size_t(t.position) * kLanes;
    t.y_row = data.out.row_stride();
    if (data.add) {
      t.add = data.add->row(group, row) + size_t(t.position) * kLanes;
      t.add_row = data.add->row_stride();
    }
    t.bias = data.bias ? data.bias + row : nullptr;
    t.lengths = data.out.lengths + group * kLanes;
    t.bypass = bypasses_caches(data);
    return t;
  }

  /// Asks for a row's residual, so that it is in L1 when write() adds it.
  template <int Columns>
  [[gnu::always_inline]] void prefetch_add(int row) const {
    if (!add) return;
    LTH_UNROLL for (int c = 0; c < Columns; ++c) {
      __builtin_prefetch(add + size_t(row) * add_row + size_t(c * step) * kLanes);
    }
  }

  /// Adds bias and residual to one part of the lanes, zeroes those past their record's end, stores.
  template <int Columns>
  [[gnu::always_inline]] void write(int row, int part, const FloatRegister (&sums)[Columns]) const {
    const FloatRegister b = (bias ? bias[row] : 0.0f) - FloatRegister{};
    const auto length = reinterpret_cast<const IntRegister*>(lengths)[part];
    const size_t first = size_t(row) * y_row + part * kRegisterFloats;
    const size_t add_first = size_t(row) * add_row + part * kRegisterFloats;
    LTH_UNROLL for (int c = 0; c < Columns; ++c) {
      const size_t column = size_t(c * step) * kLanes;
      FloatRegister v = sums[c] + b;
      if (add) v += load_register(add + add_first + column);
      v = (FloatRegister)((IntRegister)v & (length > position + c * step));
      if (bypass) {
        stream(y + first + column, Vec{{v}});
      } else {
        store_register(y + first + column, v);
      }
    }
  }
};

}  // namespace lth::cpu::LTH_ISA
