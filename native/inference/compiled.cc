#include "inference/compiled.h"

#include <set>

namespace lth::inference {
namespace {

/// Survivors per place of rows x channels read from which the dense kernel is faster: it reads each
/// input once for several rows.
constexpr double kDenseFrom = 0.6;

/// Input channels of a block: with the positions of a tile they fit L1 beside the rows' sums.
constexpr int kBlockChannels = 16;
/// Survivors per row and block from which blocks pay for storing and loading the sums.
constexpr double kLeastPerBlock = 8;

void divide_rows(const FoldedConv& conv, CompiledConv& result) {
  const int blocks = (conv.in_channels + kBlockChannels - 1) / kBlockChannels;
  const double parts = double(conv.rows.size()) * blocks;
  result.blocks = double(conv.taps.size()) >= kLeastPerBlock * parts ? blocks : 1;
  for (const FoldedRow& row : conv.rows) {
    size_t at = row.begin;
    for (int b = 0; b < result.blocks; ++b) {
      while (at < row.mid && conv.taps[at].channel < b * kBlockChannels) ++at;
      result.block_begin.push_back(int32_t(at));
    }
  }
}

RowWork row_work(const FoldedRow& row) {
  return {int32_t(row.begin), int32_t(row.mid), int32_t(row.end), int32_t(row.channel),
          row.edge_bias,      row.inner_bias,   row.scale,        row.shift,
          row.add_shortcut,   row.store_raw,    row.store_active};
}

/// All rows over the same columns, in blocks of `tile` rows: value [block][column][tile].
void pack(const FoldedConv& conv, CompiledConv& result, int tile) {
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
    RowWork& row = result.rows[r];
    float* block = result.value.data() + r / size_t(tile) * columns * size_t(tile);
    for (size_t t = size_t(row.begin); t < size_t(row.end); ++t) {
      const FoldedTap& tap = conv.taps[t];
      const size_t column = size_t(place[size_t(tap.channel)] + tap.tap);
      block[column * size_t(tile) + r % size_t(tile)] = tap.value;
    }
    row.begin = 0;
    row.mid = row.end = int32_t(columns);
  }
}

}  // namespace

size_t CompiledConv::bytes() const {
  return rows.size() * sizeof(RowWork) + value.size() * sizeof(float) +
         column.size() * sizeof(int32_t) +
         block_begin.size() * sizeof(int32_t) + reads.size() * sizeof(int);
}

CompiledConv compile(const FoldedConv& conv, const Kernels& kernels) {
  CompiledConv result;
  result.in_channels = conv.in_channels;
  result.kernel = conv.kernel;
  result.stride = conv.stride;
  result.uses_ones = conv.uses_ones();
  std::set<int> reads;
  for (const FoldedRow& row : conv.rows) {
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
    for (const FoldedTap& tap : conv.taps) {
      result.value.push_back(tap.value);
      result.column.push_back(tap.channel * conv.kernel + tap.tap);
    }
    divide_rows(conv, result);
  }
  return result;
}

std::vector<int32_t> entry_offsets(const CompiledConv& conv, const Layout& in, int pad_left,
                                   ptrdiff_t ones) {
  std::vector<int32_t> offsets;
  offsets.reserve(conv.column.size());
  for (int32_t column : conv.column) {
    const int channel = column / conv.kernel, tap = column % conv.kernel;
    const bool input = channel < conv.in_channels;
    offsets.push_back(
        int32_t(in.tap_offset(input ? channel : 0, tap, pad_left) + (input ? 0 : ones)));
  }
  return offsets;
}

}  // namespace lth::inference
