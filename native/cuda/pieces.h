#pragma once

#include "cuda/element.h"
#include "cuda/rows.h"

/// Loops over the pieces of an activation's rows (cuda/element.h).
namespace lth::cuda {

/// Lengths of the records that this thread sees of a group.
template <class T>
struct PieceLengths {
  int v[kPiece<T>];
};

template <class T>
__device__ inline PieceLengths<T> piece_lengths(const int32_t* lengths, int group) {
  PieceLengths<T> result;
  LTH_UNROLL
  for (int i = 0; i < kPiece<T>; i += 4) {
    const int4 l = *reinterpret_cast<const int4*>(lengths + group * kLanes + first_record<T>() + i);
    result.v[i] = l.x;
    result.v[i + 1] = l.y;
    result.v[i + 2] = l.z;
    result.v[i + 3] = l.w;
  }
  return result;
}

/// Whether record i holds position p.
template <class T>
__device__ inline bool holds(const PieceLengths<T>& lengths, int i, int p) {
  return unsigned(p) < unsigned(lengths.v[i]);
}

template <class T>
__device__ inline bool holds_any(const PieceLengths<T>& lengths, int p) {
  bool any = false;
  LTH_UNROLL
  for (int i = 0; i < kPiece<T>; ++i) any = any || p < lengths.v[i];
  return p >= 0 && any;
}

/// The chunk of a row that a block of a pass over `rows` works on.
struct Chunk {
  int row, group, channel, begin, end;  ///< positions [begin, end), counted from the halo's first
};

__device__ inline Chunk chunk_of_block(const Rows& rows) {
  const int chunks = chunks_of(rows);
  const int row = int(blockIdx.x) / chunks;
  const int begin = int(blockIdx.x) % chunks * kChunkPositions;
  return {row, row / rows.channels, row % rows.channels, begin,
          min(begin + kChunkPositions, rows.positions())};
}

/// Writes a chunk of `out`. value(position) gives the Piece if any of the records has the position;
/// elements outside their record become 0.
template <class T, class Value>
__device__ inline void write_chunk(const Rows& out, const Chunk& chunk,
                                   const PieceLengths<T>& lengths, const Value& value) {
  constexpr int kPieces = kPiecesPerPosition<T>;
  T* const row = out.begin<T>(chunk.row);
  for (int i = chunk.begin * kPieces + int(threadIdx.x); i < chunk.end * kPieces;
       i += kRowThreads) {
    const int p = i / kPieces - out.halo;
    Piece<T> result = {};
    if (holds_any(lengths, p)) {
      const Piece<T> full = value(p);
      LTH_UNROLL
      for (int r = 0; r < kPiece<T>; ++r) result.v[r] = holds(lengths, r, p) ? full.v[r] : 0.0f;
    }
    store_piece(row + size_t(i) * kPiece<T>, result);
  }
}

/// This thread's piece of position p of a row.
template <class T>
__device__ inline Piece<T> piece_at(const Rows& rows, int row, int p) {
  return load_piece(rows.position<T>(row, p) + first_record<T>());
}

}  // namespace lth::cuda
