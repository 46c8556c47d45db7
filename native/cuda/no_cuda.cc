#include "lth/backend.h"
#include "lth/error.h"

/// Replaces cuda_info.cc and cuda_backend.cc in builds without CUDA.
namespace lth {

BackendInfo cuda_backend_info() { return {"cuda", false, "not built into this addon"}; }

std::unique_ptr<Backend> make_cuda_backend(const CudaOptions&) {
  throw_state("There is no CUDA backend: " + cuda_backend_info().detail);
}

}  // namespace lth
