#pragma once

#include <string>

#include "cuda/device.h"

/// Texts about devices for users.
namespace lth::cuda {

inline constexpr int kLeastArch = 80;  ///< asynchronous copies, TF32 and bf16 matrix instructions

/// E.g. "NVIDIA H200, 132 SMs, 139.8 GiB".
std::string device_text(const DeviceInfo& info);
/// Why the device cannot be used; empty if it can.
std::string device_refusal(const DeviceInfo& info);
const char* precision_name(Precision precision);

}  // namespace lth::cuda
