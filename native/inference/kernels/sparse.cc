#include <utility>

#include "inference/kernels/epilogue.h"
#include "inference/kernels/loops.h"

namespace lth::inference::LTH_ISA {
namespace {

/// Taps of a group from which a shortcut is worth fetching: the sums of fewer end at once.
constexpr int kFetchFrom = 16 * kSparseRows;

/// acc[i] += value * x[offset + i * step]
template <int Count>
inline __attribute__((always_inline)) void add_tap(const float* x, const Entry& entry, int step,
                                                   Vector (&acc)[Count]) {
  const Vector w = broadcast(entry.value);
  const float* from = x + entry.offset;
  LTH_UNROLL for (int i = 0; i < Count; ++i) acc[i] += w * load(from + i * step);
}

/// All rows of one tile, a block of input channels after the other. Stride 0: any.
template <int Count, int Stride>
void tile_groups(const ConvWork& work, int first, bool edge) {
  const int step = Stride == 0 ? work.step : Stride * kLanes;
  const float* x = work.x + size_t(first) * size_t(step);
  const RowGroup* group = work.groups;
  for (int b = 0; b < work.blocks; ++b) {
    const bool last = b + 1 == work.blocks;
    for (int g = 0; g < work.group_count; ++g, ++group) {
      Vector acc[kSparseRows][Count];
      LTH_UNROLL for (int r = 0; r < kSparseRows; ++r) {
        const int row = group->row[r] < 0 ? group->row[0] : group->row[r];
        const float* sums = work.sums + row * (Count * kLanes);
        if (b == 0) {
          const RowWork& work_of = work.rows[row];
          const Vector bias = broadcast(edge ? work_of.edge_bias : work_of.inner_bias);
          LTH_UNROLL for (int i = 0; i < Count; ++i) acc[r][i] = bias;
        } else {
          LTH_UNROLL for (int i = 0; i < Count; ++i) acc[r][i] = load(sums + i * kLanes);
        }
      }
      const bool fetches = last && group->end[kSparseRows - 1] - group->begin >= kFetchFrom;
      LTH_UNROLL for (int r = 0; r < kSparseRows; ++r) {
        if (!fetches || group->row[r] < 0) continue;
        fetch_shortcut<Count>(work, work.rows[group->row[r]], size_t(first) * kLanes);
      }
      const Entry* entry = work.entry + group->begin;
      for (const Entry* end = work.entry + group->shared; entry < end; entry += kSparseRows) {
        LTH_UNROLL for (int r = 0; r < kSparseRows; ++r) add_tap(x, entry[r], step, acc[r]);
      }
      LTH_UNROLL for (int r = 0; r < kSparseRows; ++r) {
        for (const Entry* end = work.entry + group->end[r]; entry < end; ++entry) {
          add_tap(x, *entry, step, acc[r]);
        }
      }
      LTH_UNROLL for (int r = 0; r < kSparseRows; ++r) {
        if (group->row[r] < 0) continue;
        if (last) {
          const RowWork& row = work.rows[group->row[r]];
          if (edge) {
            for (int e = row.ones_begin; e < row.ones_end; ++e) {
              add_tap(x, work.entry[e], step, acc[r]);
            }
          }
          finish_tile<Count>(work, row, size_t(first) * kLanes, acc[r]);
        } else {
          float* sums = work.sums + group->row[r] * (Count * kLanes);
          LTH_UNROLL for (int i = 0; i < Count; ++i) store(sums + i * kLanes, acc[r][i]);
        }
      }
    }
  }
}

using TileKernel = void (*)(const ConvWork&, int first, bool edge);

/// Kernels by stride (0: any) and vectors - 1.
struct TileKernels {
  TileKernel kernel[3][kSparseTile];
};
constexpr TileKernels kTileKernels = []<int... I>(std::integer_sequence<int, I...>) {
  return TileKernels{
      {{tile_groups<I + 1, 0>...}, {tile_groups<I + 1, 1>...}, {tile_groups<I + 1, 2>...}}};
}(std::make_integer_sequence<int, kSparseTile>{});

}  // namespace

void sparse(const ConvWork& work) {
  const int stride = work.step / kLanes;
  const TileKernel* kernels = kTileKernels.kernel[stride > 2 ? 0 : stride];
  const auto tiles = [&](int begin, int end, bool edge) {
    for_each_tile(begin, end, kSparseTile,
                  [&](int first, int count) { kernels[count - 1](work, first, edge); });
  };
  tiles(0, work.inner_begin, true);
  tiles(work.inner_begin, work.inner_end, false);
  tiles(work.inner_end, work.vectors, true);
}

}  // namespace lth::inference::LTH_ISA
