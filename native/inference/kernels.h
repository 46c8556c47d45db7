#pragma once

#include <cstddef>
#include <cstdint>

namespace lth::inference {

/// One output channel of a convolution; see Row.
struct RowWork {
  int32_t ones_begin, ones_end;  ///< sparse: entries that read the row of ones
  int32_t channel;               ///< output channel
  float edge_bias, inner_bias;
  float scale, shift, floor;
  bool add_shortcut, store_raw, store_active;
};

/// Where a tap reads, in floats from ConvWork::x, and its weight: side by side, because the loop over
/// two arrays is up to a third slower on Zen 3, depending on where the linker places it.
struct Entry {
  int32_t offset;
  float value;  ///< sparse
};

/// Rows that are summed up side by side, so that what one brings into L1 serves the others: their
/// entries follow the input channels together. `sparse_rows` of them, fewer at the end (row -1).
struct RowGroup {
  static constexpr int kMost = 2;
  int32_t row[kMost];
  int32_t begin, shared;  ///< entries [begin, shared): one of each row in turn
  int32_t end[kMost];     ///< what is left of row r: from where r - 1 ends, or from `shared`
};

/// One convolution over vectors of positions. W is the instruction set's lanes; vector v of an
/// output row is its floats [v * W, (v + 1) * W), and reads x + Entry::offset + v * step.
struct ConvWork {
  const float* x;
  int step;  ///< floats from one vector's inputs to the next's: W times the stride
  const RowWork* rows;
  int row_count;
  const Entry* entry;     ///< [entries]
  const float* value;     ///< dense: [row blocks][entries][dense_rows]
  int entries;            ///< dense: of every row
  /// Sparse: blocks of input channels, one after the other over all rows, so that they stay in the
  /// cache: [blocks][group_count].
  const RowGroup* groups;
  int blocks, group_count;
  float* sums;            ///< [rows][tile][W], what rows have summed up between two blocks
  const float* shortcut;  ///< channel 0, vector 0; rows `shortcut_row` floats apart
  size_t shortcut_row;
  bool pool_shortcut;     ///< the larger of vectors 2v and 2v + 1 instead of vector v
  float* raw;             ///< channel 0, vector 0; rows `out_row` floats apart
  float* active;
  size_t out_row;
  int vectors;
  /// Vectors [inner_begin, inner_end) see no position outside the record.
  int inner_begin, inner_end;
};

/// A row of W chunks of the record side by side: position p is lane p / chunk, place p % chunk, at
/// row[place * W + lane]. Places -left .. chunk + right - 1 may be read.
struct ChunkRow {
  float* row;
  int length, chunk, left, right;
};

/// The engine's loops compiled for one instruction set.
struct Kernels {
  int lanes;       ///< W
  int tile;        ///< most vectors of a tile of the sparse kernel
  int window;      ///< floats of input that a tile reads in one block of channels: what L1 holds
  int sparse_rows; ///< rows of a group of the sparse kernel
  int dense_rows;  ///< output channels in the dense kernel's register tile
  void (*sparse)(const ConvWork&);
  void (*dense)(const ConvWork&);
  /// Zeroes positions past the record and fills the halo from the neighbouring chunks.
  void (*close_chunks)(const ChunkRow&);
  /// out[p] = max(in[2p], in[2p + 1]), p < count
  void (*pool)(const float* in, float* out, int count);
  /// even[p] = in[2p], odd[p] = in[2p + 1], p < count
  void (*split)(const float* in, float* even, float* odd, int count);
  /// [chunk][W] -> [W][chunk]
  void (*unchunk)(const float* in, float* out, int chunk);
  /// [W][chunk] -> [chunk][W]
  void (*enchunk)(const float* in, float* out, int chunk);
};

namespace portable {
const Kernels& kernels();
}
namespace avx2 {
const Kernels& kernels();
}
namespace avx512 {
const Kernels& kernels();
}

}  // namespace lth::inference
