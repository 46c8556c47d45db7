#include "cpu/kernels/conv1d_wgrad.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

// Register tile: 4 output channels x kColumns (input channel, tap) accumulators of one register;
// the parts of a Vec add to the same accumulator.
constexpr int kRows = 4;
constexpr int kColumns = kParts == 1 ? 4 : 3;

/// Positions per chunk: kRows rows of dy and one of x stay in a 32 KiB L1 cache. One chunk is
/// summed in float (every accumulator takes kParts terms per position), chunks in double.
constexpr int kChunkSteps = kParts == 4 ? 32 : 80;

/// Weights of a unit: its sums (double) stay in L2.
constexpr int kUnitWeights = 16384;
constexpr int kWantedUnits = 64;  // enough to balance 16 threads

/// sums[column][row] += sum over positions of dy[row] * x[column]
void wgrad_tile(const float* const (&dy)[kRows], const float* const (&x)[kColumns], int steps,
                ptrdiff_t x_step, double* sums) {
  FloatRegister acc[kColumns][kRows];
  LTH_UNROLL for (int c = 0; c < kColumns; ++c) {
    LTH_UNROLL for (int o = 0; o < kRows; ++o) { acc[c][o] = FloatRegister{}; }
  }
  const ptrdiff_t end = ptrdiff_t(steps) * kLanes;
  for (ptrdiff_t y_at = 0, x_at = 0; y_at < end; y_at += kLanes, x_at += x_step) {
    LTH_UNROLL for (int part = 0; part < kParts; ++part) {
      FloatRegister v[kColumns];
      LTH_UNROLL for (int c = 0; c < kColumns; ++c) {
        v[c] = load_register(x[c] + x_at + part * kRegisterFloats);
      }
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        const FloatRegister d = load_register(dy[o] + y_at + part * kRegisterFloats);
        LTH_UNROLL for (int c = 0; c < kColumns; ++c) { acc[c][o] += d * v[c]; }
      }
    }
  }
  LTH_UNROLL for (int c = 0; c < kColumns; ++c) {
    const FourFloats s = fold_groups(fold4(acc[c][0], acc[c][1], acc[c][2], acc[c][3]));
    for (int o = 0; o < kRows; ++o) sums[c * kRows + o] += double(s[o]);
  }
}

void bias_tile(const float* const (&dy)[kRows], int steps, double* sums) {
  FloatRegister acc[kRows];
  LTH_UNROLL for (int o = 0; o < kRows; ++o) { acc[o] = FloatRegister{}; }
  for (ptrdiff_t i = 0; i < ptrdiff_t(steps) * kLanes; i += kRegisterFloats) {
    LTH_UNROLL for (int o = 0; o < kRows; ++o) {
      acc[o] += load_register(dy[o] + i);
    }
  }
  const FourFloats s = fold_groups(fold4(acc[0], acc[1], acc[2], acc[3]));
  for (int o = 0; o < kRows; ++o) sums[o] += double(s[o]);
}

/// Sums of one unit: per block of kRows output channels, [columns + 1][kRows], the bias last.
struct UnitSums {
  int columns;         // Cin * K
  int padded_columns;  // a multiple of kColumns
  double* data;

  size_t block_size() const { return size_t(padded_columns + 1) * kRows; }
  double* block(int b) const { return data + b * block_size(); }
  double* bias(int b) const { return block(b) + size_t(padded_columns) * kRows; }
};

void add_chunk(const Conv1dDesc& d, const ConvWgrad& args, int group, int first, int last,
               int row_begin, int row_end, const UnitSums& sums) {
  const ptrdiff_t x_row = ptrdiff_t(args.x.row_stride());
  const float* x0 = args.x.row(group, 0) + ptrdiff_t(first * d.stride - d.pad_left) * kLanes;
  for (int row = row_begin, b = 0; row < row_end; row += kRows, ++b) {
    const float* dy[kRows];
    for (int o = 0; o < kRows; ++o) {  // rows past the last repeat it; their sums are not used
      dy[o] = args.dy.row(group, std::min(row + o, row_end - 1)) + ptrdiff_t(first) * kLanes;
    }
    bias_tile(dy, last - first, sums.bias(b));
    int channel = 0, tap = 0;
    for (int column = 0; column < sums.columns; column += kColumns) {
      const float* x[kColumns];
      for (int c = 0; c < kColumns; ++c) {
        x[c] = x0 + channel * x_row + ptrdiff_t(tap) * kLanes;
        if (column + c + 1 >= sums.columns) continue;  // columns past the last repeat it
        if (++tap == d.kernel) tap = 0, ++channel;
      }
      wgrad_tile(dy, x, last - first, ptrdiff_t(d.stride) * kLanes,
                 sums.block(b) + size_t(column) * kRows);
    }
  }
}

}  // namespace

void dense_wgrad(const Conv1dDesc& d, const ConvWgrad& args, ThreadPool& pool) {
  const int columns = d.in_channels * d.kernel;
  const int rows_per_unit = std::max(kRows, kUnitWeights / columns / kRows * kRows);
  const int min_ranges = ceil_div(d.out_channels, rows_per_unit);
  const int chunks = ceil_div(args.dy.shape.length, kChunkSteps) * args.dy.groups();
  const int segments = std::min(chunks, ceil_div(kWantedUnits, min_ranges));
  const int ranges = std::max(min_ranges, ceil_div(kWantedUnits, segments));
  const WgradUnits units = WgradUnits::divide(args.dy, kChunkSteps, segments, ranges, kRows);
  const size_t weights = size_t(d.weight_count());
  const size_t segment_size = weights + d.out_channels;
  float* partial = partial_sums(segment_size * units.segments);

  pool.parallel_for(units.count(), [&](int unit, int) {
    const int segment = unit / units.ranges;
    const int row_begin = unit % units.ranges * units.range_rows;
    const int row_end = std::min(row_begin + units.range_rows, d.out_channels);
    UnitSums sums{columns, ceil_div(columns, kColumns) * kColumns, nullptr};
    sums.data = unit_sums<double>(sums.block_size() * ceil_div(row_end - row_begin, kRows));
    units.for_each_chunk(args.dy, segment, [&](int group, int first, int last) {
      add_chunk(d, args, group, first, last, row_begin, row_end, sums);
    });
    float* weight = units.segments == 1 ? args.dweight : partial + segment * segment_size;
    float* bias = units.segments == 1 ? args.dbias : partial + segment * segment_size + weights;
    for (int row = row_begin; row < row_end; ++row) {
      const int b = (row - row_begin) / kRows, o = (row - row_begin) % kRows;
      const double* source = sums.block(b) + o;
      float* target = weight + size_t(row) * columns;
      for (int c = 0; c < columns; ++c) target[c] = float(source[size_t(c) * kRows]);
      bias[row] = float(sums.bias(b)[o]);
    }
  });
  if (units.segments == 1) return;

  constexpr size_t kReduceSize = 2048;
  pool.parallel_for(int((segment_size + kReduceSize - 1) / kReduceSize), [&](int unit, int) {
    const size_t begin = unit * kReduceSize, end = std::min(begin + kReduceSize, segment_size);
    double* sums = unit_sums<double>(kReduceSize);
    for (int s = 0; s < units.segments; ++s) {
      const float* source = partial + s * segment_size;
      for (size_t i = begin; i < end; ++i) sums[i - begin] += double(source[i]);
    }
    for (size_t i = begin; i < end; ++i) {
      (i < weights ? args.dweight[i] : args.dbias[i - weights]) = float(sums[i - begin]);
    }
  });
}

}  // namespace lth::cpu::LTH_ISA
