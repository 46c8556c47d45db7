#include "cpu/kernels/conv1d_choice.h"

#include <chrono>

namespace lth::cpu::LTH_ISA {
namespace {

/// Densities at which either kernel may be faster. Outside them the margin is larger than the
/// differences between machines: at 0.5 the sparse kernel does half of the work at 0.9 of the rate.
constexpr double kSurelySparse = 0.5;
constexpr double kSurelyDense = 0.97;

/// Executions of each kernel before the choice, the first of which fills the caches.
constexpr int kTrials = 4;

/// Input channels per block: their rows should stay in L1, yet each output row needs a dozen
/// entries per block to pay for its sums.
int choose_block(int channels, int kernel, double density) {
  constexpr double kEntriesPerRow = 12;
  int block = density > 0.15 ? 8 : 16;
  while (block < channels && block * kernel * density < kEntriesPerRow) block *= 2;
  return std::min(block, channels);
}

#if LTH_BF16

/// From GFLOP/s per core on surviving weights (Zen 4, fp32 peak 117): the bf16 kernel runs at
/// 205-215 on all weights at any density, the sparse one at 88-92 on survivors, so that they
/// break even at 0.43. This is a threshold and not timed, because their results differ.
constexpr double kBf16Density = 0.43;

/// One channel would fill half of each pair. With one tap, rounding takes as long as multiplying.
bool choose_bf16_pass(const PassGeometry& g, double density) {
  return density >= kBf16Density && g.in_channels > 1 && g.kernel > 1;
}

#endif

}  // namespace

ChosenPass::ChosenPass(const PassGeometry& geometry, const SparsePattern* pattern,
                       bool transposed, bool keep_entries)
    : keep_entries_(keep_entries) {
  const double density = pattern ? pattern->density() : 1;
#if LTH_BF16
  if (choose_bf16_pass(geometry, density)) {
    bf16_ = std::make_unique<DensePass<Bf16Operands>>(geometry, 0);
    if (!keep_entries) return;
    block_ = choose_block(geometry.in_channels, geometry.kernel, density);
    sparse_ = std::make_unique<SparsePass>(geometry, *pattern, transposed, block_);
    return;
  }
#endif
  if (!pattern || (density >= kSurelyDense && !keep_entries)) {
    dense_ = std::make_unique<DensePass<FloatOperands>>(geometry, 0);
    return;
  }
  block_ = choose_block(geometry.in_channels, geometry.kernel, density);
  sparse_ = std::make_unique<SparsePass>(geometry, *pattern, transposed, block_);
  use_sparse_ = density < kSurelyDense;
  trying_ = density >= kSurelySparse && use_sparse_;
  if (trying_ || !use_sparse_) {
    dense_ = std::make_unique<DensePass<FloatOperands>>(geometry, block_);
  }
}

void ChosenPass::run(const float* weight, const PassData& data, ThreadPool& pool) {
#if LTH_BF16
  if (bf16_) return bf16_->run(weight, data, pool);
#endif
  using Clock = std::chrono::steady_clock;
  const bool sparse = trying_ ? sparse_trial_.runs <= dense_trial_.runs : use_sparse_;
  const Clock::time_point start = Clock::now();
  if (sparse) {
    sparse_->run(weight, data, pool);
  } else {
    dense_->run(weight, data, pool);
  }
  if (!trying_) return;
  int positions = 0;  // batches differ in length
  for (int g = 0; g < data.out.groups(); ++g) positions += longest(data.out, g);
  if (positions == 0) return;
  Trial& trial = sparse ? sparse_trial_ : dense_trial_;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / positions;
  if (trial.runs++ > 0) trial.seconds = std::min(trial.seconds, seconds);
  if (sparse_trial_.runs >= kTrials && dense_trial_.runs >= kTrials) decide();
}

void ChosenPass::decide() {
  trying_ = false;
  use_sparse_ = sparse_trial_.seconds < dense_trial_.seconds;
  if (use_sparse_) dense_.reset();
  if (!use_sparse_ && !keep_entries_) sparse_.reset();
}

std::string ChosenPass::describe() const {
#if LTH_BF16
  if (bf16_) return "dense-bf16";
#endif
  if (trying_) return sparse_trial_.runs + dense_trial_.runs == 0 ? "untried" : "trying";
  return use_sparse_ ? "sparse/" + std::to_string(block_) : "dense";
}

}  // namespace lth::cpu::LTH_ISA
