#pragma once

#include "cuda/conv1d_choice.h"
#include "cuda/conv1d_pass.h"
#include "cuda/conv1d_wgrad.h"

/// The launches of convolutions with wgmma: in a source of its own, which is compiled for sm_90a.
namespace lth::cuda::conv {

/// @param engine index in kWgmmaShapes
void launch_wgmma(int engine, const PassArgs& args, dim3 grid, int threads, size_t shared,
                  Stream stream);

/// @param inputs input channels of a warpgroup, of which a block has two: 16 or 32
void launch_wgmma_wgrad(int inputs, const WgradArgs& args, dim3 grid, size_t shared, Stream stream);

}  // namespace lth::cuda::conv
