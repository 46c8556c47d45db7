#pragma once

#include "binding/handle.h"
#include "lth/program.h"

namespace lth::binding {

class Dataset : public DeviceObject<Dataset, ResidentDataset> {
 public:
  static constexpr const char* kName = "Dataset";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x04};
  using DeviceObject::DeviceObject;

  static Napi::Function define_class(Napi::Env env);

 private:
  Napi::Value records(const Napi::CallbackInfo& info);
};

}  // namespace lth::binding
