#include "cpu/kernels/conv1d_dense.h"

#include "cpu/kernels/conv1d_output.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

// Register tile: kRows x kColumns accumulators, one row of inputs and a weight; the parts of the
// lanes take turns. 32 registers (AVX-512): 24 + 3 + 1; 16 (AVX2): 12 + 3 + 1; SSE2 needs one more
// for products.
constexpr int kRows = kParts == 1 ? 8 : 4;
constexpr int kColumns = kParts == 4 ? 2 : 3;

/// Products summed in one accumulator before it is added to the total, so that rounding errors do
/// not grow with Cin * K.
constexpr int kTermsPerPartial = 256;

struct TileInput {
  const float* x;        ///< channel 0, position of tap 0 in column 0
  size_t x_row;          ///< floats from channel to channel
  const float* weight;   ///< [I][taps][kRows]
  int channels;
  int taps;
  int block;             ///< channels per partial sum
};

template <int Columns>
using Tile = FloatRegister[kRows][Columns];

/// acc = sums over input channels [begin, end) of one part of the lanes.
template <int Columns, int Step>
[[gnu::always_inline]] inline void sum_channels(const TileInput& in, int part, int begin, int end,
                                                Tile<Columns>& acc) {
  LTH_UNROLL for (int o = 0; o < kRows; ++o) {
    LTH_UNROLL for (int c = 0; c < Columns; ++c) acc[o][c] = FloatRegister{};
  }
  const float* w = in.weight + size_t(begin) * in.taps * kRows;
  for (int i = begin; i < end; ++i) {
    const float* x = in.x + i * in.x_row + part * kRegisterFloats;
    for (int t = 0; t < in.taps; ++t, x += kLanes, w += kRows) {
      FloatRegister v[Columns];
      LTH_UNROLL for (int c = 0; c < Columns; ++c) v[c] = load_register(x + c * Step * kLanes);
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) acc[o][c] += w[o] * v[c];
      }
    }
  }
}

template <int Columns, int Step>
void dense_tile(const TileInput& in, const OutputTile& out, int rows) {
  const int block = in.block;
  for (int part = 0; part < kParts; ++part) {
    Tile<Columns> acc;
    sum_channels<Columns, Step>(in, part, 0, std::min(block, in.channels), acc);
    if (block < in.channels) {
      Tile<Columns> total;
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) total[o][c] = acc[o][c];
      }
      for (int i = block; i < in.channels; i += block) {
        sum_channels<Columns, Step>(in, part, i, std::min(i + block, in.channels), acc);
        LTH_UNROLL for (int o = 0; o < kRows; ++o) {
          LTH_UNROLL for (int c = 0; c < Columns; ++c) total[o][c] += acc[o][c];
        }
      }
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) acc[o][c] = total[o][c];
      }
    }
    LTH_UNROLL for (int o = 0; o < kRows; ++o) {
      if (o < rows) out.write(o, part, acc[o]);
    }
  }
}

template <int Step>
void dense_columns(int columns, const TileInput& in, const OutputTile& out, int rows) {
  if (columns == 1) return dense_tile<1, Step>(in, out, rows);
  if (columns == 2) return dense_tile<2, Step>(in, out, rows);
  dense_tile<3, Step>(in, out, rows);
}
static_assert(kColumns <= 3);

/// Output steps per unit: its inputs stay in L2 while each block of rows passes over them.
int dense_chunk_steps(const PassGeometry& g) {
  return std::clamp(3072 / g.in_channels, 24, 96);
}

}  // namespace

DensePass::DensePass(const PassGeometry& geometry, int block)
    : geometry_(geometry),
      block_(block ? block : std::max(1, kTermsPerPartial / std::max(1, geometry.kernel))) {
  const size_t rows = size_t(ceil_div(geometry.out_channels, kRows)) * kRows;
  size_t total = 0;
  for (int s = 0; s < geometry.set_count; ++s) {
    set_begin_[s] = total;
    total += rows * geometry.in_channels * geometry.sets[s].count;
  }
  packed_.resize(total);
}

void DensePass::pack(const float* weight, ThreadPool& pool) {
  const PassGeometry& g = geometry_;
  pool.parallel_for(ceil_div(g.out_channels, kRows), [&](int block, int) {
    const int rows = std::min(kRows, g.out_channels - block * kRows);
    for (int s = 0; s < g.set_count; ++s) {
      const TapSet& set = g.sets[s];
      float* target = packed_.data() + set_begin_[s] +
                      size_t(block) * g.in_channels * set.count * kRows;
      for (int i = 0; i < g.in_channels; ++i) {
        const float* source = weight + size_t(block) * kRows * g.weight_out_stride +
                              i * g.weight_in_stride + set.k_first;
        for (int o = 0; o < kRows; ++o) {
          for (int t = 0; t < set.count; ++t) {
            target[t * kRows + o] = o < rows ? source[o * g.weight_out_stride + t * set.k_step] : 0;
          }
        }
        target += set.count * kRows;
      }
    }
  });
}

void DensePass::run(const float* weight, const PassData& data, ThreadPool& pool) {
  pack(weight, pool);
  const PassUnits units =
      PassUnits::divide(geometry_, data.out, dense_chunk_steps(geometry_), kColumns, kRows);
  pool.parallel_for(units.count, [&](int index, int) {
    run_unit(data, open_unit(geometry_, data, units, index));
    if (bypasses_caches(data)) stream_fence();
  });
}

void DensePass::run_unit(const PassData& data, const PassUnit& unit) const {
  const PassGeometry& g = geometry_;
  for (int s = 0; s < g.set_count; ++s) {
    const TapSet& set = g.sets[s];
    const int end = unit.step_end(set, g.out_step);
    for (int row = unit.row_begin; row < unit.row_end; row += kRows) {
      const int rows = std::min(kRows, unit.row_end - row);
      TileInput in;
      in.x_row = data.in.row_stride();
      in.weight = packed_.data() + set_begin_[s] + size_t(row) * g.in_channels * set.count;
      in.channels = g.in_channels;
      in.taps = set.count;
      in.block = block_;
      for (int j = unit.step_begin; j < end; j += kColumns) {
        in.x = data.in.row(unit.group, 0) + ptrdiff_t(j * g.in_step + set.offset) * kLanes;
        const OutputTile out = OutputTile::at(g, data, set, unit.group, row, j);
        const int columns = std::min(kColumns, end - j);
        if (g.in_step == 1) {
          dense_columns<1>(columns, in, out, rows);
        } else {
          dense_columns<2>(columns, in, out, rows);
        }
      }
    }
  }
}

}  // namespace lth::cpu::LTH_ISA
