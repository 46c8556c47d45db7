#pragma once

#include <cstddef>
#include <cstdint>

#include "lth/activation.h"

/// Divides the ops on activations into blocks. This is plain arithmetic, tested without a GPU.
///
/// A row is one (group, channel) of an activation: (halo + L + halo) positions of 16 records, that
/// is two or four pieces of 16 bytes a position (cuda/element.h). A block works on one chunk of a
/// row; thread t sees its pieces t, t + kRowThreads, ..., which all belong to the same records of
/// the group.
namespace lth::cuda {

inline constexpr int kRowThreads = 256;
inline constexpr int kChunkPositions = 256;
/// Partial sums of a channel: enough blocks to fill a GPU, few enough that every block of the
/// second pass can add them up again.
inline constexpr int kMostParts = 64;

#if defined(__CUDACC__)
#define LTH_ROWS_HD __host__ __device__
#else
#define LTH_ROWS_HD
#endif

/// An activation as kernels see it, which know what its elements are (cuda/element.h).
struct Rows {
  void* data;
  const int32_t* lengths;  ///< [groups * 16]
  int groups, channels, length, halo;

  /// Of a row, halo included.
  LTH_ROWS_HD int positions() const { return length + 2 * halo; }
  LTH_ROWS_HD int rows() const { return groups * channels; }
  /// First element of row `row` (its halo's), rows counted [group][channel].
  template <class T>
  LTH_ROWS_HD T* begin(int row) const {
    return static_cast<T*>(data) + size_t(row) * size_t(positions()) * kLanes;
  }
  template <class T>
  LTH_ROWS_HD T* position(int row, int p) const {
    return begin<T>(row) + size_t(p + halo) * kLanes;
  }
};

inline Rows rows_of(const Activation& a) {
  return {a.data, a.lengths, a.groups(), a.shape.channels, a.shape.length, a.shape.halo};
}

/// Chunks of a row, halo included: what a pass that writes the row is cut into.
LTH_ROWS_HD inline int chunks_of(const Rows& rows) {
  return (rows.positions() + kChunkPositions - 1) / kChunkPositions;
}

/// Blocks of such a pass: block b has chunk b % chunks of row b / chunks.
inline unsigned row_blocks(const Rows& rows) {
  return unsigned(rows.rows()) * unsigned(chunks_of(rows));
}

/// Stretches of kChunkPositions positions (no halo) that a channel's sums are made of, over all
/// groups.
LTH_ROWS_HD inline int stretches_of(const Rows& rows) {
  return rows.groups * ((rows.length + kChunkPositions - 1) / kChunkPositions);
}

/// Partial sums of a channel; part i has stretches i, i + parts, ...
LTH_ROWS_HD inline int parts_of(const Rows& rows) {
  const int stretches = stretches_of(rows);
  return stretches < kMostParts ? stretches : kMostParts;
}

}  // namespace lth::cuda
