#pragma once

#include <span>

#include "cuda/context.h"
#include "lth/backend.h"

/// The ops other than convolution, one source file per family. Each queues its kernels on the
/// context's stream and returns. Meaning and shapes of the arguments: lth/backend.h.
namespace lth::cuda {

class FlatPlan;

void store_activation(const Activation& target, const float* host, const Context& context);
void load_activation(const Activation& source, float* host, const Context& context);

#define LTH_KERNEL(name, Arguments) void name(const Arguments& args, const Context& context);
LTH_PLAIN_OPS(LTH_KERNEL)
#undef LTH_KERNEL
/// gather with an augmentation.
void gather_augmented(const Gather& args, const Context& context);
/// Fills Dropout::keep of a program's norms, one launch for up to 64 of them.
void prepare_dropout(std::span<const NormForward> norms, Stream stream);
void norm_forward(const NormForward& args, const Context& context);
void gradient_norm(const GradientNorm& args, const FlatPlan& plan, const Context& context);
void optimizer_step(const OptimizerStep& args, const FlatPlan& plan, const Context& context);
void average_step(const AverageStep& args, const FlatPlan& plan, const Context& context);
void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep,
                      const Context& context);

void fetch_step(const FetchStep& args, const Context& context);
void store_step(const StoreStep& args, const Context& context);

}  // namespace lth::cuda
