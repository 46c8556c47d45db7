#include "core/pattern.h"

#include <algorithm>
#include <cstddef>

namespace lth {

SparsePattern build_pattern(const uint8_t* mask, int rows, int columns) {
  SparsePattern pattern;
  pattern.rows = rows;
  pattern.columns = columns;
  pattern.row_begin.reserve(size_t(rows) + 1);
  pattern.row_begin.push_back(0);
  const size_t size = size_t(rows) * columns;
  pattern.column.reserve(size_t(std::count(mask, mask + size, uint8_t(1))));
  for (int row = 0; row < rows; ++row) {
    const uint8_t* kept = mask + size_t(row) * columns;
    for (int column = 0; column < columns; ++column) {
      if (kept[column]) pattern.column.push_back(column);
    }
    pattern.row_begin.push_back(int32_t(pattern.column.size()));
  }
  return pattern;
}

}  // namespace lth
