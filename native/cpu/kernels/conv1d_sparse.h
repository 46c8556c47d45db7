#pragma once

#include "cpu/kernels/conv1d_entries.h"
#include "cpu/kernels/conv1d_pass.h"

namespace lth::cpu::LTH_ISA {

/// A pass over surviving weights only: a strip of output positions stays in registers while one
/// row's entries pass over it.
class SparsePass {
 public:
  SparsePass(const PassGeometry& geometry, const SparsePattern& pattern, bool transposed,
             int block);
  const SparseEntries& entries() const { return entries_; }
  /// @param weight [Cout, Cin, K]
  void run(const float* weight, const PassData& data, ThreadPool& pool);

 private:
  template <int InStep, int OutStep>
  void run_steps(const float* weight, const PassData& data, ThreadPool& pool);

  PassGeometry geometry_;
  SparseEntries entries_;
};

}  // namespace lth::cpu::LTH_ISA
