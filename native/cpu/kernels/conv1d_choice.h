#pragma once

#include <memory>
#include <string>

#include "cpu/kernels/conv1d_dense.h"
#include "cpu/kernels/conv1d_sparse.h"

namespace lth::cpu::LTH_ISA {

/// A pass by the dense or the sparse kernel, whichever is faster on this machine. If the density
/// does not decide that, both kernels run in turn for the first executions and are timed, and the
/// faster one is kept. Both add the same products in the same order, in partial sums of the same
/// channels, so the choice changes no bit of the results. The bf16 kernel has different results and
/// is not timed: the density alone decides whether it runs.
class ChosenPass {
 public:
  /// @param pattern null for all weights; the dense kernel then runs without timing
  /// @param transposed rows of the pass are the pattern's input channels (dgrad)
  /// @param keep_entries keep the entries for entries(), for either kernel
  ChosenPass(const PassGeometry& geometry, const SparsePattern* pattern, bool transposed,
             bool keep_entries);
  /// @param weight [Cout, Cin, K]
  void run(const float* weight, const PassData& data, ThreadPool& pool);
  /// The surviving weights, if there is a pattern and they were to be kept.
  const SparseEntries& entries() const { return sparse_->entries(); }
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
