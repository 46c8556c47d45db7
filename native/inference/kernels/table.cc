#include "inference/kernels/loops.h"

namespace lth::inference::LTH_ISA {

const Kernels& kernels() {
  static const Kernels table{
      .lanes = kLanes,
      .tile = kSparseTile,
      .window = kWindow,
      .sparse_rows = kSparseRows,
      .dense_rows = kDenseRows,
      .sparse = sparse,
      .dense = dense,
      .close_chunks = close_chunks,
      .pool = pool,
      .split = split,
      .unchunk = unchunk,
      .enchunk = enchunk,
  };
  return table;
}

}  // namespace lth::inference::LTH_ISA
