#pragma once

#include "cpu/kernels/conv1d_array.h"
#include "cpu/kernels/conv1d_pass.h"
#include "lth/sparse_pattern.h"

namespace lth::cpu::LTH_ISA {

/// The surviving weights of a pass as compressed sparse rows, one row per (tap set, block of input
/// channels, output channel). Blocks keep the inputs that a row gathers from in the L1 cache.
class SparseEntries {
 public:
  /// @param transposed rows of the pass are the pattern's input channels (dgrad)
  /// @param block input channels per block, at least 1
  SparseEntries(const PassGeometry& geometry, const SparsePattern& pattern, bool transposed,
                int block);

  int block() const { return block_; }    ///< input channels per block (the last may have fewer)
  int blocks() const { return blocks_; }
  size_t count() const { return index_.size(); }
  /// Row r of (set, block) is entries [rows(..)[r], rows(..)[r + 1]).
  const int32_t* rows(int set, int block) const {
    return begin_.data() + (size_t(set) * blocks_ + block) * out_channels_;
  }
  /// Place of each entry in the dense weight tensor.
  const int32_t* index() const { return index_.data(); }

  // The following are made in memory that the calling thread uses for all passes in turn, so that a
  // plan keeps 8 bytes per entry: they hold until the next call with the same thread.
  /// Floats from (channel 0, position j * in_step) to each entry's input, for a row stride in
  /// floats, and one more, so that a loop may look up one entry ahead. All rows of a group together
  /// must be fewer than 2^31 floats.
  const int32_t* offsets(size_t row_stride, ThreadPool& pool) const;
  /// Values of the entries taken from the dense weight.
  const float* values(const float* weight, ThreadPool& pool) const;

 private:
  int out_channels_;
  int block_;
  int blocks_;
  int lowest_ = 0;          // of all input positions for j = 0
  int position_bits_ = 0;
  Array<int32_t> begin_;    // [sets * blocks * O + 1]
  Array<int32_t> index_;    // [nnz]
  Array<uint32_t> place_;   // [nnz] input channel << position_bits, | input position for j = 0 - lowest
};

}  // namespace lth::cpu::LTH_ISA
