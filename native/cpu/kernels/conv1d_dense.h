#pragma once

#include "cpu/kernels/conv1d_array.h"
#include "cpu/kernels/conv1d_operands.h"
#include "cpu/kernels/conv1d_pass.h"

namespace lth::cpu::LTH_ISA {

/// A pass over all weights: a register tile of output channels x positions. A lane of its
/// operands holds Operands::kTerms input channels; if that is not one, each unit of work first
/// rounds its inputs into memory that stays in L2.
template <class Operands>
class DensePass {
 public:
  /// @param block input channels per partial sum, as of a SparsePass that must give the same bits;
  ///   0 for a good number
  DensePass(const PassGeometry& geometry, int block);
  /// @param weight [Cout, Cin, K]
  void run(const float* weight, const PassData& data, ThreadPool& pool);

 private:
  int depth() const { return ceil_div(geometry_.in_channels, Operands::kTerms); }
  void pack(const float* weight, float* packed, ThreadPool& pool) const;
  void run_unit(const float* packed, const PassData& data, const PassUnit& unit) const;
  template <int InStep, int OutStep>
  void run_steps(const float* packed, const PassData& data, const PassUnit& unit) const;

  PassGeometry geometry_;
  int block_;                 // lanes of input channels
  // Packed weights are lanes, per set: [ceil(O / tile)][depth][taps][tile], zeros past O. They are
  // made for each run, in memory that the calling thread uses for all passes in turn.
  size_t set_begin_[2] = {};  // lanes before each tap set's part
  size_t packed_size_ = 0;
};

}  // namespace lth::cpu::LTH_ISA
