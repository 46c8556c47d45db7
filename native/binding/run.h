#pragma once

#include <napi.h>

#include <memory>

#include "binding/device_state.h"

namespace lth::binding {

/// device.run: checks everything, then replays the programs in one job of the device's thread.
/// @param programs array of Program; @param inputs RunInputs of native.ts
/// @return a promise of RunResults
Napi::Value start_run(Napi::Env env, const std::shared_ptr<DeviceState>& device,
                      const Napi::Value& programs, const Napi::Value& inputs);

}  // namespace lth::binding
