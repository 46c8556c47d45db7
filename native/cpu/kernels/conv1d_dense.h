#pragma once

#include "cpu/kernels/conv1d_array.h"
#include "cpu/kernels/conv1d_pass.h"

namespace lth::cpu::LTH_ISA {

/// A pass over all weights: a register tile of output channels x positions.
class DensePass {
 public:
  /// @param block input channels per partial sum, as of a SparsePass that must give the same bits;
  ///   0 for a good number
  DensePass(const PassGeometry& geometry, int block);
  /// @param weight [Cout, Cin, K]
  void run(const float* weight, const PassData& data, ThreadPool& pool);

 private:
  void pack(const float* weight, ThreadPool& pool);
  void run_unit(const PassData& data, const PassUnit& unit) const;

  PassGeometry geometry_;
  int block_;
  size_t set_begin_[2] = {};  // floats before each tap set's part
  Array<float> packed_;       // per set: [ceil(O / tile)][I][taps][tile], zeros past O
};

}  // namespace lth::cpu::LTH_ISA
