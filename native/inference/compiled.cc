#include "inference/compiled.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>

namespace lth::inference {
namespace {

/// Survivors per place of rows x channels read from which the dense kernel is faster: it reads each
/// input once for several rows.
constexpr double kDenseFrom = 0.6;

/// Survivors per row and block from which blocks pay for storing and loading the sums.
constexpr double kLeastPerBlock = 12;

/// The taps of every row in a block of input channels.
using TapList = std::vector<const Tap*>;

std::vector<TapList> taps_of_block(const SparseConv& conv, int block, int blocks) {
  std::vector<TapList> taps;
  for (const Row& row : conv.rows) {
    TapList& own = taps.emplace_back();
    for (size_t t = row.begin; t < row.mid; ++t) {
      const int channel = conv.taps[t].channel;
      if (int64_t(channel) * blocks / conv.in_channels == block) own.push_back(&conv.taps[t]);
    }
  }
  return taps;
}

/// Appends the entries of a group of rows.
RowGroup add_group(std::span<const int> rows, std::vector<TapList>& taps, bool reversed,
                   CompiledConv& result) {
  const auto add = [&](const Tap& tap) {
    result.value.push_back(tap.value);
    result.column.push_back(tap.channel * result.kernel + tap.tap);
    return int32_t(result.value.size());
  };
  RowGroup group{};
  std::fill_n(group.row, RowGroup::kMost, -1);
  std::copy(rows.begin(), rows.end(), group.row);
  group.begin = group.shared = int32_t(result.value.size());
  size_t shared = taps[size_t(rows[0])].size();
  for (int row : rows) {
    TapList& own = taps[size_t(row)];
    if (reversed) std::reverse(own.begin(), own.end());
    shared = std::min(shared, own.size());
  }
  for (size_t t = 0; t < shared; ++t) {
    for (int row : rows) group.shared = add(*taps[size_t(row)][t]);
  }
  for (size_t r = 0; r < RowGroup::kMost; ++r) {
    group.end[r] = int32_t(result.value.size());
    if (r >= rows.size()) continue;
    const TapList& own = taps[size_t(rows[r])];
    for (size_t t = shared; t < own.size(); ++t) group.end[r] = add(*own[t]);
  }
  return group;
}

/// The entries of all rows. Rows of nearly equal length share a group, and follow one another: the
/// processor then foresees where their loops end. Every other group takes its taps backwards,
/// beginning with the inputs that the one before it has just read.
void group_rows(const SparseConv& conv, CompiledConv& result, const Kernels& kernels) {
  const int together = kernels.sparse_rows;
  const int window = (kernels.tile * conv.stride + conv.kernel - 1) * kernels.lanes;
  const int channels = std::max(1, kernels.window / window);
  const int blocks = (conv.in_channels + channels - 1) / channels;
  const double parts = double(conv.rows.size()) * blocks;
  result.blocks = double(conv.taps.size()) >= kLeastPerBlock * parts ? blocks : 1;
  std::vector<int> order(conv.rows.size());
  for (int b = 0; b < result.blocks; ++b) {
    std::vector<TapList> taps = taps_of_block(conv, b, result.blocks);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int c) {
      return taps[size_t(a)].size() > taps[size_t(c)].size();
    });
    for (size_t at = 0; at < order.size(); at += size_t(together)) {
      const size_t count = std::min(size_t(together), order.size() - at);
      const bool whole = count == size_t(together);
      // A row that is left over has no partner to take turns with.
      RowGroup group = add_group(std::span(order).subspan(at, count), taps,
                                 at / size_t(together) % 2 == 1, result);
      if (!whole) group.shared = group.begin;
      result.groups.push_back(group);
    }
  }
  for (size_t r = 0; r < conv.rows.size(); ++r) {
    result.rows[r].ones_begin = int32_t(result.value.size());
    for (size_t t = conv.rows[r].mid; t < conv.rows[r].end; ++t) {
      result.value.push_back(conv.taps[t].value);
      result.column.push_back(conv.taps[t].channel * conv.kernel + conv.taps[t].tap);
    }
    result.rows[r].ones_end = int32_t(result.value.size());
  }
}

RowWork row_work(const Row& row) {
  return {.ones_begin = 0,
          .ones_end = 0,
          .channel = int32_t(row.channel),
          .edge_bias = row.edge_bias,
          .inner_bias = row.inner_bias,
          .scale = row.scale,
          .shift = row.shift,
          .floor = row.floor,
          .add_shortcut = row.add_shortcut,
          .store_raw = row.store_raw,
          .store_active = row.store_active};
}

/// All rows over the same columns, in blocks of `tile` rows: value [block][column][tile].
void pack(const SparseConv& conv, CompiledConv& result, int tile) {
  std::vector<int> place(size_t(conv.in_channels) + 1, -1);
  std::vector<int> channels = result.reads;
  if (result.uses_ones) channels.push_back(conv.in_channels);
  for (size_t i = 0; i < channels.size(); ++i) {
    place[size_t(channels[i])] = int(i) * conv.kernel;
    for (int k = 0; k < conv.kernel; ++k) {
      result.column.push_back(channels[i] * conv.kernel + k);
    }
  }
  const size_t columns = result.column.size();
  const size_t blocks = (conv.rows.size() + size_t(tile) - 1) / size_t(tile);
  result.value.assign(blocks * columns * size_t(tile), 0.0f);
  for (size_t r = 0; r < conv.rows.size(); ++r) {
    const Row& row = conv.rows[r];
    float* block = result.value.data() + r / size_t(tile) * columns * size_t(tile);
    for (size_t t = row.begin; t < row.end; ++t) {
      const Tap& tap = conv.taps[t];
      const size_t column = size_t(place[size_t(tap.channel)] + tap.tap);
      block[column * size_t(tile) + r % size_t(tile)] = tap.value;
    }
  }
}

}  // namespace

size_t CompiledConv::bytes() const {
  return rows.size() * sizeof(RowWork) + value.size() * sizeof(float) +
         column.size() * sizeof(int32_t) + groups.size() * sizeof(RowGroup) +
         reads.size() * sizeof(int);
}

CompiledConv compile(const SparseConv& conv, const Kernels& kernels) {
  CompiledConv result;
  result.in_channels = conv.in_channels;
  result.kernel = conv.kernel;
  result.stride = conv.stride;
  result.uses_ones = conv.uses_ones();
  std::set<int> reads;
  for (const Row& row : conv.rows) {
    result.rows.push_back(row_work(row));
    for (size_t t = row.begin; t < row.mid; ++t) reads.insert(conv.taps[t].channel);
  }
  result.reads.assign(reads.begin(), reads.end());
  result.multiplications = int64_t(conv.taps.size());
  const double places = double(conv.rows.size()) * double(reads.size()) * conv.kernel;
  result.dense = !conv.taps.empty() && double(conv.taps.size()) >= kDenseFrom * places;
  if (result.dense) {
    pack(conv, result, kernels.dense_rows);
  } else {
    group_rows(conv, result, kernels);
  }
  return result;
}

std::vector<Entry> entries_at(const CompiledConv& conv, const Layout& in, int pad_left,
                              ptrdiff_t ones) {
  std::vector<Entry> entries;
  entries.reserve(conv.column.size());
  for (size_t e = 0; e < conv.column.size(); ++e) {
    const int column = conv.column[e];
    const int channel = column / conv.kernel, tap = column % conv.kernel;
    const bool input = channel < conv.in_channels;
    const ptrdiff_t from = in.tap_offset(input ? channel : 0, tap, pad_left) + (input ? 0 : ones);
    entries.push_back({int32_t(from), conv.dense ? 0.0f : conv.value[e]});
  }
  return entries;
}

}  // namespace lth::inference
