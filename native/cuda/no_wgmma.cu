#include "cuda/conv1d_wgmma.h"
#include "lth/error.h"

/// Replaces conv1d_wgmma.cu in builds that are not for sm_90.
namespace lth::cuda::conv {

bool wgmma_runs(int) { return false; }

void launch_wgmma(int, const PassArgs&, dim3, int, size_t, Stream) {
  throw_state("Internal: a build without wgmma was asked to launch it");
}

void launch_wgmma_wgrad(int, const WgradArgs&, dim3, size_t, Stream) {
  throw_state("Internal: a build without wgmma was asked to launch it");
}

}  // namespace lth::cuda::conv
