#pragma once

#include <cstdint>
#include <span>

#include "cpu/thread_pool.h"
#include "lth/backend.h"

/// The ops other than convolution, one source file per family; compiled once per instruction set.
/// Meaning and shapes of the arguments: lth/backend.h.
namespace lth::cpu::LTH_ISA {

void gather(const Gather& args, ThreadPool& pool);
/// gather with an augmentation.
void gather_augmented(const Gather& args, ThreadPool& pool);
void norm_forward(const NormForward& args, ThreadPool& pool);
void norm_backward(const NormBackward& args, ThreadPool& pool);
void shortcut_forward(const ShortcutForward& args, ThreadPool& pool);
void shortcut_backward(const ShortcutBackward& args, ThreadPool& pool);
void cross_entropy(const CrossEntropy& args, ThreadPool& pool);
void gradient_norm(const GradientNorm& args, ThreadPool& pool);
void optimizer_step(const OptimizerStep& args, ThreadPool& pool);
void average_step(const AverageStep& args, ThreadPool& pool);
void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep, ThreadPool& pool);

}  // namespace lth::cpu::LTH_ISA
