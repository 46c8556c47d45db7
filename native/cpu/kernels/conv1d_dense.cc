#include "cpu/kernels/conv1d_dense.h"

#include "cpu/kernels/conv1d_input.h"
#include "cpu/kernels/conv1d_output.h"
#include "cpu/kernels/conv1d_prefetch.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

// Register tile: kRows x kColumns accumulators, one row of inputs and a weight; the parts of the
// lanes take turns. 32 registers (AVX-512, NEON): 24 + 3 + 1; 16 (AVX2): 12 + 3 + 1; SSE2 needs one
// more for products.
constexpr int kRows = kRegisters == 32 ? 8 : 4;
constexpr int kColumns = kParts == 4 && kRegisters == 16 ? 2 : 3;

/// Number of products summed in one accumulator before it is added to the total, so that rounding
/// errors do not grow with Cin * K.
constexpr int kTermsPerPartial = 256;

/// Bytes of inputs that a block of rows of channels reads for the positions it is computed for at a
/// time: they stay in a 32 KiB L1 cache, beside the weights, while all output channels pass. The
/// prefetched ones of the next positions may push some out, to L2.
constexpr size_t kL1Inputs = size_t(28) << 10;

/// One block of rows of input channels; lanes hold Operands::kTerms channels each.
struct TileInput {
  const float* x;        ///< first row of the block, position of tap 0 in column 0
  size_t x_row;          ///< from row to row of channels
  const float* weight;   ///< [depth][taps][kRows]
  int depth;             ///< rows of the block
  int taps;
  float* sums;           ///< [kRows][columns][16] of the blocks so far
  bool first;
  bool last;             ///< then the sums go to the output
};

template <int Columns>
using Tile = FloatRegister[kRows][Columns][1];

/// acc = sums over the block of one part of the lanes.
template <class Operands, int Columns, int Step>
[[gnu::always_inline]] inline void sum_channels(const TileInput& in, int part, Tile<Columns>& acc) {
  LTH_UNROLL for (int o = 0; o < kRows; ++o) {
    LTH_UNROLL for (int c = 0; c < Columns; ++c) acc[o][c][0] = FloatRegister{};
  }
  const float* w = in.weight;
  for (int i = 0; i < in.depth; ++i) {
    const float* x = in.x + i * in.x_row + part * kRegisterFloats;
    for (int t = 0; t < in.taps; ++t, x += kLanes, w += kRows) {
      FloatRegister v[Columns];
      LTH_UNROLL for (int c = 0; c < Columns; ++c) v[c] = load_register(x + c * Step * kLanes);
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          Operands::add_product(acc[o][c][0], w[o], v[c]);
        }
      }
    }
  }
}

template <class Operands, int Columns, int InStep, int OutStep>
void dense_tile(const TileInput& in, const OutputTile<OutStep>& out, int rows) {
  if (in.last) {
    LTH_UNROLL for (int o = 0; o < kRows; ++o) {
      if (o < rows) out.template prefetch_add<Columns>(o);
    }
  }
  for (int part = 0; part < kParts; ++part) {
    Tile<Columns> acc;
    sum_channels<Operands, Columns, InStep>(in, part, acc);
    float* sums = in.sums + part * kRegisterFloats;
    if (!in.first) {
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          acc[o][c][0] = load_register(sums + (o * Columns + c) * kLanes) + acc[o][c][0];
        }
      }
    }
    if (in.last) {
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        if (o < rows) out.write(o, part, acc[o]);
      }
    } else {
      LTH_UNROLL for (int o = 0; o < kRows; ++o) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          store_register(sums + (o * Columns + c) * kLanes, acc[o][c][0]);
        }
      }
    }
  }
}

template <class Operands, int InStep, int OutStep>
void dense_columns(int columns, const TileInput& in, const OutputTile<OutStep>& out, int rows) {
  if (columns == 1) return dense_tile<Operands, 1, InStep>(in, out, rows);
  if (columns == 2) return dense_tile<Operands, 2, InStep>(in, out, rows);
  dense_tile<Operands, 3, InStep>(in, out, rows);
}
static_assert(kColumns <= 3);

/// Output steps per unit: its inputs stay in L2 while each block of rows passes over them.
template <class Operands>
int dense_chunk_steps(const PassGeometry& g) {
  return std::clamp(3072 * Operands::kTerms / g.in_channels, 24, 96 * Operands::kTerms);
}

/// The lane of weights that meets a lane of inputs.
/// @param channels that are left, at least 1
float weight_lane(FloatOperands, const float* weight, size_t, int) { return *weight; }

/// A unit's inputs as the tiles read them, in lanes of Operands.
template <class Operands>
class UnitInput;

template <>
class UnitInput<FloatOperands> {
 public:
  UnitInput(const PassGeometry& g, const PassData& data, const PassUnit& unit)
      : source_(data.in, data.folded) {
    const auto [first, end] = unit_reach(g, unit);
    window_ = InputWindow(source_, unit.group, first, source_.row_stride(end - first));
  }
  UnitInput(const UnitInput&) = delete;  // the window refers to the source

  void extend(int end) { window_.extend(end); }
  /// Position `position` of row `row` of channels.
  const float* at(int row, int position) const {
    return window_.at(position) + ptrdiff_t(row) * ptrdiff_t(window_.row());
  }
  size_t row() const { return window_.row(); }
  NextStrip after(int end, int row, int rows) const { return window_.after(end, row, rows); }

 private:
  ConvInput source_;
  InputWindow window_;
};

#if LTH_BF16

float weight_lane(Bf16Operands, const float* weight, size_t in_stride, int channels) {
  const float second = channels > 1 ? weight[in_stride] : 0;
  const auto pair = _mm_cvtneps_pbh(_mm_set_ps(0, 0, second, *weight));
  return std::bit_cast<float>(_mm_cvtsi128_si32((__m128i)pair));
}

/// The positions of all channels that the unit's taps reach, rounded.
template <>
class UnitInput<Bf16Operands> {
 public:
  UnitInput(const PassGeometry& g, const PassData& data, const PassUnit& unit) {
    const auto [first, end] = unit_reach(g, unit);
    if (first == end) return;  // nothing is read
    const ConvInput source(data.in, data.folded);
    first_ = first;
    row_ = odd_row(end - first);
    const int depth = ceil_div(g.in_channels, 2);
    thread_local Array<float> memory;
    float* const target = memory.reserve((depth + 2) * row_);
    float* const pair = target + depth * row_;
    const size_t size = size_t(end - first) * kLanes;
    for (int i = 0; i < depth; ++i) {
      const float* a = source.read(unit.group, 2 * i, first, end, pair);
      float* to = target + i * row_;
      if (2 * i + 1 < g.in_channels) {
        const float* b = source.read(unit.group, 2 * i + 1, first, end, pair + row_);
        for (size_t p = 0; p < size; p += kLanes) {
          store_register(to + p, Bf16Operands::pair(load_register(a + p), load_register(b + p)));
        }
      } else {
        for (size_t p = 0; p < size; p += kLanes) {
          store_register(to + p, Bf16Operands::pair(load_register(a + p), FloatRegister{}));
        }
      }
    }
    x_ = target;
  }

  void extend(int) {}
  const float* at(int row, int position) const {
    return x_ + ptrdiff_t(row) * ptrdiff_t(row_) + ptrdiff_t(position - first_) * kLanes;
  }
  size_t row() const { return row_; }
  /// They are in the caches: their rows were read from end to end.
  NextStrip after(int, int, int) const { return {x_, 0, 0}; }

 private:
  const float* x_ = nullptr;
  size_t row_ = 0;
  int first_ = 0;
};

#endif

}  // namespace

template <class Operands>
DensePass<Operands>::DensePass(const PassGeometry& geometry, int block) : geometry_(geometry) {
  const int channels = block ? block : std::max(1, kTermsPerPartial / std::max(1, geometry.kernel));
  block_ = ceil_div(channels, Operands::kTerms);
  const size_t rows = size_t(ceil_div(geometry.out_channels, kRows)) * kRows;
  for (int s = 0; s < geometry.set_count; ++s) {
    set_begin_[s] = packed_size_;
    packed_size_ += rows * depth() * geometry.sets[s].taps;
  }
}

template <class Operands>
void DensePass<Operands>::pack(const float* weight, float* packed, ThreadPool& pool) const {
  const PassGeometry& g = geometry_;
  pool.parallel_for(ceil_div(g.out_channels, kRows), [&](int block, int) {
    const int rows = std::min(kRows, g.out_channels - block * kRows);
    for (int s = 0; s < g.set_count; ++s) {
      const TapSet& set = g.sets[s];
      float* target = packed + set_begin_[s] + size_t(block) * depth() * set.taps * kRows;
      for (int i = 0; i < g.in_channels; i += Operands::kTerms) {
        const float* source = weight + size_t(block) * kRows * g.weight_out_stride +
                              size_t(i) * g.weight_in_stride + set.k_first;
        for (int o = 0; o < kRows; ++o) {
          for (int t = 0; t < set.taps; ++t) {
            const float* weights = source + size_t(o) * g.weight_out_stride + t * set.k_step;
            target[t * kRows + o] = o < rows ? weight_lane(Operands{}, weights, g.weight_in_stride,
                                                           g.in_channels - i)
                                             : 0;
          }
        }
        target += set.taps * kRows;
      }
    }
  });
}

template <class Operands>
void DensePass<Operands>::run(const float* weight, const PassData& data, ThreadPool& pool) {
  thread_local Array<float> memory;
  float* const packed = memory.reserve(packed_size_);
  pack(weight, packed, pool);
  const int chunk_steps = dense_chunk_steps<Operands>(geometry_);
  const PassUnits units = PassUnits::divide(geometry_, data.out, chunk_steps, kColumns, kRows,
                                           pool.threads());
  pool.parallel_for(units.count, [&](int index, int) {
    run_unit(packed, data, open_unit(geometry_, data, units, index));
    if (bypasses_caches(data)) stream_fence();
  });
}

template <class Operands>
void DensePass<Operands>::run_unit(const float* packed, const PassData& data,
                                   const PassUnit& unit) const {
  if (geometry_.in_step == 2) return run_steps<2, 1>(packed, data, unit);
  if (geometry_.out_step == 2) return run_steps<1, 2>(packed, data, unit);
  run_steps<1, 1>(packed, data, unit);
}

template <class Operands>
template <int InStep, int OutStep>
void DensePass<Operands>::run_steps(const float* packed, const PassData& data,
                                    const PassUnit& unit) const {
  const PassGeometry& g = geometry_;
  UnitInput<Operands> input(g, data, unit);
  const int row_blocks = ceil_div(unit.row_end - unit.row_begin, kRows);
  const size_t tile_sums = size_t(kRows) * kColumns * kLanes;
  thread_local Array<float> memory;
  for (int s = 0; s < g.set_count; ++s) {
    const TapSet& set = g.sets[s];
    const int end = unit.step_end(set, OutStep);
    const int block = std::min(block_, depth());
    const int reach = int(kL1Inputs / (size_t(block) * kLanes * sizeof(float))) - set.taps;
    const int tiles = std::max(1, reach / InStep / kColumns);
    float* sums = memory.reserve(row_blocks * tiles * tile_sums);
    for (int group = unit.step_begin; group < end; group += tiles * kColumns) {
      const int group_end = std::min(group + tiles * kColumns, end);
      const int read = set.inputs_end(group_end, InStep);
      if (set.taps > 0) input.extend(read);
      for (int first = 0; first == 0 || first < depth(); first += block) {
        TileInput in;
        in.x_row = input.row();
        in.depth = std::min(block, depth() - first);
        in.taps = set.taps;
        in.sums = sums;
        in.first = first == 0;
        in.last = first + block >= depth();
        const NextStrip next = input.after(read, first, set.taps > 0 ? in.depth : 0);
        for (int row = unit.row_begin; row < unit.row_end; row += kRows) {
          const int rows = std::min(kRows, unit.row_end - row);
          next.prefetch((row - unit.row_begin) / kRows, row_blocks, (group_end - group) * InStep);
          in.weight = packed + set_begin_[s] +
                      (size_t(row) * depth() + size_t(first) * kRows) * set.taps;
          for (int j = group; j < group_end; j += kColumns, in.sums += tile_sums) {
            in.x = input.at(first, j * InStep + set.base);
            const int columns = std::min(kColumns, group_end - j);
            dense_columns<Operands, InStep>(
                columns, in, OutputTile<OutStep>::at(data, set, unit, row, j, columns), rows);
          }
        }
      }
    }
  }
}

template class DensePass<FloatOperands>;
#if LTH_BF16
template class DensePass<Bf16Operands>;
#endif

}  // namespace lth::cpu::LTH_ISA
