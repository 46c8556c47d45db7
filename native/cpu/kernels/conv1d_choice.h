#pragma once

#include <memory>
#include <string>

#include "cpu/kernels/conv1d_dense.h"
#include "cpu/kernels/conv1d_sparse.h"

namespace lth::cpu::LTH_ISA {

/// A pass by the dense or the sparse kernel, whichever is faster here. Where the density leaves
/// that open, both take turns for the first executions, timed, and the faster one stays. Both add
/// the same products in the same order, in partial sums of the same channels, so results do not
/// depend on the outcome: not a bit of them. The bf16 kernel does not take part in trials, because
/// its results are others: the density alone decides whether it runs.
class ChosenPass {
 public:
  /// @param pattern null for all weights, which is a dense kernel's without a trial
  /// @param transposed rows of the pass are the pattern's input channels (dgrad)
  /// @param keep_entries for entries(), whatever kernel wins
  ChosenPass(const PassGeometry& geometry, const SparsePattern* pattern, bool transposed,
             bool keep_entries);
  /// @param weight [Cout, Cin, K]
  void run(const float* weight, const PassData& data, ThreadPool& pool);
  /// The surviving weights, if there is a pattern and they were to be kept.
  SparseEntries& entries() { return sparse_->entries(); }
  /// "dense", "dense-bf16" or "sparse/8" (channels per block); before the choice "untried", then
  /// "trying".
  std::string describe() const;

 private:
  struct Trial {
    int runs = 0;
    double seconds = 1e300;  ///< least so far, per group and position
  };
  void decide();

  std::unique_ptr<DensePass<FloatOperands>> dense_;
#if LTH_BF16
  std::unique_ptr<DensePass<Bf16Operands>> bf16_;
#endif
  std::unique_ptr<SparsePass> sparse_;
  int block_ = 0;
  bool keep_entries_ = false;
  bool use_sparse_ = false;
  bool trying_ = false;
  Trial dense_trial_, sparse_trial_;
};

}  // namespace lth::cpu::LTH_ISA
