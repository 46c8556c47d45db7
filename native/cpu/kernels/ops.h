#pragma once

#include <cstdint>
#include <span>

#include "cpu/thread_pool.h"
#include "lth/backend.h"

/// The ops, one source file per family; compiled once per instruction set.
/// Meaning and shapes of the arguments: lth/backend.h.
namespace lth::cpu::LTH_ISA {

#define LTH_KERNEL(name, Arguments) void name(const Arguments& args, ThreadPool& pool);
LTH_OPS(LTH_KERNEL)
#undef LTH_KERNEL
/// gather with an augmentation.
void gather_augmented(const Gather& args, ThreadPool& pool);
void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep, ThreadPool& pool);

}  // namespace lth::cpu::LTH_ISA
