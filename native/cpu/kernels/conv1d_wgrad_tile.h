#pragma once

#include "cpu/kernels/conv1d_operands.h"
#include "cpu/kernels/conv1d_wgrad.h"

/// Shared by the dense weight gradients for all operands: the register tile, the sums of a unit and
/// the division of the work.
namespace lth::cpu::LTH_ISA {

// Register tile: 4 output channels x kTileColumns (input channel, tap) accumulators of one
// register; the parts of a Vec add to the same accumulator.
inline constexpr int kTileRows = 4;
inline constexpr int kTileColumns = kRegisters == 32 ? 4 : 3;

/// sums[column][row] += sum over lanes of dy[row] * x[column]. In each of the steps dy advances by
/// 16 lanes, x by `x_step`.
template <class Operands>
void wgrad_tile(const float* const (&dy)[kTileRows], const float* const (&x)[kTileColumns],
                int steps, ptrdiff_t x_step, double* sums) {
  FloatRegister acc[kTileColumns][kTileRows];
  LTH_UNROLL for (int c = 0; c < kTileColumns; ++c) {
    LTH_UNROLL for (int o = 0; o < kTileRows; ++o) { acc[c][o] = FloatRegister{}; }
  }
  const ptrdiff_t end = ptrdiff_t(steps) * kLanes;
  for (ptrdiff_t y_at = 0, x_at = 0; y_at < end; y_at += kLanes, x_at += x_step) {
    LTH_UNROLL for (int part = 0; part < kParts; ++part) {
      FloatRegister v[kTileColumns];
      LTH_UNROLL for (int c = 0; c < kTileColumns; ++c) {
        v[c] = load_register(x[c] + x_at + part * kRegisterFloats);
      }
      LTH_UNROLL for (int o = 0; o < kTileRows; ++o) {
        const FloatRegister d = load_register(dy[o] + y_at + part * kRegisterFloats);
        LTH_UNROLL for (int c = 0; c < kTileColumns; ++c) {
          Operands::add_product(acc[c][o], d, v[c]);
        }
      }
    }
  }
#if defined(__AVX512F__)
  add_folded(acc, sums);
#else
  LTH_UNROLL for (int c = 0; c < kTileColumns; ++c) {
    const FourFloats s = fold_groups(fold4(acc[c][0], acc[c][1], acc[c][2], acc[c][3]));
    for (int o = 0; o < kTileRows; ++o) sums[c * kTileRows + o] += double(s[o]);
  }
#endif
}

/// sums[row] += sum over `steps` positions of dy[row], in float for all operands.
inline void bias_tile(const float* const (&dy)[kTileRows], int steps, double* sums) {
  FloatRegister acc[kTileRows];
  LTH_UNROLL for (int o = 0; o < kTileRows; ++o) { acc[o] = FloatRegister{}; }
  for (ptrdiff_t i = 0; i < ptrdiff_t(steps) * kLanes; i += kRegisterFloats) {
    LTH_UNROLL for (int o = 0; o < kTileRows; ++o) {
      acc[o] += load_register(dy[o] + i);
    }
  }
  const FourFloats s = fold_groups(fold4(acc[0], acc[1], acc[2], acc[3]));
  for (int o = 0; o < kTileRows; ++o) sums[o] += double(s[o]);
}

/// Sums of one unit: per block of kTileRows output channels, [columns + 1][kTileRows], the bias
/// last.
struct UnitSums {
  int columns;         // Cin * K
  int padded_columns;  // what the tiles write, which may be past the last
  double* data;

  size_t block_size() const { return size_t(padded_columns + 1) * kTileRows; }
  double* block(int b) const { return data + b * block_size(); }
  double* bias(int b) const { return block(b) + size_t(padded_columns) * kTileRows; }
};

/// The granularity of the division of the work.
struct WgradSizes {
  int chunk_steps;    ///< output positions summed in float, before they are added in double
  int unit_weights;   ///< of a unit: its sums (double) stay in L2
  int wanted_units;
};

/// The weight gradient from add_chunk(group, first, last, row_begin, row_end, sums), which adds the
/// products of output positions [first, last) of a group and of rows [row_begin, row_end).
template <class AddChunk>
void dense_wgrad_in_units(const Conv1dDesc& d, const ConvWgrad& args, const WgradSizes& sizes,
                          ThreadPool& pool, const AddChunk& add_chunk) {
  const int columns = d.in_channels * d.kernel;
  const int rows_per_unit =
      std::max(kTileRows, sizes.unit_weights / columns / kTileRows * kTileRows);
  const int min_ranges = ceil_div(d.out_channels, rows_per_unit);
  const int chunks = ceil_div(args.dy.shape.length, sizes.chunk_steps) * args.dy.groups();
  const int segments = std::min(chunks, ceil_div(sizes.wanted_units, min_ranges));
  const int ranges = std::max(min_ranges, ceil_div(sizes.wanted_units, segments));
  const WgradUnits units =
      WgradUnits::divide(args.dy, sizes.chunk_steps, segments, ranges, kTileRows);
  const size_t weights = size_t(d.weight_count());
  const size_t segment_size = weights + d.out_channels;
  float* partial = partial_sums(segment_size * units.segments);

  pool.parallel_for(units.count(), [&](int unit, int) {
    const int segment = unit / units.ranges;
    const int row_begin = unit % units.ranges * units.range_rows;
    const int row_end = std::min(row_begin + units.range_rows, d.out_channels);
    UnitSums sums{columns, columns + kTileColumns - 1, nullptr};
    sums.data = unit_sums<double>(sums.block_size() * ceil_div(row_end - row_begin, kTileRows));
    units.for_each_chunk(args.dy, segment, [&](int group, int first, int last) {
      add_chunk(group, first, last, row_begin, row_end, sums);
    });
    float* weight = units.segments == 1 ? args.dweight : partial + segment * segment_size;
    float* bias = units.segments == 1 ? args.dbias : partial + segment * segment_size + weights;
    for (int row = row_begin; row < row_end; ++row) {
      const int b = (row - row_begin) / kTileRows, o = (row - row_begin) % kTileRows;
      const double* source = sums.block(b) + o;
      float* target = weight + size_t(row) * columns;
      for (int c = 0; c < columns; ++c) target[c] = float(source[size_t(c) * kTileRows]);
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
