#include "lth/backend.h"
#include "lth/error.h"
#include "lth/isa.h"

namespace lth {

std::vector<BackendInfo> list_backends() {
  std::vector<BackendInfo> backends;
  try {
    const bool bf16 = precision_refusal(resolve_isa(Isa::automatic), Precision::bf16).empty();
    backends.push_back({"cpu", true, make_cpu_backend({})->description() +
                                         (bf16 ? " (fp32, bf16)" : " (fp32)")});
  } catch (const Error& error) {
    backends.push_back({"cpu", false, error.what()});
  }
  backends.push_back(cuda_backend_info());
  return backends;
}

}  // namespace lth
