#pragma once

#include <cstdio>
#include <cstdlib>

#include "cuda/device.h"
#include "tests/check.h"

namespace lth::test {

/// Ends the test, with the reason, where there is no GPU to run kernels on; LTH_REQUIRE_CUDA=1 makes
/// that a failure. The emulated device is always there.
inline void exit_without_cuda() {
  const cuda::DeviceCount devices = cuda::count_devices();
  if (devices.count > 0) return;
  std::printf("cuda is not tested: %s\n", devices.reason.c_str());
  CHECK(!std::getenv("LTH_REQUIRE_CUDA"));
  std::exit(finish());
}

}  // namespace lth::test
