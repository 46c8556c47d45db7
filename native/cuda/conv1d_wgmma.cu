#include "cuda/conv1d_wgmma.h"

#include "cuda/conv1d_pass_wgmma.h"
#include "cuda/conv1d_wgrad_wgmma.h"

namespace lth::cuda::conv {
namespace {

template <class Engine>
void launch(const PassArgs& args, dim3 grid, int threads, size_t shared, Stream stream) {
  LTH_LAUNCH((pass_kernel<Engine>), grid, dim3(threads), shared, stream, args);
}

}  // namespace

bool wgmma_runs(int arch) { return arch == 90; }

void launch_wgmma(int engine, const PassArgs& args, dim3 grid, int threads, size_t shared,
                  Stream stream) {
  if (engine == 0) {
    launch<WgmmaPass<kWgmmaWideSteps>>(args, grid, threads, shared, stream);
  } else {
    launch<WgmmaPass<kWgmmaNarrowSteps>>(args, grid, threads, shared, stream);
  }
}

void launch_wgmma_wgrad(int inputs, const WgradArgs& args, dim3 grid, size_t shared,
                        Stream stream) {
  const dim3 block(kWgradThreads);
  if (inputs == 32) {
    LTH_LAUNCH((wgrad_kernel<WgmmaWgrad<32>>), grid, block, shared, stream, args);
  } else {
    LTH_LAUNCH((wgrad_kernel<WgmmaWgrad<16>>), grid, block, shared, stream, args);
  }
}

}  // namespace lth::cuda::conv
