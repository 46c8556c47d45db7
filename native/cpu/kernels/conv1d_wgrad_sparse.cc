#include "cpu/kernels/conv1d_input.h"
#include "cpu/kernels/conv1d_prefetch.h"
#include "cpu/kernels/conv1d_wgrad.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Entries at a time, with a sum each. A multiply-add takes four cycles and two start in each, so
/// eight sums keep both units busy. Only AVX-512 has the registers.
constexpr int kMostEntries = kRegisters == 32 && kParts == 1 ? 8 : 4;

/// Positions of dy held in registers, beside the sums.
constexpr int strip_positions() {
  if (kMostEntries == 8) return 20;
  if (kRegisters == 32) return 24 / kParts;
  return kParts == 2 ? 5 : 2;
}
constexpr int kStrip = strip_positions();

/// Bytes of a unit's sums: they stay in L2 while x passes through.
constexpr size_t kUnitBytes = size_t(256) << 10;
constexpr int kWantedUnits = 48;
/// Input channels times the positions of a window of inputs, where a norm is folded.
constexpr int kWindowInputs = 6144;
/// Strips summed in float per unit; units are added in double.
constexpr int kMaxStripsPerUnit = 64;
/// Entries whose segments are added up together.
constexpr int32_t kStretch = 64;

/// A slot holds the sums of four entries: float i belongs to entry i % 4.
struct StripWork {
  const float* x;         // channel 0, position first * stride
  const float* dy;        // first row, position first
  size_t dy_row;          // floats from row to row
  const int32_t* begin;   // [rows + 1] entries of each row
  const int32_t* offset;  // floats from x
  int rows;
  NextStrip next;         // of the block's channels
};

template <int Columns>
using StripOfDy = FloatRegister[Columns][kParts];

/// Products of entries with the strip; short groups use several accumulators each, to hide the
/// latency of the additions. @return past the last slot
template <int Entries, int Columns, int Step>
[[gnu::always_inline]] inline FloatRegister* add_entries(const StripOfDy<Columns>& dy,
                                                         const float* x, const int32_t* offset,
                                                         FloatRegister* slot) {
  constexpr int kChains = Entries == 1 ? 4 : Entries == 2 ? 2 : 1;
  constexpr int kSlots = (Entries + 3) / 4;
  const float* source[Entries];
  FloatRegister acc[4 * kSlots][kChains];
  LTH_UNROLL for (int e = 0; e < 4 * kSlots; ++e) {
    LTH_UNROLL for (int i = 0; i < kChains; ++i) { acc[e][i] = FloatRegister{}; }
  }
  LTH_UNROLL for (int e = 0; e < Entries; ++e) { source[e] = x + offset[e]; }
  LTH_UNROLL for (int c = 0; c < Columns; ++c) {
    LTH_UNROLL for (int part = 0; part < kParts; ++part) {
      LTH_UNROLL for (int e = 0; e < Entries; ++e) {
        acc[e][c % kChains] +=
            dy[c][part] * load_register(source[e] + c * Step * kLanes + part * kRegisterFloats);
      }
    }
  }
  LTH_UNROLL for (int e = 0; e < 4 * kSlots; ++e) {
    for (int i = kChains / 2; i > 0; i /= 2) {
      for (int k = 0; k < i; ++k) acc[e][k] += acc[e][k + i];
    }
  }
  LTH_UNROLL for (int e = 0; e < 4 * kSlots; e += 4) {
    *slot++ += fold4(acc[e][0], acc[e + 1][0], acc[e + 2][0], acc[e + 3][0]);
  }
  return slot;
}

/// @param slots sums of the work's entries, in order; @return past the last slot
/// @param bias [rows] sums of dy, or null
template <int Columns, int Step>
FloatRegister* add_strip(const StripWork& work, FloatRegister* slot, FloatRegister* bias) {
  for (int row = 0; row < work.rows; ++row) {
    const int32_t* offset = work.offset + work.begin[row];
    int count = work.begin[row + 1] - work.begin[row];
    work.next.prefetch(row, work.rows, Columns * Step);
    if (count == 0 && !bias) continue;
    const float* source = work.dy + row * work.dy_row;
    StripOfDy<Columns> dy;
    LTH_UNROLL for (int c = 0; c < Columns; ++c) {
      LTH_UNROLL for (int part = 0; part < kParts; ++part) {
        dy[c][part] = load_register(source + c * kLanes + part * kRegisterFloats);
      }
    }
    if (bias) {  // the first block, so that dy is asked for once
      prefetch_positions(source + Columns * kLanes, Columns);
      FloatRegister sum[2] = {};
      LTH_UNROLL for (int c = 0; c < Columns; ++c) {
        LTH_UNROLL for (int part = 0; part < kParts; ++part) {
          sum[c % 2] += dy[c][part];
        }
      }
      bias[row] += sum[0] + sum[1];
    }
    for (; count >= kMostEntries; count -= kMostEntries, offset += kMostEntries) {
      slot = add_entries<kMostEntries, Columns, Step>(dy, work.x, offset, slot);
    }
    if (kMostEntries > 4 && count >= 4) {
      slot = add_entries<4, Columns, Step>(dy, work.x, offset, slot);
      count -= 4;
      offset += 4;
    }
    if (count == 3) slot = add_entries<3, Columns, Step>(dy, work.x, offset, slot);
    if (count == 2) slot = add_entries<2, Columns, Step>(dy, work.x, offset, slot);
    if (count == 1) slot = add_entries<1, Columns, Step>(dy, work.x, offset, slot);
  }
  return slot;
}

using StripKernel = FloatRegister* (*)(const StripWork&, FloatRegister*, FloatRegister*);

/// Kernels by stride - 1 and columns - 1.
struct StripKernels {
  StripKernel kernel[2][kStrip];
};
constexpr StripKernels kStripKernels = []<int... I>(std::integer_sequence<int, I...>) {
  return StripKernels{{{add_strip<I + 1, 1>...}, {add_strip<I + 1, 2>...}}};
}(std::make_integer_sequence<int, kStrip>{});

typedef double FourDoubles __attribute__((vector_size(32)));

/// The sums of a slot's four entries.
[[gnu::always_inline]] inline FourFloats sums_of_entries(const FloatRegister& slot) {
  FourFloats four[kRegisterFloats / 4];
  std::memcpy(four, &slot, sizeof(slot));
  FourDoubles sum{};
  for (const FourFloats& part : four) sum += __builtin_convertvector(part, FourDoubles);
  return __builtin_convertvector(sum, FourFloats);
}

}  // namespace

void sparse_wgrad(const Conv1dDesc& d, const SparseEntries& entries, const ConvWgrad& args,
                  ThreadPool& pool) {
  const int rows = d.out_channels, blocks = entries.blocks();
  const TapSet taps = forward_geometry(d).sets[0];
  const size_t nnz = entries.count();
  const ConvInput source(args.x, args.folded);
  const int window_steps = std::clamp(kWindowInputs / d.in_channels, kStrip, 192);
  const size_t x_row = source.row_stride(window_steps * d.stride + d.kernel);
  const int32_t* offset = entries.offsets(x_row, pool);
  const int ranges = int((nnz * sizeof(FloatRegister) / 4 + kUnitBytes - 1) / kUnitBytes);
  const int strips = ceil_div(args.dy.shape.length, kStrip) * args.dy.groups();
  const int segments = std::max(ceil_div(kWantedUnits, std::max(1, ranges)),
                                ceil_div(strips, kMaxStripsPerUnit));
  const WgradUnits units = WgradUnits::divide(args.dy, kStrip, segments, ranges, 1);
  const size_t segment_size = nnz + rows;
  float* partial = partial_sums(segment_size * units.segments);

  pool.parallel_for(units.count(), [&](int unit, int) {
    const int segment = unit / units.ranges;
    const int row_begin = unit % units.ranges * units.range_rows;
    const int unit_rows = std::min(units.range_rows, rows - row_begin);
    size_t slots = 0;
    for (int b = 0; b < blocks; ++b) {
      const int32_t* begin = entries.rows(0, b) + row_begin;
      for (int r = 0; r < unit_rows; ++r) slots += size_t(begin[r + 1] - begin[r] + 3) / 4;
    }
    FloatRegister* bias = unit_sums<FloatRegister>(unit_rows + slots);
    FloatRegister* sums = bias + unit_rows;
    InputWindow input{};
    int input_group = -1, input_steps_end = 0;
    units.for_each_chunk(args.dy, segment, [&](int group, int first, int last) {
      if (group != input_group || last > input_steps_end) {
        input_group = group;
        input_steps_end = first + window_steps;
        input = InputWindow(source, group, first * d.stride + taps.base, x_row);
      }
      FloatRegister* slot = sums;
      const int read = taps.inputs_end(last, d.stride);
      input.extend(read);
      const StripKernel kernel = kStripKernels.kernel[d.stride - 1][last - first - 1];
      for (int b = 0; b < blocks; ++b) {
        const int channel = b * entries.block();
        const int channels = std::min(entries.block(), d.in_channels - channel);
        const StripWork work{input.at(first * d.stride),
                             args.dy.row(group, row_begin) + size_t(first) * kLanes,
                             args.dy.row_stride(),
                             entries.rows(0, b) + row_begin,
                             offset,
                             unit_rows,
                             input.after(read, channel, channels)};
        slot = kernel(work, slot, b == 0 ? bias : nullptr);
      }
    });
    float* target = partial + segment * segment_size;
    const FloatRegister* slot = sums;
    for (int b = 0; b < blocks; ++b) {
      const int32_t* begin = entries.rows(0, b) + row_begin;
      for (int r = 0; r < unit_rows; ++r) {
        int count = begin[r + 1] - begin[r];
        float* to = target + begin[r];
        for (; count >= 4; count -= 4, to += 4) {
          const FourFloats four = sums_of_entries(*slot++);
          std::memcpy(to, &four, sizeof(four));
        }
        if (count == 0) continue;
        const FourFloats last = sums_of_entries(*slot++);
        for (int e = 0; e < count; ++e) to[e] = last[e];
      }
    }
    for (int r = 0; r < unit_rows; ++r) {
      double sum = 0;
      for (int i = 0; i < kRegisterFloats; ++i) sum += double(bias[r][i]);
      target[nnz + row_begin + r] = float(sum);
    }
  });

  const size_t row_weights = size_t(d.in_channels) * d.kernel;
  pool.parallel_for(rows, [&](int row, int) {
    std::memset(args.dweight + row * row_weights, 0, row_weights * sizeof(float));
    // A stretch of entries at a time, so that each segment's sums are read in order.
    for (int b = 0; b < blocks; ++b) {
      const int32_t end = entries.rows(0, b)[row + 1];
      for (int32_t first = entries.rows(0, b)[row]; first < end; first += kStretch) {
        const int count = std::min(end - first, kStretch);
        double sums[kStretch] = {};
        for (int s = 0; s < units.segments; ++s) {
          const float* source = partial + s * segment_size + first;
          for (int i = 0; i < count; ++i) sums[i] += double(source[i]);
        }
        for (int i = 0; i < count; ++i) {
          args.dweight[entries.index()[first + i]] = float(sums[i]);
        }
      }
    }
    double bias = 0;
    for (int s = 0; s < units.segments; ++s) {
      bias += double(partial[s * segment_size + nnz + row]);
    }
    args.dbias[row] = float(bias);
  });
}

}  // namespace lth::cpu::LTH_ISA
