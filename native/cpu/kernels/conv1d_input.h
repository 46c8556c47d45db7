#pragma once

#include "cpu/kernels/conv1d_array.h"
#include "cpu/kernels/conv1d_pass.h"
#include "cpu/kernels/conv1d_prefetch.h"
#include "lth/backend.h"

namespace lth::cpu::LTH_ISA {

/// Floats from row to row of `positions` in memory of a thread: an odd number of cache lines, so that
/// rows do not compete for the same few sets of the caches.
inline size_t odd_row(int positions) { return size_t(positions | 1) * kLanes; }

/// The input of a convolution: an activation, or, where a norm is folded into the convolution, the
/// norm's result. That is in no memory of its own: windows of it are computed, with the bits that
/// norm_forward would write, by the threads that read them.
class ConvInput {
 public:
  /// @param folded the norm whose input is x, or null
  ConvInput(const Activation& x, const NormForward* folded) : x_(x), folded_(folded) {}

  bool in_place() const { return !folded_; }
  const Activation& activation() const { return x_; }
  /// Floats from row to row of windows of at most `positions`.
  size_t row_stride(int positions) const {
    return in_place() ? x_.row_stride() : odd_row(positions);
  }
  /// Positions [first, end) of one row: in place, or in `memory`, which has room for them.
  const float* read(int group, int channel, int first, int end, float* memory) const;
  /// Writes positions [first, end) of the norm's result to rows `row` floats apart.
  void normalize(int group, int first, int end, size_t row, float* target) const;

 private:
  const Activation& x_;
  const NormForward* folded_;
};

/// A stretch of positions of all channels of a group, as kernels read it: in place, or in memory of
/// the thread, which has one such window at a time.
class InputWindow {
 public:
  InputWindow() = default;
  /// @param first of its positions
  /// @param row source.row_stride() of at least as many positions as it gets
  InputWindow(const ConvInput& source, int group, int first, size_t row);

  /// Makes positions before `end` readable. Called for one strip after another: the strip's inputs
  /// are then still in L1, from prefetch(), when they are normalised.
  void extend(int end) {
    if (end <= end_ || source_->in_place()) return;
    source_->normalize(group_, end_, end, row_, memory_ + ptrdiff_t(end_ - first_) * kLanes);
    end_ = end;
  }
  /// A position of channel 0.
  const float* at(int position) const { return x_ + ptrdiff_t(position - first_) * kLanes; }
  size_t row() const { return row_; }
  /// The inputs from position `end` on, to be prefetched.
  NextStrip after(int end, int channel, int channels) const {
    const Activation& x = source_->activation();
    return {x.row(group_, channel) + ptrdiff_t(end) * kLanes, x.row_stride(), channels};
  }

 private:
  const ConvInput* source_ = nullptr;
  int group_ = 0;
  int first_ = 0;
  int end_ = 0;           // of what has been computed
  size_t row_ = 0;
  float* memory_ = nullptr;
  const float* x_ = nullptr;
};

/// The input positions [first, end) that a unit's taps reach; [0, 0) if there are none.
inline std::pair<int, int> unit_reach(const PassGeometry& g, const PassUnit& unit) {
  int first = INT32_MAX, end = INT32_MIN;
  for (int s = 0; s < g.set_count; ++s) {
    const TapSet& set = g.sets[s];
    const int step_end = unit.step_end(set, g.out_step);
    if (set.taps == 0 || step_end <= unit.step_begin) continue;
    first = std::min(first, unit.step_begin * g.in_step + set.base);
    end = std::max(end, set.inputs_end(step_end, g.in_step));
  }
  if (first > end) return {0, 0};
  return {first, end};
}

}  // namespace lth::cpu::LTH_ISA
