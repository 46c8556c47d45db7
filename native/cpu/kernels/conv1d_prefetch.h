#pragma once

#include <cstddef>

#include "lth/activation.h"

namespace lth::cpu::LTH_ISA {

/// Asks for `positions` of a row, so that they are in the cache when they are read.
[[gnu::always_inline]] inline void prefetch_positions(const float* row, int positions) {
  for (int p = 0; p < positions; ++p) __builtin_prefetch(row + size_t(p) * kLanes);
}

/// The inputs that the next strip of positions adds to those of the present one. They are asked for
/// while the present one is computed, some channels with each row of results: a strip reads a short
/// stretch of each of many channels, more than a processor foresees by itself.
struct NextStrip {
  const float* x;   ///< first channel, first position that the present strip does not read
  size_t x_row;     ///< floats from channel to channel
  int channels;

  /// @param row the present one, of `rows`
  /// @param positions about as many as the next strip adds; those past the inputs do no harm
  [[gnu::always_inline]] void prefetch(int row, int rows, int positions) const {
    for (int c = row; c < channels; c += rows) prefetch_positions(x + c * x_row, positions);
  }
};

}  // namespace lth::cpu::LTH_ISA
