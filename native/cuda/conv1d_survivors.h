#pragma once

#include <cstdint>
#include <vector>

#include "cuda/conv1d_index.h"
#include "lth/sparse_pattern.h"

/// Lists that a plan derives from a layer's pattern, on the host.
namespace lth::cuda::conv {

/// Live channels: those with a surviving weight.
struct Survivors {
  std::vector<int32_t> out_live, out_dead;  ///< output channels of the convolution, ascending
  std::vector<int32_t> in_live, in_dead;

  /// @param pattern null: every weight survives
  static Survivors list(const Conv1dDesc& desc, const SparsePattern* pattern);
};

/// Bit i % 32 of word i / 32 tells whether weight i survives.
std::vector<uint32_t> survivor_bits(const SparsePattern& pattern);

/// The survivors of one set of a pass as the sparse kernel reads them: per stage one list per row
/// slot. Slots are the live rows, those with many entries first, dealt to the warps of a block in
/// turn and back, so that warps have much the same work.
struct SparseRows {
  StageCut cut;
  std::vector<int32_t> begin;   ///< [stages][slots + 1]
  std::vector<int32_t> offset;  ///< [entries] floats from a step's first input in the tile
  std::vector<int32_t> index;   ///< [entries] places in the weight
};

inline constexpr int kSparseWarpRows = 4;
inline constexpr int kSparseWarps = 8;

/// Output channel of each slot; as many as `live`, which is re-ordered.
/// @param transposed rows are the pattern's input channels
std::vector<int32_t> order_rows(const Conv1dDesc& desc, const SparsePattern& pattern,
                                bool transposed, const std::vector<int32_t>& live);

/// @param row_channel from order_rows; @param in_live the pass's live input channels
/// @param slots row_channel.size() rounded up to a block's rows
SparseRows list_rows(const PassGeometry& geometry, const TapSet& set, const StageCut& cut,
                     const TileShape& tile, const SparsePattern& pattern, bool transposed,
                     const std::vector<int32_t>& row_channel, const std::vector<int32_t>& in_live,
                     int slots);

/// The survivors as the sparse weight gradient reads them: one list per tile of (32 output
/// channels, 32 input channels, block of taps), ordered by output channel.
struct SparseTiles {
  static constexpr int kInputs = 32;
  int out_tiles = 0, in_tiles = 0, tap_blocks = 0;
  int longest = 0;                  ///< entries of the longest list
  std::vector<int32_t> begin;       ///< [out_tiles * in_tiles * tap_blocks + 1]
  std::vector<int32_t> offset;      ///< [entries] floats of channel and plane in the ring
  std::vector<int32_t> row_and_tap; ///< [entries] row in the tile << 16 | tap of the plane
  std::vector<int32_t> index;       ///< [entries] places in the weight
};
SparseTiles list_tiles(const Conv1dDesc& desc, const SparsePattern& pattern, const WgradTaps& taps,
                       const Survivors& survivors);

/// Places in the weight of all survivors, and where a dense weight gradient over the live channels
/// [out_live][in_live][K] holds them.
struct SurvivorPlaces {
  std::vector<int32_t> target, source;
};
SurvivorPlaces list_places(const Conv1dDesc& desc, const SparsePattern& pattern,
                           const Survivors& survivors);

}  // namespace lth::cuda::conv
