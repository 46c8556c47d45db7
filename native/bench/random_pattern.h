#pragma once

#include "lth/sparse_pattern.h"

namespace lth::bench {

/// Each weight of [rows, columns] survives with the same probability; always the same ones.
inline SparsePattern random_pattern(int rows, int columns, double density) {
  SparsePattern p;
  p.rows = rows;
  p.columns = columns;
  p.row_begin.push_back(0);
  uint32_t state = 12345;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      state = state * 1664525 + 1013904223;
      if (state >> 8 < density * (1 << 24)) p.column.push_back(c);
    }
    p.row_begin.push_back(int32_t(p.column.size()));
  }
  return p;
}

}  // namespace lth::bench
