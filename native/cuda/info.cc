#include "cuda/info.h"

#include <cstdio>

namespace lth::cuda {

std::string device_text(const DeviceInfo& info) {
  char text[64];
  std::snprintf(text, sizeof text, ", %d SMs, %.1f GiB", info.sm_count,
                double(info.memory_bytes) / double(size_t(1) << 30));
  return info.name + text;
}

std::string device_refusal(const DeviceInfo& info) {
  if (info.arch >= kLeastArch) return "";
  const auto version = [](int arch) {
    return std::to_string(arch / 10) + "." + std::to_string(arch % 10);
  };
  return info.name + " has compute capability " + version(info.arch) + ", at least " +
         version(kLeastArch) + " is needed";
}

const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::fp32: return "fp32";
    case Precision::tf32: return "tf32";
    case Precision::bf16: break;
  }
  return "bf16";
}

}  // namespace lth::cuda
