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

/// The destination of the sums of one tile of a pass: rows of output channels, positions `Step`
/// apart.
template <int Step>
struct OutputTile {
  float* y;               ///< first row, first position
  size_t y_row;           ///< floats from row to row
  const float* add;       ///< like y, or null
  size_t add_row;
  const float* bias;      ///< of the first row, or null
  const int32_t* lengths; ///< [16] of the group
  int position;           ///< of the first column
  bool whole;             ///< every record of the group reaches past the last column
  bool bypass;            ///< store past the caches

  static OutputTile at(const PassData& data, const TapSet& set, const PassUnit& unit, int row,
                       int j, int columns) {
    OutputTile t{};
    t.position = set.out_first + j * Step;
    t.y = data.out.row(unit.group, row) + size_t(t.position) * kLanes;
    t.y_row = data.out.row_stride();
    if (data.add) {
      t.add = data.add->row(unit.group, row) + size_t(t.position) * kLanes;
      t.add_row = data.add->row_stride();
    }
    t.bias = data.bias ? data.bias + row : nullptr;
    t.lengths = data.out.lengths + unit.group * kLanes;
    t.whole = t.position + (columns - 1) * Step < unit.whole;
    t.bypass = bypasses_caches(data);
    return t;
  }

  /// Asks for a row's residual, so that it is in L1 when write() adds it.
  template <int Columns>
  [[gnu::always_inline]] void prefetch_add(int row) const {
    if (!add) return;
    LTH_UNROLL for (int c = 0; c < Columns; ++c) {
      __builtin_prefetch(add + size_t(row) * add_row + size_t(c) * Step * kLanes);
    }
  }

  /// Adds bias and residual to parts of the lanes, zeroes those past their record's end, stores.
  /// @param part the first
  template <int Columns, int Parts>
  [[gnu::always_inline]] void write(int row, int part,
                                    const FloatRegister (&sums)[Columns][Parts]) const {
    if (add) {
      whole ? put<true, true>(row, part, sums) : put<true, false>(row, part, sums);
    } else {
      whole ? put<false, true>(row, part, sums) : put<false, false>(row, part, sums);
    }
  }

 private:
  template <bool has_add, bool is_whole, int Columns, int Parts>
  [[gnu::always_inline]] void put(int row, int part,
                                  const FloatRegister (&sums)[Columns][Parts]) const {
    const FloatRegister b = (bias ? bias[row] : 0.0f) - FloatRegister{};
    float* target = y + size_t(row) * y_row + part * kRegisterFloats;
    const float* added = add + size_t(row) * add_row + part * kRegisterFloats;
    const auto* length = reinterpret_cast<const IntRegister*>(lengths) + part;
    LTH_UNROLL for (int c = 0; c < Columns; ++c) {
      LTH_UNROLL for (int p = 0; p < Parts; ++p) {
        const size_t at = size_t(c) * Step * kLanes + p * kRegisterFloats;
        FloatRegister v = sums[c][p] + b;
        if constexpr (has_add) v += load_register(added + at);
        if constexpr (!is_whole) {
          v = (FloatRegister)((IntRegister)v & (length[p] > position + c * Step));
        }
        if (kParts == 1 && bypass) {
          stream(target + at, Vec{{v}});
        } else {
          store_register(target + at, v);
        }
      }
    }
  }
};

}  // namespace lth::cpu::LTH_ISA
