#include "cpu/kernels/conv1d_input.h"
#include "cpu/kernels/conv1d_wgrad_tile.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Positions per chunk: kTileRows rows of dy and one of x stay in a 32 KiB L1 cache. (Every
/// accumulator takes kParts terms per position.) 64 units are enough to balance 16 threads.
constexpr WgradSizes kSizes{
    .chunk_steps = kParts == 4 ? 32 : 80, .unit_weights = 16384, .wanted_units = 64};

void add_chunk(const Conv1dDesc& d, const ConvWgrad& args, int group, int first, int last,
               int row_begin, int row_end, const UnitSums& sums) {
  const int x_first = first * d.stride - d.pad_left;
  const int x_end = (last - 1) * d.stride - d.pad_left + d.kernel;
  const ConvInput source(args.x, args.folded);
  InputWindow input(source, group, x_first, source.row_stride(x_end - x_first));
  input.extend(x_end);
  const ptrdiff_t x_row = ptrdiff_t(input.row());
  const float* x0 = input.at(x_first);
  for (int row = row_begin, b = 0; row < row_end; row += kTileRows, ++b) {
    const float* dy[kTileRows];
    for (int o = 0; o < kTileRows; ++o) {  // rows past the last repeat it; their sums are not used
      dy[o] = args.dy.row(group, std::min(row + o, row_end - 1)) + ptrdiff_t(first) * kLanes;
    }
    bias_tile(dy, last - first, sums.bias(b));
    int channel = 0, tap = 0;
    for (int column = 0; column < sums.columns; column += kTileColumns) {
      const float* x[kTileColumns];
      for (int c = 0; c < kTileColumns; ++c) {
        x[c] = x0 + channel * x_row + ptrdiff_t(tap) * kLanes;
        if (column + c + 1 >= sums.columns) continue;  // columns past the last repeat it
        if (++tap == d.kernel) tap = 0, ++channel;
      }
      wgrad_tile<FloatOperands>(dy, x, last - first, ptrdiff_t(d.stride) * kLanes,
                                sums.block(b) + size_t(column) * kTileRows);
    }
  }
}

}  // namespace

void dense_wgrad(const Conv1dDesc& d, const ConvWgrad& args, ThreadPool& pool) {
  dense_wgrad_in_units(d, args, kSizes, pool,
                       [&](int group, int first, int last, int row_begin, int row_end,
                           const UnitSums& sums) {
                         add_chunk(d, args, group, first, last, row_begin, row_end, sums);
                       });
}

}  // namespace lth::cpu::LTH_ISA
