#include <utility>

#include "inference/kernels/epilogue.h"
#include "inference/kernels/loops.h"

namespace lth::inference::LTH_ISA {
namespace {

/// All rows of one tile, a block of input channels after the other: rows share the inputs that the
/// first brings into L1.
template <int Count, int Step>
void tile_rows(const ConvWork& work, int first, bool edge) {
  const float* x = work.x + size_t(first) * Step * kLanes;
  const float* value = work.value;
  const int32_t* offset = work.offset;
  for (int b = 0; b < work.blocks; ++b) {
    const bool last = b + 1 == work.blocks;
    for (int r = 0; r < work.row_count; ++r) {
      const RowWork& row = work.rows[r];
      const int32_t* begin = work.block_begin + r * work.blocks + b;
      float* sums = work.sums + r * (Count * kLanes);
      Vector acc[Count];
      if (b == 0) {
        const Vector bias = broadcast(edge ? row.edge_bias : row.inner_bias);
        LTH_UNROLL for (int i = 0; i < Count; ++i) acc[i] = bias;
      } else {
        LTH_UNROLL for (int i = 0; i < Count; ++i) acc[i] = load(sums + i * kLanes);
      }
      const int32_t end = !last ? begin[1] : edge ? row.end : row.mid;
      for (int32_t e = begin[0]; e < end; ++e) {
        const float* from = x + offset[e];
        const Vector w = broadcast(value[e]);
        LTH_UNROLL for (int i = 0; i < Count; ++i) acc[i] += w * load(from + i * Step * kLanes);
      }
      if (last) {
        finish_tile<Count>(work, row, size_t(first) * kLanes, acc);
      } else {
        LTH_UNROLL for (int i = 0; i < Count; ++i) store(sums + i * kLanes, acc[i]);
      }
    }
  }
}

using TileKernel = void (*)(const ConvWork&, int first, bool edge);

/// Kernels by step - 1 and vectors - 1.
struct TileKernels {
  TileKernel kernel[2][kSparseTile];
};
constexpr TileKernels kTileKernels = []<int... I>(std::integer_sequence<int, I...>) {
  return TileKernels{{{tile_rows<I + 1, 1>...}, {tile_rows<I + 1, 2>...}}};
}(std::make_integer_sequence<int, kSparseTile>{});

}  // namespace

void sparse(const ConvWork& work) {
  const TileKernel* kernels = kTileKernels.kernel[work.step / kLanes - 1];
  const auto tiles = [&](int begin, int end, bool edge) {
    for_each_tile(begin, end, kSparseTile,
                  [&](int first, int count) { kernels[count - 1](work, first, edge); });
  };
  tiles(0, work.inner_begin, true);
  tiles(work.inner_begin, work.inner_end, false);
  tiles(work.inner_end, work.vectors, true);
}

}  // namespace lth::inference::LTH_ISA
