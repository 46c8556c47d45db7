#include "cpu/kernels/conv1d_input.h"

#include "cpu/kernels/bits.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/norm_scale.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Positions [first, end) of a row, zeros outside the records.
template <bool relu>
void normalize_row(const float* row, const int32_t* lengths, const Extent& extent,
                   const NormMap& map, int first, int end, float* target) {
  const auto result = [&](int p) __attribute__((always_inline)) {
    const Vec v = map(Vec::load(row + ptrdiff_t(p) * kLanes));
    return relu ? positive_part(v) : v;
  };
  int p = first;
  const auto zero = [&](int stop) {
    for (; p < stop; ++p, target += kLanes) Vec::zero().store(target);
  };
  zero(std::min(end, 0));
  for (const int stop = std::min(end, extent.all); p < stop; ++p, target += kLanes) {
    result(p).store(target);
  }
  for (const int stop = std::min(end, extent.any); p < stop; ++p, target += kLanes) {
    keep(inside(lengths, p), result(p)).store(target);
  }
  zero(end);
}

void normalize_channel(const Activation& x, const NormForward& norm, int group, int channel,
                       const Extent& extent, int first, int end, float* target) {
  const NormMap map(NormScale::of(norm, channel));
  const int32_t* lengths = x.lengths + size_t(group) * kLanes;
  (norm.relu ? normalize_row<true> : normalize_row<false>)(x.row(group, channel), lengths, extent,
                                                           map, first, end, target);
}

}  // namespace

void ConvInput::normalize(int group, int first, int end, size_t row, float* target) const {
  const Extent extent = group_extent(x_, group);
  for (int c = 0; c < x_.shape.channels; ++c) {
    normalize_channel(x_, *folded_, group, c, extent, first, end, target + c * row);
  }
}

const float* ConvInput::read(int group, int channel, int first, int end, float* memory) const {
  if (in_place()) return x_.row(group, channel) + ptrdiff_t(first) * kLanes;
  normalize_channel(x_, *folded_, group, channel, group_extent(x_, group), first, end, memory);
  return memory;
}

InputWindow::InputWindow(const ConvInput& source, int group, int first, size_t row)
    : source_(&source), group_(group), first_(first), end_(first), row_(row) {
  if (source.in_place()) {
    first_ = 0;
    x_ = source.activation().row(group, 0);
    return;
  }
  thread_local Array<float> memory;
  x_ = memory_ = memory.reserve(size_t(source.activation().shape.channels) * row);
}

}  // namespace lth::cpu::LTH_ISA
