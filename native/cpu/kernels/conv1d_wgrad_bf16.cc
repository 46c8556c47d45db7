#include "cpu/kernels/conv1d_input.h"
#include "cpu/kernels/conv1d_wgrad_tile.h"

#if LTH_BF16

namespace lth::cpu::LTH_ISA {
namespace {

/// Positions per chunk: half as many lanes of kTileRows rows of dy, and as many of one row of x,
/// stay in a 32 KiB L1 cache. Units have more rows than those of float: each rounds x for itself.
constexpr WgradSizes kSizes{.chunk_steps = 128, .unit_weights = 32768, .wanted_units = 32};

/// target[i] = the pair (source[2 i], source[2 i + 1]); after an odd number of positions, with 0.
void pair_neighbours(const float* source, int count, float* target) {
  int p = 0;
  for (; p + 1 < count; p += 2, source += 2 * kLanes, target += kLanes) {
    store_register(target, Bf16Operands::pair(load_register(source),
                                              load_register(source + kLanes)));
  }
  if (p < count) store_register(target, Bf16Operands::pair(load_register(source), FloatRegister{}));
}

/// target[p] = the pair (source[p], source[p + stride]), with 0 past the last position.
void pair_by_stride(const float* source, int count, int stride, float* target) {
  const ptrdiff_t next = ptrdiff_t(stride) * kLanes;
  for (int p = 0; p < count; ++p, source += kLanes, target += kLanes) {
    const bool both = p + stride < count;
    const FloatRegister second = both ? load_register(source + next) : FloatRegister{};
    store_register(target, Bf16Operands::pair(load_register(source), second));
  }
}

/// Works on pairs of positions: for every tap, two consecutive positions of dy (the first is even)
/// are multiplied with two positions of x that are a stride apart. Both are rounded into memory of
/// this thread: dy for all rows, which stays in L2, and x channel by channel, which stays in L1.
void add_chunk(const Conv1dDesc& d, const ConvWgrad& args, int group, int first, int last,
               int row_begin, int row_end, const UnitSums& sums) {
  const int positions = last - first, pairs = ceil_div(positions, 2);
  const int reach = (positions - 1) * d.stride + d.kernel;  // positions of x
  const int rows = row_end - row_begin, blocks = ceil_div(rows, kTileRows);
  const size_t dy_row = odd_row(pairs), x_size = odd_row(reach);
  thread_local Array<float> memory;
  float* const x = memory.reserve(2 * x_size + dy_row * rows);
  float* const normalized = x + x_size;
  float* const dy = normalized + x_size;
  const ConvInput input(args.x, args.folded);
  const int x_first = first * d.stride - d.pad_left;

  for (int row = 0; row < rows; ++row) {
    pair_neighbours(args.dy.row(group, row_begin + row) + ptrdiff_t(first) * kLanes, positions,
                    dy + row * dy_row);
  }
  for (int b = 0; b < blocks; ++b) {
    const float* source[kTileRows];
    for (int o = 0; o < kTileRows; ++o) {
      const int row = std::min(row_begin + b * kTileRows + o, row_end - 1);
      source[o] = args.dy.row(group, row) + ptrdiff_t(first) * kLanes;
    }
    bias_tile(source, positions, sums.bias(b));
  }
  for (int channel = 0; channel < d.in_channels; ++channel) {
    pair_by_stride(input.read(group, channel, x_first, x_first + reach, normalized), reach,
                   d.stride, x);
    for (int b = 0; b < blocks; ++b) {
      const float* source[kTileRows];
      for (int o = 0; o < kTileRows; ++o) {  // rows past the last repeat it, for sums not used
        source[o] = dy + std::min(b * kTileRows + o, rows - 1) * dy_row;
      }
      double* target = sums.block(b) + size_t(channel) * d.kernel * kTileRows;
      for (int tap = 0; tap < d.kernel; tap += kTileColumns) {
        const float* taps[kTileColumns];
        for (int c = 0; c < kTileColumns; ++c) {  // as with rows
          taps[c] = x + ptrdiff_t(std::min(tap + c, d.kernel - 1)) * kLanes;
        }
        double tile[kTileColumns * kTileRows] = {};
        wgrad_tile<Bf16Operands>(source, taps, pairs, ptrdiff_t(2 * d.stride) * kLanes, tile);
        const int columns = std::min(kTileColumns, d.kernel - tap);
        for (int i = 0; i < columns * kTileRows; ++i) target[tap * kTileRows + i] += tile[i];
      }
    }
  }
}

}  // namespace

void bf16_wgrad(const Conv1dDesc& d, const ConvWgrad& args, ThreadPool& pool) {
  dense_wgrad_in_units(d, args, kSizes, pool,
                       [&](int group, int first, int last, int row_begin, int row_end,
                           const UnitSums& sums) {
                         add_chunk(d, args, group, first, last, row_begin, row_end, sums);
                       });
}

}  // namespace lth::cpu::LTH_ISA

#endif
