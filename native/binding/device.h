#pragma once

#include "binding/handle.h"

namespace lth::binding {

class Device : public Handle<Device> {
 public:
  static constexpr const char* kName = "Device";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x01};

  /// new Device({ backend, threads?, isa?, index?, precision? })
  explicit Device(const Napi::CallbackInfo& info);
  ~Device() override = default;

  static Napi::Function define_class(Napi::Env env);

 private:
  Napi::Value name(const Napi::CallbackInfo& info);
  Napi::Value description(const Napi::CallbackInfo& info);
  Napi::Value times_convolutions(const Napi::CallbackInfo& info);
  Napi::Value parameter(const Napi::CallbackInfo& info);
  Napi::Value buffer(const Napi::CallbackInfo& info);
  Napi::Value dataset(const Napi::CallbackInfo& info);
  Napi::Value builder(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value select_magnitude(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<DeviceState> state_;
  std::string name_;
  std::string description_;
  bool times_convolutions_ = false;
};

}  // namespace lth::binding
