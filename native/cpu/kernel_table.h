#pragma once

#include <memory>
#include <span>

#include "cpu/thread_pool.h"
#include "lth/backend.h"

namespace lth::cpu {

/// The CPU's ops compiled for one instruction set (native/cpu/kernels, once per set).
struct KernelTable {
  const char* isa;
  std::unique_ptr<ConvPlan> (*plan_conv1d)(const Conv1dDesc&, const SparsePattern*, ThreadPool&);
  void (*conv1d_forward)(const ConvForward&, ThreadPool&);
  void (*conv1d_dgrad)(const ConvDgrad&, ThreadPool&);
  void (*conv1d_wgrad)(const ConvWgrad&, ThreadPool&);
  void (*gather)(const Gather&, ThreadPool&);
  void (*norm_forward)(const NormForward&, ThreadPool&);
  void (*norm_backward)(const NormBackward&, ThreadPool&);
  void (*shortcut_forward)(const ShortcutForward&, ThreadPool&);
  void (*shortcut_backward)(const ShortcutBackward&, ThreadPool&);
  void (*cross_entropy)(const CrossEntropy&, ThreadPool&);
  void (*gradient_norm)(const GradientNorm&, ThreadPool&);
  void (*optimizer_step)(const OptimizerStep&, ThreadPool&);
  void (*average_step)(const AverageStep&, ThreadPool&);
  void (*select_magnitude)(std::span<const SelectTensor>, int64_t keep, ThreadPool&);
};

namespace portable {
const KernelTable& kernel_table();
}
namespace avx2 {
const KernelTable& kernel_table();
}
namespace avx512 {
const KernelTable& kernel_table();
}
/// AVX-512's ops with convolutions whose operands are rounded to bf16 where that is faster.
namespace avx512bf16 {
const KernelTable& kernel_table();
}

}  // namespace lth::cpu
