#include "inference/kernels/epilogue.h"
#include "inference/kernels/loops.h"

namespace lth::inference::LTH_ISA {
namespace {

/// Vectors of a tile, beside kDenseRows rows.
constexpr int kMaxTile = 3;

/// A register tile of kDenseRows output channels; all rows have the same entries, and a block that
/// is not full holds zeros. Stride 0: any.
template <int Count, int Stride>
void tile_block(const ConvWork& work, int first, const RowWork* rows, int row_count,
                const float* value) {
  const int step = Stride == 0 ? work.step : Stride * kLanes;
  const float* x = work.x + size_t(first) * size_t(step);
  Vector acc[kDenseRows][Count];
  LTH_UNROLL for (int r = 0; r < kDenseRows; ++r) {
    const Vector bias = broadcast(rows[r < row_count ? r : 0].edge_bias);
    LTH_UNROLL for (int i = 0; i < Count; ++i) acc[r][i] = bias;
  }
  for (int e = 0; e < work.entries; ++e, value += kDenseRows) {
    Vector in[Count];
    const float* from = x + work.entry[e].offset;
    LTH_UNROLL for (int i = 0; i < Count; ++i) in[i] = load(from + i * step);
    LTH_UNROLL for (int r = 0; r < kDenseRows; ++r) {
      const Vector w = broadcast(value[r]);
      LTH_UNROLL for (int i = 0; i < Count; ++i) acc[r][i] += w * in[i];
    }
  }
  LTH_UNROLL for (int r = 0; r < kDenseRows; ++r) {
    if (r < row_count) finish_tile<Count>(work, rows[r], size_t(first) * kLanes, acc[r]);
  }
}

template <int Stride>
void all_blocks(const ConvWork& work) {
  for (int r = 0; r < work.row_count; r += kDenseRows) {
    const RowWork* rows = work.rows + r;
    const int count = work.row_count - r < kDenseRows ? work.row_count - r : kDenseRows;
    const float* value = work.value + size_t(r) * size_t(work.entries);
    for_each_tile(0, work.vectors, kMaxTile, [&](int first, int vectors) {
      if (vectors == 3) return tile_block<3, Stride>(work, first, rows, count, value);
      if (vectors == 2) return tile_block<2, Stride>(work, first, rows, count, value);
      tile_block<1, Stride>(work, first, rows, count, value);
    });
  }
}

}  // namespace

void dense(const ConvWork& work) {
  if (work.step == kLanes) {
    all_blocks<1>(work);
  } else if (work.step == 2 * kLanes) {
    all_blocks<2>(work);
  } else {
    all_blocks<0>(work);
  }
}

}  // namespace lth::inference::LTH_ISA
