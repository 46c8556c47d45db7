#pragma once

#include "cpu/kernels/conv1d_array.h"
#include "cpu/kernels/conv1d_entries.h"
#include "cpu/kernels/conv1d_pass.h"
#include "lth/backend.h"

/// dweight[co, ci, k] = sum over n, p of dy[n, co, p] * x[n, ci, p * stride + k - pad_left], and
/// dbias[co] = sum over n, p of dy[n, co, p].
namespace lth::cpu::LTH_ISA {

/// All weights: a register tile of output channels x (input channel, tap).
void dense_wgrad(const Conv1dDesc& desc, const ConvWgrad& args, ThreadPool& pool);

#if LTH_BF16
/// All weights, with factors rounded to bf16; dbias is that of dense_wgrad, not rounded.
void bf16_wgrad(const Conv1dDesc& desc, const ConvWgrad& args, ThreadPool& pool);
#endif

/// Surviving weights only: a strip of dy in registers, over which a row's entries pass.
/// @param entries of the forward pass
void sparse_wgrad(const Conv1dDesc& desc, const SparseEntries& entries, const ConvWgrad& args,
                  ThreadPool& pool);

/// The fixed division of a weight gradient: units are segments of the (group, chunk of positions)
/// sequence x ranges of output channels. Each writes partial sums of its own; they are added in the
/// order of the segments.
struct WgradUnits {
  int chunks;        ///< per group
  int chunk_steps;   ///< output positions of a chunk
  int total_chunks;  ///< of all groups
  int segments;
  int ranges;
  int range_rows;

  static WgradUnits divide(const Activation& dy, int max_chunk_steps, int segments, int ranges,
                           int row_multiple) {
    WgradUnits u;
    u.chunks = ceil_div(dy.shape.length, max_chunk_steps);
    u.chunk_steps = ceil_div(dy.shape.length, u.chunks);
    u.chunks = ceil_div(dy.shape.length, u.chunk_steps);
    u.total_chunks = u.chunks * dy.groups();
    u.segments = std::clamp(segments, 1, u.total_chunks);
    const int blocks = ceil_div(dy.shape.channels, row_multiple);
    u.range_rows = ceil_div(blocks, std::clamp(ranges, 1, blocks)) * row_multiple;
    u.ranges = ceil_div(dy.shape.channels, u.range_rows);
    return u;
  }
  int count() const { return segments * ranges; }

  /// Calls body(group, first position, end) for the chunks of a segment; positions past every
  /// record of a group are left out.
  template <class Body>
  void for_each_chunk(const Activation& dy, int segment, const Body& body) const {
    const int end = int(int64_t(total_chunks) * (segment + 1) / segments);
    for (int c = int(int64_t(total_chunks) * segment / segments); c < end; ++c) {
      const int group = c / chunks;
      const int first = c % chunks * chunk_steps;
      const int last = std::min(first + chunk_steps, longest(dy, group));
      if (first < last) body(group, first, last);
    }
  }
};

/// Memory for partial sums, kept by the calling thread from op to op.
inline float* partial_sums(size_t size) {
  thread_local Array<float> memory;
  return memory.reserve(size);
}

/// Memory for the sums of one unit, kept by the thread that runs it.
template <class T>
T* unit_sums(size_t size) {
  thread_local Array<T> memory;
  T* sums = memory.reserve(size);
  std::memset(sums, 0, size * sizeof(T));
  return sums;
}

}  // namespace lth::cpu::LTH_ISA
