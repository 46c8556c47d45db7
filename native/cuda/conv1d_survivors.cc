#include "cuda/conv1d_survivors.h"

#include <algorithm>
#include <numeric>

namespace lth::cuda::conv {
namespace {

/// Calls body(output channel, input channel, kernel index) for every survivor, in order.
template <class Body>
void visit(const Conv1dDesc& d, const SparsePattern& pattern, const Body& body) {
  for (int r = 0; r < pattern.rows; ++r) {
    for (int32_t e = pattern.row_begin[r]; e < pattern.row_begin[r + 1]; ++e) {
      body(r, pattern.column[e] / d.kernel, pattern.column[e] % d.kernel);
    }
  }
}

/// Place of each channel in a list, -1 where absent.
std::vector<int32_t> inverse(const std::vector<int32_t>& list, int channels) {
  std::vector<int32_t> place(channels, -1);
  for (size_t i = 0; i < list.size(); ++i) place[list[i]] = int32_t(i);
  return place;
}

int weight_place(const Conv1dDesc& d, int out, int in, int k) {
  return (out * d.in_channels + in) * d.kernel + k;
}

/// Order of the entries of a counting sort by key; `begin` [keys + 1].
std::vector<int32_t> sort_by_key(const std::vector<int32_t>& key, int keys,
                                 std::vector<int32_t>& begin) {
  begin.assign(size_t(keys) + 1, 0);
  for (const int32_t k : key) ++begin[k + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<int32_t> next(begin.begin(), begin.end() - 1), order(key.size());
  for (size_t i = 0; i < key.size(); ++i) order[next[key[i]]++] = int32_t(i);
  return order;
}

std::vector<int32_t> permuted(const std::vector<int32_t>& values,
                              const std::vector<int32_t>& order) {
  std::vector<int32_t> result;
  result.reserve(order.size());
  for (const int32_t i : order) result.push_back(values[i]);
  return result;
}

}  // namespace

std::vector<uint32_t> survivor_bits(const SparsePattern& pattern) {
  std::vector<uint32_t> bits((size_t(pattern.rows) * size_t(pattern.columns) + 31) / 32);
  for (int r = 0; r < pattern.rows; ++r) {
    for (int32_t e = pattern.row_begin[r]; e < pattern.row_begin[r + 1]; ++e) {
      const size_t place = size_t(r) * size_t(pattern.columns) + size_t(pattern.column[e]);
      bits[place / 32] |= 1U << (place % 32);
    }
  }
  return bits;
}

Survivors Survivors::list(const Conv1dDesc& d, const SparsePattern* pattern) {
  std::vector<uint8_t> out(d.out_channels, !pattern), in(d.in_channels, !pattern);
  if (pattern) visit(d, *pattern, [&](int o, int i, int) { out[o] = in[i] = 1; });
  Survivors s;
  for (int o = 0; o < d.out_channels; ++o) (out[o] ? s.out_live : s.out_dead).push_back(o);
  for (int i = 0; i < d.in_channels; ++i) (in[i] ? s.in_live : s.in_dead).push_back(i);
  return s;
}

std::vector<int32_t> order_rows(const Conv1dDesc& d, const SparsePattern& pattern, bool transposed,
                                const std::vector<int32_t>& live) {
  std::vector<int> count(transposed ? d.in_channels : d.out_channels);
  visit(d, pattern, [&](int o, int i, int) { ++count[transposed ? i : o]; });
  std::vector<int32_t> sorted = live;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](int32_t a, int32_t b) { return count[a] > count[b]; });
  // Within the rows of a block, warp w gets the w-th of each run of 8, runs alternating in
  // direction; a warp's rows are neighbouring slots.
  constexpr int kBlockRows = kSparseWarps * kSparseWarpRows;
  std::vector<int32_t> result = sorted;
  for (size_t first = 0; first + kBlockRows <= sorted.size(); first += kBlockRows) {
    for (int i = 0; i < kBlockRows; ++i) {
      const int run = i / kSparseWarps, place = i % kSparseWarps;
      const int warp = run % 2 == 0 ? place : kSparseWarps - 1 - place;
      result[first + warp * kSparseWarpRows + run] = sorted[first + i];
    }
  }
  return result;
}

SparseRows list_rows(const PassGeometry& g, const TapSet& set, const StageCut& cut,
                     const TileShape& tile, const SparsePattern& pattern, bool transposed,
                     const std::vector<int32_t>& row_channel, const std::vector<int32_t>& in_live,
                     int slots) {
  const int kernel = transposed ? g.weight_out_stride : g.weight_in_stride;
  const Conv1dDesc d{transposed ? g.out_channels : g.in_channels,
                     transposed ? g.in_channels : g.out_channels, kernel, 1, 0};
  const std::vector<int32_t> row_place = inverse(row_channel, g.out_channels);
  const std::vector<int32_t> in_place = inverse(in_live, g.in_channels);
  SparseRows rows;
  rows.cut = cut;
  std::vector<int32_t> key, offset, index;
  visit(d, pattern, [&](int o, int i, int k) {
    if ((k - set.k_first) % set.k_step != 0) return;  // a tap of the other set
    const int tap = (k - set.k_first) / set.k_step;
    const int channel = in_place[transposed ? o : i], row = row_place[transposed ? i : o];
    const int stage = tap / cut.tap_block * cut.chunks + channel / cut.chunk;
    const int local = tap % cut.tap_block;
    key.push_back(stage * (slots + 1) + row);
    offset.push_back(channel % cut.chunk * tile.row_stride +
                     local % g.in_step * tile.plane_stride + local / g.in_step * kLanes);
    index.push_back(weight_place(d, o, i, k));
  });
  const std::vector<int32_t> order = sort_by_key(key, cut.stages * (slots + 1), rows.begin);
  rows.offset = permuted(offset, order);
  rows.index = permuted(index, order);
  return rows;
}

SparseTiles list_tiles(const Conv1dDesc& d, const SparsePattern& pattern, const WgradTaps& taps,
                       const Survivors& s) {
  const std::vector<int32_t> out_place = inverse(s.out_live, d.out_channels);
  const std::vector<int32_t> in_place = inverse(s.in_live, d.in_channels);
  SparseTiles tiles;
  tiles.out_tiles = ceil_div(int(s.out_live.size()), kWgradRows);
  tiles.in_tiles = ceil_div(int(s.in_live.size()), SparseTiles::kInputs);
  tiles.tap_blocks = taps.blocks;
  std::vector<int32_t> key, offset, row_and_tap, index;
  visit(d, pattern, [&](int o, int i, int k) {
    const int out = out_place[o], in = in_place[i];
    const int plane = k % d.stride, m = k / d.stride;
    key.push_back((out / kWgradRows * tiles.in_tiles + in / SparseTiles::kInputs) * taps.blocks +
                  m / taps.taps_per_block());
    offset.push_back(in % SparseTiles::kInputs * taps.row_size() + plane * taps.plane_size());
    row_and_tap.push_back(out % kWgradRows << 16 | m % taps.taps_per_block());
    index.push_back(weight_place(d, o, i, k));
  });
  const int count = tiles.out_tiles * tiles.in_tiles * taps.blocks;
  const std::vector<int32_t> order = sort_by_key(key, count, tiles.begin);
  for (int t = 0; t < count; ++t) {
    tiles.longest = std::max(tiles.longest, tiles.begin[t + 1] - tiles.begin[t]);
  }
  tiles.offset = permuted(offset, order);
  tiles.row_and_tap = permuted(row_and_tap, order);
  tiles.index = permuted(index, order);
  return tiles;
}

SurvivorPlaces list_places(const Conv1dDesc& d, const SparsePattern& pattern, const Survivors& s) {
  const std::vector<int32_t> out_place = inverse(s.out_live, d.out_channels);
  const std::vector<int32_t> in_place = inverse(s.in_live, d.in_channels);
  SurvivorPlaces places;
  visit(d, pattern, [&](int o, int i, int k) {
    places.target.push_back(weight_place(d, o, i, k));
    places.source.push_back((out_place[o] * int(s.in_live.size()) + in_place[i]) * d.kernel + k);
  });
  return places;
}

}  // namespace lth::cuda::conv
