#include "lth/backend.h"
#include "lth/error.h"

namespace lth {

#if defined(LTH_HAVE_CUDA)
BackendInfo cuda_backend_info();  // cuda/cuda_backend.cc
#endif

std::vector<BackendInfo> list_backends() {
  std::vector<BackendInfo> backends;
  try {
    backends.push_back({"cpu", true, make_cpu_backend({})->description()});
  } catch (const Error& error) {
    backends.push_back({"cpu", false, error.what()});
  }
#if defined(LTH_HAVE_CUDA)
  backends.push_back(cuda_backend_info());
#else
  backends.push_back({"cuda", false, "not built into this addon"});
#endif
  return backends;
}

}  // namespace lth
