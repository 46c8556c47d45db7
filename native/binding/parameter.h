#pragma once

#include "binding/handle.h"
#include "lth/parameter.h"

namespace lth::binding {

/// A typed array of JavaScript's own with a copy of `source`.
template <class Element>
Napi::TypedArrayOf<Element> copy_out(Napi::Env env, const std::vector<Element>& source) {
  auto array = Napi::TypedArrayOf<Element>::New(env, source.size());
  std::copy(source.begin(), source.end(), array.Data());
  return array;
}

class Parameter : public DeviceObject<Parameter, lth::Parameter> {
 public:
  static constexpr const char* kName = "Parameter";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x02};
  using DeviceObject::DeviceObject;

  static Napi::Function define_class(Napi::Env env);

 private:
  Napi::Value shape(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value kept(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value keep_average(const Napi::CallbackInfo& info);
  Napi::Value read_mask(const Napi::CallbackInfo& info);
  Napi::Value set_mask(const Napi::CallbackInfo& info);
  Napi::Value set_kernels(const Napi::CallbackInfo& info);
};

}  // namespace lth::binding
