#include "lth/backend.h"
#include "lth/error.h"

namespace lth {

std::vector<BackendInfo> list_backends() {
  std::vector<BackendInfo> backends;
  try {
    backends.push_back({"cpu", true, make_cpu_backend({})->description()});
  } catch (const Error& error) {
    backends.push_back({"cpu", false, error.what()});
  }
  backends.push_back(cuda_backend_info());
  return backends;
}

}  // namespace lth
