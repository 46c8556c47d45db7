#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cuda/conv1d_index.h"

/// Divides a pass into blocks, from its shape and the device alone (host only).
namespace lth::cuda::conv {

/// Tile size and cost of one warp of an engine, or of one group of warps that multiply together.
struct EngineShape {
  int rows;             ///< output channels of a group
  int steps;            ///< positions of a group
  int registers;        ///< of a thread
  double warp_cycles;   ///< of a multiprocessor, for one warp's tap of one chunk of channels
  double weight_bytes;  ///< read by a row of groups for the same
  int warps = 1;        ///< of a group
  int busy_warps = 8;   ///< that keep a multiprocessor's arithmetic busy
};

struct TilingRequest {
  int rows, groups, steps;  ///< of the output; steps per set
  int in_step, set_count;
  StageCut cut;             ///< of the set with the most stages
  int sm_count;
  size_t shared_limit;      ///< bytes a block may use
  size_t element_bytes;     ///< of the tile's elements
  bool folded = false;      ///< the tile is made a norm's result of its input
};

struct PassTiling {
  int engine = -1;  ///< index among the candidates; -1: none fits
  int warp_rows = 1, warp_columns = 1;  ///< of groups
  int warps_of_group = 1;
  int splits = 1;
  int tiles = 0;
  size_t shared = 0;
  TileShape tile{};
  double cycles = 0;

  int warps() const { return warp_rows * warp_columns * warps_of_group; }
  int threads() const { return warps() * kWarp; }
};

inline constexpr int kQuarters = 4;  ///< of a multiprocessor, each with a scheduler and registers

/// Number of blocks of `warps` warps that a multiprocessor holds at once (may be 0), by NVIDIA's
/// formula (cuda_occupancy.h) for sm_80 to sm_120. Registers are given to warps in units of 256, and
/// all registers of a warp are in one quarter of the multiprocessor. A block takes 1 KiB of shared
/// memory more than it requests, in units of 128 bytes.
/// @param shared bytes of a block; @param shared_limit the most that a block may ask for
inline int resident_blocks(int registers, int warps, size_t shared, size_t shared_limit) {
  constexpr int kRegistersOfQuarter = 16384, kRegisterUnit = 256;
  constexpr int kMostWarps = 48, kMostBlocks = 16;  // of the smallest of them: more never fit here
  constexpr size_t kReserved = 1024, kSharedUnit = 128;
  const int registers_of_warp = ceil_div(registers * kWarp, kRegisterUnit) * kRegisterUnit;
  const int warps_of_quarter = kRegistersOfQuarter / registers_of_warp;
  const size_t block_shared = (shared + kReserved + kSharedUnit - 1) / kSharedUnit * kSharedUnit;
  return std::min({warps_of_quarter * kQuarters / warps, kMostWarps / warps, kMostBlocks,
                   int((shared_limit + kReserved) / block_shared)});
}

/// Approximate cycles of a tiling: waves of blocks, each of which fills its first tile, goes
/// through its stages and stores its sums. A stage is bound by arithmetic (which needs some warps to
/// be busy, most engines eight) or by the bytes it reads, halo included; the two mostly overlap. A norm that is
/// recomputed is applied to the tile between the two and overlaps only with other blocks. The model
/// ranks tilings; it does not predict times.
inline double tiling_cycles(const TilingRequest& r, const EngineShape& e, const PassTiling& t) {
  constexpr double kBytesPerCycle = 20, kStageLatency = 700, kSumLatency = 5000;
  constexpr double kSumBytesPerCycle = 1500;
  // Instructions, counted in the code of sm_90: of an element of a folded norm, loads and stores
  // included; of four sums that are stored and measured. A multiprocessor starts four a cycle.
  constexpr double kNormInstructions = 14, kQuadInstructions = 50, kPerCycle = 4;
  constexpr double kRowLatency = 700;  // the reads of a row of sums, then its stores
  const int warps = t.warps();
  const int resident =
      std::max(1, resident_blocks(e.registers, warps, t.shared, r.shared_limit));
  const double blocks = double(t.tiles) * r.groups * r.set_count * t.splits *
                        ceil_div(r.rows, e.rows * t.warp_rows);
  const double waves = std::max(1.0, blocks / (double(r.sm_count) * resident));
  const double rounded = std::ceil(waves);  // blocks take the same time
  // The last wave may leave multiprocessors with fewer blocks than fit.
  const double busy =
      waves <= 1 ? std::min<double>(resident, ceil_div(int(blocks), r.sm_count)) : resident;
  const double stages = double(ceil_div(r.cut.stages, t.splits));
  const double taps = std::min(r.cut.taps, r.cut.tap_block);
  const double active = busy * warps;
  // Warps of a block go to the multiprocessor's quarters in turn: the one with most of them counts.
  const double fullest = busy * kQuarters * ceil_div(warps, kQuarters);
  const double arithmetic = fullest * taps * e.warp_cycles / std::min(1.0, active / e.busy_warps);
  // Warps that share rows read their weights at about the same time: once from the L2 cache.
  const double bytes = busy * (double(r.cut.chunk) * t.tile.row_stride * double(r.element_bytes) +
                               t.warp_rows * taps * e.weight_bytes);
  const double copies = bytes / kBytesPerCycle;
  const double elements = busy * double(r.cut.chunk) * t.tile.row_stride;
  const double norm = r.folded ? elements / kWarp * kNormInstructions / kPerCycle : 0;
  const double quads = double(e.rows) * e.steps * (kLanes / 4) / (kWarp * e.warps);  // of a thread
  const double epilogue = std::max(quads / e.steps * kRowLatency,
                                   active * quads * kQuadInstructions / kPerCycle);
  const double stage = std::max(arithmetic, copies) + 0.2 * std::min(arithmetic, copies) +
                       (busy > 1 ? 0.5 : 1.0) * norm;
  double cycles = rounded * (kStageLatency + stages * stage + epilogue);
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
    const int most = max_warps / engines[e].warps;
    for (int warp_rows = 1; warp_rows <= most; warp_rows *= 2) {
      if (warp_rows > 1 && (warp_rows / 2) * engines[e].rows >= r.rows) break;
      for (int columns = 1; columns * warp_rows <= most; ++columns) {
        if (columns > 1 && (columns - 1) * engines[e].steps >= r.steps) break;
        PassTiling t;
        t.engine = e;
        t.warps_of_group = engines[e].warps;
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
