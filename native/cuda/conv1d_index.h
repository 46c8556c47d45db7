#pragma once

#include "cuda/port.h"
#include "lth/activation.h"
#include "lth/conv1d_pass.h"

/// Index arithmetic of the convolution kernels, for host and device.
namespace lth::cuda::conv {

LTH_HD constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
LTH_HD constexpr int smaller(int a, int b) { return a < b ? a : b; }
LTH_HD constexpr int larger(int a, int b) { return a > b ? a : b; }

/// The contraction of a set is cut into stages (block of taps, chunk of input channels), blocks
/// outermost. A block starts at a multiple of the input step; all but the last are full.
struct StageCut {
  int taps;       ///< T
  int tap_block;  ///< taps of a full block, even
  int channels;   ///< input channels, those with survivors only
  int chunk;      ///< input channels of a full chunk
  int chunks;
  int stages;

  struct Stage {
    int first_tap, taps;
    int first_channel, channels;
    int linear;  ///< taps x chunks of all stages before
  };
  LTH_HD constexpr Stage at(int stage) const {
    const int block = stage / chunks, index = stage % chunks;
    const int first = block * tap_block, count = smaller(tap_block, taps - first);
    return {first, count, index * chunk, smaller(chunk, channels - index * chunk),
            first * chunks + index * count};
  }
  /// The stage that a linear (taps x chunks) index lies in, and where.
  LTH_HD constexpr Stage find(int linear, int& ordinal) const {
    const int block = linear / (tap_block * chunks);
    const int rest = linear - block * tap_block * chunks;
    const int count = smaller(tap_block, taps - block * tap_block);
    ordinal = rest % count;
    return at(block * chunks + rest / count);
  }
};

inline constexpr int kMaxTapBlock = 32;

inline StageCut cut_stages(int taps, int channels, int chunk) {
  const int block = taps >= kMaxTapBlock ? kMaxTapBlock : larger(2, (taps + 1) / 2 * 2);
  const int chunks = ceil_div(channels, chunk);
  return {taps, block, channels, chunk, chunks, ceil_div(taps, block) * chunks};
}

/// Inputs of a stage lie in shared memory as [channel][plane][index][16 lanes], plane r holding the
/// positions r, r + in_step, .. of the tile, so that steps are neighbours in a plane. The taps of a
/// plane follow each other; an ordinal counts the taps of a stage plane by plane.
LTH_HD constexpr int plane_taps(int taps, int in_step, int plane) {
  return (taps + in_step - 1 - plane) / in_step;
}
LTH_HD constexpr int tap_of_ordinal(int taps, int in_step, int ordinal) {
  const int first = plane_taps(taps, in_step, 0);
  return ordinal < first ? ordinal * in_step : (ordinal - first) * in_step + 1;
}

/// The tile of one stage in shared memory, in elements.
///
/// Half a position more than the positions of a row lies between channels, so that those which a
/// warp reads at once are in different banks. Float: 8 or 24 words modulo 32, for the four channels
/// of a tf32 fragment. Bf16: an odd number of 16 bytes, for the eight rows of a matrix that
/// ldmatrix takes 16 bytes of each.
struct TileShape {
  int plane_stride;  ///< from plane to plane
  int row_stride;    ///< from channel to channel

  static TileShape make(int steps, int in_step, int tap_block) {
    const int plane = (steps - 1 + plane_taps(tap_block, in_step, 0)) * kLanes;
    return {plane, plane * in_step + kLanes / 2};
  }
};

/// Packed weights of the tensor-core passes: words [tile of 16 rows][linear][lane][4] in the order
/// of the A fragments, chunks of 8 channels (tf32) or 16 (bf16: two weights a word).
struct PackedWeight {
  int row;      ///< output channel of the pass, among those with survivors
  int channel;  ///< input channel likewise; may lie past the last
  int tap;
};
inline constexpr int kFragmentWords = 128;

/// @param half of a bf16 word (0: low); 0 for tf32
LTH_HD inline PackedWeight mma_packed_weight(const StageCut& cut, int in_step, bool bf16, int word,
                                             int half) {
  const int reg = word & 3, lane = word / 4 % kWarp;
  const int per_tile = cut.taps * cut.chunks;
  const int tile = word / kFragmentWords / per_tile;
  int ordinal = 0;
  const StageCut::Stage stage = cut.find(word / kFragmentWords % per_tile, ordinal);
  // Channels of the chunk in order: element 2t + h + 8u of a bf16 fragment, t + 4u of a tf32 one.
  const int channel = bf16 ? lane % 4 * 2 + half + 8 * (reg >> 1) : lane % 4 + 4 * (reg >> 1);
  return {tile * 16 + lane / 4 + 8 * (reg & 1), stage.first_channel + channel,
          stage.first_tap + tap_of_ordinal(stage.taps, in_step, ordinal)};
}

/// Packed weights of the SIMT pass: floats [tile of 8 rows][stage][channel of 8][ordinal][8 rows].
inline constexpr int kSimtRows = 8;
inline constexpr int kSimtChunk = 8;
/// Positions of a warp of the SIMT pass.
inline constexpr int kSimtSteps = 24;
LTH_HD inline PackedWeight simt_packed_weight(const StageCut& cut, int in_step, int word) {
  const int per_tile = cut.taps * cut.chunks * kSimtChunk;
  const int tile = word / kSimtRows / per_tile;
  const int place = word / kSimtRows % per_tile;
  // A stage takes (taps x 8) places; find it by its linear index.
  int ordinal = 0;
  const StageCut::Stage stage = cut.find(place / kSimtChunk, ordinal);
  const int inside = place - stage.linear * kSimtChunk;
  return {tile * kSimtRows + word % kSimtRows, stage.first_channel + inside / stage.taps,
          stage.first_tap + tap_of_ordinal(stage.taps, in_step, inside % stage.taps)};
}

/// Positions of a warpgroup of the wgmma pass. With nine, the blocks of most layers of the network at
/// 32 x 8,960 are just under a whole number of waves of 132 multiprocessors.
inline constexpr int kWgmmaWideSteps = 16, kWgmmaNarrowSteps = 9;
/// Of those, how many are measured at a time.
LTH_HD constexpr int wgmma_part(int steps) { return steps % 4 == 0 ? 4 : 3; }
/// Taps whose weights it loads at a time: so many fragments past the end are read.
inline constexpr int kWgmmaBatch = 4;

// Weight gradient.

/// Output positions of a stage of the weight gradient, and taps of a warp's tile.
inline constexpr int kWgradSteps = 8;
/// Output channels of a block.
inline constexpr int kWgradRows = 32;
/// Threads of a block: eight for each of its output channels.
inline constexpr int kWgradThreads = 8 * kWgradRows;

/// In elements. x passes through a ring of blocks of 8 positions per plane; block b of a run that
/// starts at step j0 holds the plane's positions 8b - 1 .. 8b + 6 after its position j0, so that
/// the taps of tile i find the newest input of step 8s + u at offset u of block s + 1 + i.
struct WgradTaps {
  int kernel;
  int stride;  ///< planes
  int tiles;   ///< tiles of 8 taps per plane in one block: 1 or 2
  int blocks;  ///< tap blocks: ceil(taps of plane 0 / (8 * tiles))
  int ring;    ///< blocks of the ring

  /// @param windows a stage takes its older inputs from registers, not from the ring
  static WgradTaps make(int kernel, int stride, bool windows) {
    const int taps = ceil_div(kernel, stride);
    const int tiles = stride == 1 && taps > kWgradSteps ? 2 : 1;
    // Stage s reads blocks s + 1 .. s + tiles, without windows block s too; the next is copied
    // meanwhile.
    return {kernel, stride, tiles, ceil_div(taps, kWgradSteps * tiles), tiles + (windows ? 1 : 2)};
  }
  LTH_HD constexpr int ring_blocks() const { return ring; }
  LTH_HD constexpr int taps_per_block() const { return kWgradSteps * tiles; }
  /// Warps along the taps.
  LTH_HD constexpr int warps() const { return tiles * stride; }
  LTH_HD constexpr int plane_size() const { return ring_blocks() * kWgradSteps * kLanes; }
  /// A position more than the blocks have: rows read at once lie in different banks. Those are two
  /// of 16 bytes a thread, 16 words apart modulo 32, or in bf16 four of 8 bytes, 8 words apart.
  LTH_HD constexpr int row_size() const { return plane_size() * stride + kLanes; }
  /// Kernel index of tap m of a plane.
  LTH_HD constexpr int kernel_index(int plane, int m) const { return plane + stride * m; }
  /// Input position of offset `o` of ring block b, plane r, tap block tb, run from step j0.
  LTH_HD constexpr int position(int j0, int pad, int tb, int plane, int b, int o) const {
    return stride * (j0 + tb * taps_per_block() + b * kWgradSteps - 1 + o) + plane - pad;
  }
};
/// Of dy's rows, likewise.
inline constexpr int kGradRowSize = kWgradSteps * kLanes + kLanes;

}  // namespace lth::cuda::conv
