#include "cpu/kernels/conv1d_sparse.h"

#include "cpu/kernels/conv1d_output.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// The most positions of a strip: one accumulator each, beside a weight (and a product, for SSE2).
constexpr int kMaxStrip = kRegisters == 32 ? 24 : 12;

/// Rows of a unit, if there are as many: they share the inputs that each block brings into L1.
constexpr int kLeastRows = 16;

/// The entries of one block of input channels, for one strip.
struct StripBlock {
  const float* x;         ///< channel 0, position j * in_step of the strip's first column
  const int32_t* begin;   ///< [rows + 1] entries of each row
  const int32_t* offset;  ///< floats from x
  const float* value;
  float* sums;            ///< [rows][columns][16] of the blocks so far
  bool first;
  bool last;              ///< then the sums go to the output
};

template <int Columns, int Step>
void strip_rows(const StripBlock& in, OutputTile out, int rows) {
  for (int row = 0; row < rows; ++row) {
    if (in.last) out.prefetch_add<Columns>(row);
    for (int part = 0; part < kParts; ++part) {
      FloatRegister acc[Columns];
      LTH_UNROLL for (int c = 0; c < Columns; ++c) acc[c] = FloatRegister{};
      const int32_t end = in.begin[row + 1];
      for (int32_t e = in.begin[row]; e < end; ++e) {
        const float* x = in.x + in.offset[e] + part * kRegisterFloats;
        const FloatRegister w = in.value[e] - FloatRegister{};
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          acc[c] += w * load_register(x + c * Step * kLanes);
        }
      }
      float* sums = in.sums + row * size_t(Columns * kLanes) + part * kRegisterFloats;
      if (!in.first) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          acc[c] += load_register(sums + c * kLanes);
        }
      }
      if (in.last) {
        out.write(row, part, acc);
      } else {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          store_register(sums + c * kLanes, acc[c]);
        }
      }
    }
  }
}

using StripKernel = void (*)(const StripBlock&, OutputTile, int rows);

/// Kernels by in_step - 1 and columns - 1.
struct StripKernels {
  StripKernel kernel[2][kMaxStrip];
};
constexpr StripKernels kStripKernels = []<int... I>(std::integer_sequence<int, I...>) {
  return StripKernels{{{strip_rows<I + 1, 1>...}, {strip_rows<I + 1, 2>...}}};
}(std::make_integer_sequence<int, kMaxStrip>{});

/// Cuts [begin, end) into strips of nearly equal size <= kMaxStrip and calls body(first, size).
template <class Body>
void for_each_strip(int begin, int end, const Body& body) {
  const int strips = ceil_div(end - begin, kMaxStrip);
  for (int s = 0; s < strips; ++s) {
    const int first = begin + int(int64_t(end - begin) * s / strips);
    const int next = begin + int(int64_t(end - begin) * (s + 1) / strips);
    body(first, next - first);
  }
}

/// Output steps per unit: several strips, so that neighbours share inputs in L2.
int sparse_chunk_steps(const PassGeometry& g) {
  return std::clamp(6144 / g.in_channels, kMaxStrip, 192);
}

}  // namespace

SparsePass::SparsePass(const PassGeometry& geometry, const SparsePattern& pattern, bool transposed,
                       int block)
    : geometry_(geometry), entries_(geometry, pattern, transposed, block) {}

void SparsePass::run(const float* weight, const PassData& data, ThreadPool& pool) {
  const PassGeometry& g = geometry_;
  const int32_t* offset = entries_.offsets(data.in.row_stride(), pool);
  const float* value = entries_.values(weight, pool);
  const PassUnits units =
      PassUnits::divide(g, data.out, sparse_chunk_steps(g), kMaxStrip, kLeastRows);
  pool.parallel_for(units.count, [&](int index, int) {
    thread_local Array<float> memory;
    float* sums = memory.reserve(size_t(units.range_rows) * kMaxStrip * kLanes);
    const PassUnit unit = open_unit(g, data, units, index);
    for (int s = 0; s < g.set_count; ++s) {
      const TapSet& set = g.sets[s];
      for_each_strip(unit.step_begin, unit.step_end(set, g.out_step), [&](int j, int columns) {
        const OutputTile out = OutputTile::at(g, data, set, unit.group, unit.row_begin, j);
        const StripKernel kernel = kStripKernels.kernel[g.in_step - 1][columns - 1];
        for (int b = 0; b < entries_.blocks(); ++b) {
          const StripBlock block{data.in.row(unit.group, 0) + size_t(j) * g.in_step * kLanes,
                                 entries_.rows(s, b) + unit.row_begin,
                                 offset,
                                 value,
                                 sums,
                                 b == 0,
                                 b == entries_.blocks() - 1};
          kernel(block, out, unit.row_end - unit.row_begin);
        }
      });
    }
    if (bypasses_caches(data)) stream_fence();
  });
}

}  // namespace lth::cpu::LTH_ISA
