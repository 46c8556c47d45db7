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
#define LTH_ENTRY(name, Arguments) void (*name)(const Arguments&, ThreadPool&);
  LTH_OPS(LTH_ENTRY)
#undef LTH_ENTRY
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
