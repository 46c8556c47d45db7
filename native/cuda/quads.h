#pragma once

#include "cuda/element.h"
#include "cuda/rows.h"

/// Four records of one position, and loops over them.
namespace lth::cuda {

struct Quad {
  float v[4];
};

__device__ inline Quad quad_of(float4 f) { return {{f.x, f.y, f.z, f.w}}; }
__device__ inline float4 float4_of(const Quad& quad) {
  return make_float4(quad.v[0], quad.v[1], quad.v[2], quad.v[3]);
}

template <class T>
__device__ inline Quad load_quad(const T* at) {
  return quad_of(load4(at));
}

template <class T>
__device__ inline void store_quad(T* at, const Quad& quad) {
  store4(at, float4_of(quad));
}

/// Lengths of the four records that this thread sees of a group.
struct QuadLengths {
  int v[4];
};

__device__ inline QuadLengths quad_lengths(const int32_t* lengths, int group) {
  const int first = group * kLanes + int(threadIdx.x) % kQuadsPerPosition * 4;
  const int4 l = *reinterpret_cast<const int4*>(lengths + first);
  return {{l.x, l.y, l.z, l.w}};
}

/// Which of the four hold position p.
__device__ inline bool holds(const QuadLengths& lengths, int i, int p) {
  return unsigned(p) < unsigned(lengths.v[i]);
}

__device__ inline bool holds_any(const QuadLengths& lengths, int p) {
  return p >= 0 && (p < lengths.v[0] || p < lengths.v[1] || p < lengths.v[2] || p < lengths.v[3]);
}

/// The chunk of a row that a block of a pass over `rows` works on.
struct Chunk {
  int row, group, channel, begin, end;  ///< quads [begin, end), halo included
};

__device__ inline Chunk chunk_of_block(const Rows& rows) {
  const int chunks = chunks_of(rows);
  const int row = int(blockIdx.x) / chunks;
  const int begin = int(blockIdx.x) % chunks * kChunkQuads;
  return {row, row / rows.channels, row % rows.channels, begin,
          min(begin + kChunkQuads, rows.quads())};
}

/// Writes a chunk of `out`: value(position) gives the Quad where any of the records holds the
/// position, whatever is outside its record becomes 0.
template <class T, class Value>
__device__ inline void write_chunk(const Rows& out, const Chunk& chunk, const QuadLengths& lengths,
                                   const Value& value) {
  T* const row = out.begin<T>(chunk.row);
  for (int q = chunk.begin + int(threadIdx.x); q < chunk.end; q += kRowThreads) {
    const int p = q / kQuadsPerPosition - out.halo;
    Quad result = {{0, 0, 0, 0}};
    if (holds_any(lengths, p)) {
      const Quad full = value(p);
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) result.v[i] = holds(lengths, i, p) ? full.v[i] : 0.0f;
    }
    store_quad(row + size_t(q) * 4, result);
  }
}

/// Where this thread's quad of position p of a row lies.
template <class T>
__device__ inline T* quad_at(const Rows& rows, int row, int p) {
  return rows.position<T>(row, p) + int(threadIdx.x) % kQuadsPerPosition * 4;
}

}  // namespace lth::cuda
