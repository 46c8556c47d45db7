#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "cuda/device.h"
#include "lth/backend.h"

/// Convolution on the device: meaning and shapes of the arguments in lth/backend.h, layout of
/// activations in lth/activation.h; their elements are those of the plan's precision
/// (cuda/element.h), whatever kernel is chosen, and lengths lie in device memory. All launches go
/// to the stream and can be captured, once the same op has run with the same shapes outside of a
/// capture (it then has its workspace).
///
/// Same device model, shapes and inputs give the same bits: sums have a fixed order, there are no
/// float atomics. The number of multiprocessors decides how sums are split, so other models may
/// differ in rounding. Tolerances: cuda/conv1d_tolerance.h.
namespace lth::cuda {

/// Lists live channels and survivors, uploads them and chooses a kernel for each pass by density.
/// @param pattern null: dense; read during the call only
std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc, const SparsePattern* pattern,
                                      Precision precision, const DeviceInfo& device);

/// The same with the kernels from describe() of another plan of this layer, e.g.
/// "forward=tf32 dgrad=sparse wgrad=tf32". Throws Error(range) for anything else and for a kernel
/// that the precision or the pattern does not allow.
std::unique_ptr<ConvPlan> plan_conv1d_as(std::string_view choice, const Conv1dDesc& desc,
                                         const SparsePattern* pattern, Precision precision,
                                         const DeviceInfo& device);

/// Shapes to time a plan at.
struct ConvTimingShape {
  int records = 0;
  int length = 0;  ///< of the input
};

/// The same with the clearly fastest kernels, timed on random inputs of the given shape. Not
/// repeatable: save the result of describe() and use it again with plan_conv1d_as.
std::unique_ptr<ConvPlan> time_and_choose(const Conv1dDesc& desc, const SparsePattern* pattern,
                                          Precision precision, const DeviceInfo& device,
                                          const ConvTimingShape& shape, Stream stream);

void conv1d_forward(const ConvForward& args, Stream stream);
void conv1d_dgrad(const ConvDgrad& args, Stream stream);
/// @param workspace for a stream other than the backend's
void conv1d_wgrad(const ConvWgrad& args, Stream stream, Workspace* workspace = nullptr);

using lth::ConvWeights;

/// Packs the weights of many plans, for forward and dgrad, with one launch per 192 arrays
/// of them (a forward is one, a dgrad of stride 2 two). Until
/// conv1d_unprepare, forward and dgrad of these plans use these packed weights instead of packing
/// them on every call: the caller prepares again, on the same stream, after each change of them.
void conv1d_prepare(std::span<const ConvWeights> weights, Stream stream);
void conv1d_unprepare(ConvPlan* plan);

}  // namespace lth::cuda
