#include "cpu/kernels/conv1d_sparse.h"

#include "cpu/kernels/conv1d_input.h"
#include "cpu/kernels/conv1d_output.h"
#include "cpu/kernels/conv1d_prefetch.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Parts of the lanes of a strip whose sums are in registers at once. With two parts per Vec, both
/// are: one pass over a row's entries then serves 14 sums instead of 12.
constexpr int kTogether = kParts == 2 ? 2 : 1;

/// The most positions of a strip: one accumulator each (and part), beside a weight (and a product,
/// for SSE2).
constexpr int kMaxStrip = kRegisters == 32 ? 24 / kTogether : kTogether == 2 ? 7 : 12;

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
  NextStrip next;         ///< of the block's channels
};

template <int Columns, int InStep, int OutStep>
void strip_rows(const StripBlock& in, const OutputTile<OutStep>& out, int rows) {
  const float* const source = in.x;
  const int32_t* const offset = in.offset;
  const float* const value = in.value;
  int32_t e = in.begin[0];
  // The place of an entry's input is looked up one entry ahead: its products need not wait for it.
  const float* ahead = source + offset[e];
  for (int row = 0; row < rows; ++row) {
    in.next.prefetch(row, rows, Columns * InStep);
    if (in.last) out.template prefetch_add<Columns>(row);
    const int32_t begin = e, end = in.begin[row + 1];
    for (int part = 0; part < kParts; part += kTogether) {
      FloatRegister acc[Columns][kTogether];
      LTH_UNROLL for (int c = 0; c < Columns; ++c) {
        LTH_UNROLL for (int p = 0; p < kTogether; ++p) acc[c][p] = FloatRegister{};
      }
      if (part > 0) ahead = source + offset[begin];
      for (e = begin; e < end; ++e) {
        const float* const x = ahead + part * kRegisterFloats;
        ahead = source + offset[e + 1];
        const FloatRegister w = value[e] - FloatRegister{};
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          LTH_UNROLL for (int p = 0; p < kTogether; ++p) {
            acc[c][p] += w * load_register(x + c * InStep * kLanes + p * kRegisterFloats);
          }
        }
      }
      float* sums = in.sums + row * size_t(Columns * kLanes) + part * kRegisterFloats;
      if (!in.first) {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          LTH_UNROLL for (int p = 0; p < kTogether; ++p) {
            acc[c][p] += load_register(sums + c * kLanes + p * kRegisterFloats);
          }
        }
      }
      if (in.last) {
        out.write(row, part, acc);
      } else {
        LTH_UNROLL for (int c = 0; c < Columns; ++c) {
          LTH_UNROLL for (int p = 0; p < kTogether; ++p) {
            store_register(sums + c * kLanes + p * kRegisterFloats, acc[c][p]);
          }
        }
      }
    }
  }
}

/// The kernel for strips of `columns` positions.
template <int InStep, int OutStep>
auto strip_kernel(int columns) {
  using Kernel = void (*)(const StripBlock&, const OutputTile<OutStep>&, int rows);
  struct Kernels {
    Kernel of[kMaxStrip];
  };
  static constexpr Kernels kernels = []<int... I>(std::integer_sequence<int, I...>) {
    return Kernels{{strip_rows<I + 1, InStep, OutStep>...}};
  }(std::make_integer_sequence<int, kMaxStrip>{});
  return kernels.of[columns - 1];
}

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
  if (geometry_.in_step == 2) return run_steps<2, 1>(weight, data, pool);
  if (geometry_.out_step == 2) return run_steps<1, 2>(weight, data, pool);
  run_steps<1, 1>(weight, data, pool);
}

template <int InStep, int OutStep>
void SparsePass::run_steps(const float* weight, const PassData& data, ThreadPool& pool) {
  const PassGeometry& g = geometry_;
  const PassUnits units = PassUnits::divide(g, data.out, sparse_chunk_steps(g), kMaxStrip,
                                            kLeastRows, pool.threads());
  const ConvInput source(data.in, data.folded);
  const size_t in_row = source.row_stride(units.chunk_steps * g.in_step + g.kernel);
  const int32_t* offset = entries_.offsets(in_row, pool);
  const float* value = entries_.values(weight, pool);
  pool.parallel_for(units.count, [&](int index, int) {
    thread_local Array<float> memory;
    float* sums = memory.reserve(size_t(units.range_rows) * kMaxStrip * kLanes);
    const PassUnit unit = open_unit(g, data, units, index);
    InputWindow input(source, unit.group, unit_reach(g, unit).first, in_row);
    for (int s = 0; s < g.set_count; ++s) {
      const TapSet& set = g.sets[s];
      for_each_strip(unit.step_begin, unit.step_end(set, OutStep), [&](int j, int columns) {
        const auto out = OutputTile<OutStep>::at(data, set, unit, unit.row_begin, j, columns);
        const auto kernel = strip_kernel<InStep, OutStep>(columns);
        const int read = set.inputs_end(j + columns, InStep);
        if (set.taps > 0) input.extend(read);
        for (int b = 0; b < entries_.blocks(); ++b) {
          const int channel = b * entries_.block();
          const int channels = std::min(entries_.block(), g.in_channels - channel);
          const StripBlock block{input.at(j * InStep),
                                 entries_.rows(s, b) + unit.row_begin,
                                 offset,
                                 value,
                                 sums,
                                 b == 0,
                                 b == entries_.blocks() - 1,
                                 input.after(read, channel, set.taps > 0 ? channels : 0)};
          kernel(block, out, unit.row_end - unit.row_begin);
        }
      });
    }
    if (bypasses_caches(data)) stream_fence();
  });
}

}  // namespace lth::cpu::LTH_ISA
