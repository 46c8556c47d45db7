#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace lth {

/// Which weights of a [Cout, Cin, K] tensor survive: compressed sparse rows, one row per output
/// channel, columns ascending. Built from a mask once per pruning round; values stay dense.
struct SparsePattern {
  int rows = 0;                    ///< Cout
  int columns = 0;                 ///< Cin * K
  std::vector<int32_t> row_begin;  ///< [rows + 1]
  std::vector<int32_t> column;     ///< [nnz]: ci * K + k
  /// What its backend made of it, kept for as long as the pattern lives.
  mutable std::shared_ptr<void> derived = nullptr;

  int64_t nnz() const { return int64_t(column.size()); }
  double density() const {
    return rows == 0 || columns == 0 ? 0.0 : double(nnz()) / (double(rows) * columns);
  }
};

}  // namespace lth
