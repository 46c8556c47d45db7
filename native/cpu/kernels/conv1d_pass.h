#pragma once

#include <algorithm>
#include <cstring>

#include "cpu/thread_pool.h"
#include "lth/backend.h"
#include "lth/conv1d_pass.h"

namespace lth::cpu::LTH_ISA {

/// The inputs and outputs of one execution of a pass.
struct PassData {
  Activation in;
  Activation out;
  const float* bias;      ///< [O] or null
  const Activation* add;  ///< [N, O, *] or null
  const NormForward* folded = nullptr;  ///< the pass reads the result of this norm of `in`
};

inline int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// Positions that the longest record of a group holds.
inline int longest(const Activation& a, int group) {
  const int32_t* lengths = a.lengths + group * kLanes;
  return std::clamp(int(*std::max_element(lengths, lengths + kLanes)), 0, a.shape.length);
}

/// Positions that every record of a group holds.
inline int shortest(const Activation& a, int group) {
  const int32_t* lengths = a.lengths + group * kLanes;
  return std::clamp(int(*std::min_element(lengths, lengths + kLanes)), 0, a.shape.length);
}

/// The division of a pass into units that own what they write: groups x chunks of positions x ranges
/// of output channels. No sum crosses units, so their number changes no bit. Each range reads its
/// inputs, and computes them where a norm is folded, for itself, so there are only as many as
/// balance the threads.
struct PassUnits {
  int chunks;
  int chunk_steps;  ///< output steps j of a chunk (the last may have fewer)
  int ranges;
  int range_rows;
  int count;

  /// @param chunk_steps wanted; @param multiple of which the steps should be a multiple;
  /// @param row_multiple of which a range of rows is a multiple
  static PassUnits divide(const PassGeometry& g, const Activation& out, int chunk_steps,
                          int multiple, int row_multiple, int threads) {
    const int wanted_units = std::min(6 * threads, 48);
    PassUnits u;
    const int steps = ceil_div(out.shape.length, g.out_step);
    u.chunks = ceil_div(steps, chunk_steps);
    u.chunk_steps = ceil_div(ceil_div(steps, u.chunks), multiple) * multiple;
    u.chunks = ceil_div(steps, u.chunk_steps);
    const int blocks = ceil_div(g.out_channels, row_multiple);
    const int wanted = ceil_div(wanted_units, out.groups() * u.chunks);
    u.range_rows = ceil_div(blocks, std::min(blocks, wanted)) * row_multiple;
    u.ranges = ceil_div(g.out_channels, u.range_rows);
    u.count = out.groups() * u.chunks * u.ranges;
    return u;
  }
};

/// One unit: output steps [step_begin, step_end(set)) of rows [row_begin, row_end) of a group.
struct PassUnit {
  int group;
  int row_begin, row_end;
  int step_begin;
  int live;   ///< output positions from here on lie past every record of the group
  int whole;  ///< output positions before this one lie in every record of the group

  int step_end(const TapSet& set, int out_step) const {
    return std::max(step_begin, ceil_div(std::max(0, live - set.out_first), out_step));
  }
};

/// Finds unit `index` and zeroes its rows' halo and their positions past every record.
inline PassUnit open_unit(const PassGeometry& g, const PassData& data, const PassUnits& units,
                          int index) {
  PassUnit u;
  const int chunk = index / units.ranges % units.chunks;
  u.group = index / units.ranges / units.chunks;
  u.row_begin = index % units.ranges * units.range_rows;
  u.row_end = std::min(u.row_begin + units.range_rows, g.out_channels);
  u.step_begin = chunk * units.chunk_steps;
  const int length = data.out.shape.length, halo = data.out.shape.halo;
  const int begin = u.step_begin * g.out_step;
  const bool last = chunk == units.chunks - 1;
  const int end = last ? length : begin + units.chunk_steps * g.out_step;
  u.live = std::clamp(longest(data.out, u.group), begin, end);
  u.whole = shortest(data.out, u.group);
  const int zero_end = last ? length + halo : end;
  for (int o = u.row_begin; o < u.row_end; ++o) {
    float* row = data.out.row(u.group, o);
    if (chunk == 0) std::memset(row - size_t(halo) * kLanes, 0, size_t(halo) * kLanes * 4);
    std::memset(row + size_t(u.live) * kLanes, 0, size_t(zero_end - u.live) * kLanes * 4);
  }
  return u;
}

}  // namespace lth::cpu::LTH_ISA
