#include "cuda/info.h"

#include <algorithm>
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

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string driver_release(std::string_view text) {
  // "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (...": the
  // first word that is a number with a point.
  const std::string_view digits = "0123456789";
  for (size_t at = 0; at < text.size();) {
    const size_t begin = std::min(text.find_first_not_of(" \t\n", at), text.size());
    const size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const bool number = word.find_first_not_of("0123456789.") == std::string_view::npos;
    if (number && word.find('.') != std::string_view::npos &&
        digits.find(word.front()) != std::string_view::npos) {
      return std::string(word);
    }
    at = end;
  }
  return "";
}

}  // namespace lth::cuda
