#pragma once

#include <string>
#include <string_view>

#include "cuda/device.h"

/// Texts about devices for users.
namespace lth::cuda {

inline constexpr int kLeastArch = 80;  ///< asynchronous copies, TF32 and bf16 matrix instructions

/// E.g. "NVIDIA H200, 132 SMs, 139.8 GiB".
std::string device_text(const DeviceInfo& info);
/// Why the device cannot be used; empty if it can.
std::string device_refusal(const DeviceInfo& info);
const char* precision_name(Precision precision);

/// A version as CUDA counts it: 13020 is "13.2".
std::string cuda_version_text(int version);
/// The driver's own version in the text of /proc/driver/nvidia/version, e.g. "580.65.06"; empty if
/// there is none.
std::string driver_release(std::string_view text);

}  // namespace lth::cuda
