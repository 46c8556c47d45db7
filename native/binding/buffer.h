#pragma once

#include "binding/handle.h"
#include "lth/program.h"

namespace lth::binding {

class Buffer : public DeviceObject<Buffer, lth::Buffer> {
 public:
  static constexpr const char* kName = "Buffer";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x03};
  using DeviceObject::DeviceObject;

  static Napi::Function define_class(Napi::Env env);

 private:
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
};

}  // namespace lth::binding
