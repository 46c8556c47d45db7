#pragma once

#include <algorithm>
#include <cstddef>

#include "cuda/conv1d_index.h"

/// How a pass is cut into blocks, from its shape and the device alone (host only).
namespace lth::cuda::conv {

/// What one warp of an engine covers and costs.
struct EngineShape {
  int rows;             ///< output channels of a warp
  int steps;            ///< positions of a warp
  int registers;        ///< of a thread, about
  double warp_cycles;   ///< of a multiprocessor, for one tap of one chunk of channels
  double weight_bytes;  ///< read by a row of warps for the same
};

struct TilingRequest {
  int rows, groups, steps;  ///< of the output; steps per set
  int in_step, set_count;
  StageCut cut;             ///< of the set with the most stages
  int sm_count;
  size_t shared_limit;      ///< bytes a block may use
  size_t element_bytes;     ///< of the tile's elements
};

struct PassTiling {
  int engine = -1;  ///< index among the candidates; -1: none fits
  int warp_rows = 1, warp_columns = 1;
  int splits = 1;
  int tiles = 0;
  size_t shared = 0;
  TileShape tile{};
  double cycles = 0;

  int threads() const { return warp_rows * warp_columns * kWarp; }
};

/// Rough cycles of a tiling: waves of blocks x their stages, each bound by arithmetic (which takes
/// eight warps to keep busy) or by the bytes it reads, which it overlaps for the most part. A model
/// to rank by, not a prediction.
inline double tiling_cycles(const TilingRequest& r, const EngineShape& e, const PassTiling& t) {
  constexpr double kSharedOfSm = 228 << 10, kRegistersOfSm = 65536;
  constexpr double kBytesPerCycle = 20, kStageLatency = 700, kSumLatency = 5000;
  constexpr double kSumBytesPerCycle = 1500;
  const int warps = t.warp_rows * t.warp_columns;
  const double fit = std::min({kSharedOfSm / double(t.shared + 1024),
                               kRegistersOfSm / (double(e.registers) * kWarp * warps), 16.0});
  const int resident = std::max(1, int(fit));
  const double blocks = double(t.tiles) * r.groups * r.set_count * t.splits *
                        ceil_div(r.rows, e.rows * t.warp_rows);
  const double waves = std::max(1.0, blocks / (double(r.sm_count) * resident));
  const double rounded = waves < 4 ? double(ceil_div(int(waves * 1000), 1000)) : waves;
  // The last wave may leave multiprocessors with fewer blocks than fit.
  const double busy =
      waves <= 1 ? std::min<double>(resident, ceil_div(int(blocks), r.sm_count)) : resident;
  const double stages = double(ceil_div(r.cut.stages, t.splits));
  const double taps = std::min(r.cut.taps, r.cut.tap_block);
  const double active = busy * warps;
  const double arithmetic = active * taps * e.warp_cycles / std::min(1.0, active / 8);
  // Warps that share rows read their weights at about the same time: once from the L2 cache.
  const double bytes = busy * (double(r.cut.chunk) * t.tile.row_stride * double(r.element_bytes) +
                               t.warp_rows * taps * e.weight_bytes);
  const double copies = bytes / kBytesPerCycle;
  double cycles = rounded * (stages * (std::max(arithmetic, copies) +
                                       0.2 * std::min(arithmetic, copies)) +
                             kStageLatency);
  if (t.splits > 1) {
    cycles += kSumLatency + double(t.splits) * r.set_count * r.rows * r.groups * r.steps * kLanes *
                                8 / kSumBytesPerCycle;
  }
  return cycles;
}

/// The cheapest way over the candidate engines, block shapes and splits; ties go to the first.
inline PassTiling choose_tiling(const TilingRequest& r, const EngineShape* engines, int count,
                                int max_warps) {
  PassTiling best;
  for (int e = 0; e < count; ++e) {
    for (int warp_rows = 1; warp_rows <= max_warps; warp_rows *= 2) {
      if (warp_rows > 1 && (warp_rows / 2) * engines[e].rows >= r.rows) break;
      for (int columns = 1; columns * warp_rows <= max_warps; ++columns) {
        if (columns > 1 && (columns - 1) * engines[e].steps >= r.steps) break;
        PassTiling t;
        t.engine = e;
        t.warp_rows = warp_rows;
        t.warp_columns = columns;
        const int steps = engines[e].steps * columns;
        t.tiles = std::max(1, ceil_div(r.steps, steps));
        t.tile = TileShape::make(steps, r.in_step, r.cut.tap_block);
        t.shared = 2 * size_t(r.cut.chunk) * t.tile.row_stride * r.element_bytes;
        if (t.shared > r.shared_limit) break;
        for (t.splits = 1; t.splits <= std::max(1, r.cut.stages) && t.splits <= 32;
             t.splits *= 2) {
          t.cycles = tiling_cycles(r, engines[e], t);
          if (best.engine < 0 || t.cycles < best.cycles) best = t;
        }
      }
    }
  }
  return best;
}

/// The sparse kernel's tile is fixed by its plan; only the splits are free.
inline PassTiling tile_sparse(const TilingRequest& r, const EngineShape& shape, int warps,
                              const TileShape& tile) {
  PassTiling best;
  PassTiling t;
  t.engine = 0;
  t.warp_rows = warps;
  t.tiles = std::max(1, ceil_div(r.steps, shape.steps));
  t.tile = tile;
  t.shared = 2 * size_t(r.cut.chunk) * tile.row_stride * r.element_bytes;
  if (t.shared > r.shared_limit) return best;
  for (t.splits = 1; t.splits <= std::max(1, r.cut.stages) && t.splits <= 32; t.splits *= 2) {
    t.cycles = tiling_cycles(r, shape, t);
    if (best.engine < 0 || t.cycles < best.cycles) best = t;
  }
  return best;
}

}  // namespace lth::cuda::conv
