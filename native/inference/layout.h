#pragma once

#include <cstddef>
#include <cstdint>

namespace lth::inference {

/// How a channel's positions lie in memory. Plain: side by side. Chunked: the record is cut into as
/// many chunks as a register has lanes, which lie side by side in the lanes, so that every tap of a
/// convolution is one aligned load and strides cost nothing; it pays while chunks are long
/// compared with the kernel, whose reach each chunk repeats from its neighbours. Split (plain only):
/// for a convolution of stride S, the positions 0, S, 2 S, ..., then 1, S + 1, ..., S parts in all.
struct Layout {
  enum class Kind { plain, split, chunked };

  Kind kind = Kind::plain;
  int lanes = 1;      ///< of a register, W
  int length = 0;     ///< positions of the record
  int chunk = 0;      ///< chunked: positions per lane
  int halo = 0;       ///< chunked: a neighbour's positions that a chunk keeps on either side
  size_t origin = 0;  ///< floats from a row's start to position 0
  int parts = 1;      ///< split: S
  size_t part = 0;    ///< split: floats from one part to the next
  size_t row = 0;     ///< floats from one channel to the next

  static Layout plain(int length, int kernel, int lanes);
  static Layout split(int length, int stride, int kernel, int lanes);
  static Layout chunked(int length, int chunk, int kernel, int lanes);

  /// Registers of an output row.
  int vectors() const;
  /// Floats from position 0 of channel 0 to what tap `tap` of a convolution reads for output 0.
  ptrdiff_t tap_offset(int channel, int tap, int pad_left) const;
};

/// Positions per lane of a record, rounded up so that values up to the level `halvings` halve it
/// exactly; 0 if it is too short for chunks.
struct ChunkChoice {
  int chunk = 0;
  int halvings = 0;  ///< the last level of values that lie in chunks
};
ChunkChoice choose_chunk(int length, int kernel, int lanes, int levels);

}  // namespace lth::inference
