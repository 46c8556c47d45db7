#pragma once

#include <memory>

#include "cpu/thread_pool.h"
#include "lth/backend.h"

/// Convolution: meaning and shapes of the arguments in lth/backend.h.
namespace lth::cpu::LTH_ISA {

std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc, const SparsePattern* pattern,
                                      ThreadPool& pool);
void conv1d_forward(const ConvForward& args, ThreadPool& pool);
void conv1d_dgrad(const ConvDgrad& args, ThreadPool& pool);
void conv1d_wgrad(const ConvWgrad& args, ThreadPool& pool);

}  // namespace lth::cpu::LTH_ISA
