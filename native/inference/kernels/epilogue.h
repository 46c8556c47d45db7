#pragma once

#include "inference/kernels.h"
#include "inference/kernels/vector.h"

namespace lth::inference::LTH_ISA {

/// Ends a row's tile: shortcut, raw and activated result, as the row asks. `at`: the tile's first
/// float within the row.
template <int Count>
inline __attribute__((always_inline)) void finish_tile(const ConvWork& work, const RowWork& row,
                                                       size_t at, Vector (&acc)[Count]) {
  if (row.add_shortcut) {
    const float* shortcut = work.shortcut + size_t(row.channel) * work.shortcut_row;
    if (work.pool_shortcut) {
      shortcut += 2 * at;
      LTH_UNROLL for (int i = 0; i < Count; ++i) {
        acc[i] += larger(load(shortcut + 2 * i * kLanes), load(shortcut + (2 * i + 1) * kLanes));
      }
    } else {
      shortcut += at;
      LTH_UNROLL for (int i = 0; i < Count; ++i) acc[i] += load(shortcut + i * kLanes);
    }
  }
  at += size_t(row.channel) * work.out_row;
  if (row.store_raw) {
    float* raw = work.raw + at;
    LTH_UNROLL for (int i = 0; i < Count; ++i) store(raw + i * kLanes, acc[i]);
  }
  if (row.store_active) {
    float* active = work.active + at;
    const Vector scale = broadcast(row.scale), shift = broadcast(row.shift);
    const Vector floor = broadcast(row.floor);
    LTH_UNROLL for (int i = 0; i < Count; ++i) {
      store(active + i * kLanes, larger(floor, acc[i] * scale + shift));
    }
  }
}

/// Fetches the shortcut that finish_tile will add, while the row's taps are summed.
template <int Count>
inline __attribute__((always_inline)) void fetch_shortcut(const ConvWork& work, const RowWork& row,
                                                          size_t at) {
  if (!row.add_shortcut) return;
  constexpr int kLine = 16;  // floats of a cache line
  const int times = work.pool_shortcut ? 2 : 1;
  const float* from =
      work.shortcut + size_t(row.channel) * work.shortcut_row + size_t(times) * at;
  for (int i = 0; i < times * Count * kLanes; i += kLine) __builtin_prefetch(from + i);
}

/// Cuts [begin, end) into nearly equal tiles of at most `most` and calls body(first, size).
template <class Body>
inline void for_each_tile(int begin, int end, int most, const Body& body) {
  const int count = end - begin;
  const int tiles = (count + most - 1) / most;
  for (int t = 0; t < tiles; ++t) {
    const int first = begin + int(int64_t(count) * t / tiles);
    const int next = begin + int(int64_t(count) * (t + 1) / tiles);
    body(first, next - first);
  }
}

}  // namespace lth::inference::LTH_ISA
