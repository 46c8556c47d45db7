#include <string>

#include "cuda/info.h"
#include "lth/error.h"

namespace lth {

BackendInfo cuda_backend_info() {
  const cuda::DeviceCount devices = cuda::count_devices();
  if (devices.count == 0) return {"cuda", false, devices.reason};
  std::string usable, refused;
  try {
    for (int index = 0; index < devices.count; ++index) {
      const cuda::DeviceInfo info = cuda::device_info(index);
      const std::string refusal = cuda::device_refusal(info);
      std::string& text = refusal.empty() ? usable : refused;
      if (!text.empty()) text += "; ";
      if (devices.count > 1) text += std::to_string(index) + ": ";
      text += refusal.empty() ? cuda::device_text(info) : refusal;
    }
  } catch (const Error& error) {
    return {"cuda", false, error.what()};
  }
  if (usable.empty()) return {"cuda", false, refused};
  return {"cuda", true, usable + ", " + cuda::versions_text() + " (fp32, tf32, bf16)"};
}

}  // namespace lth
