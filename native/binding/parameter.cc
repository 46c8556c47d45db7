#include "binding/parameter.h"

namespace lth::binding {
namespace {

Slot to_slot(const Napi::Value& value, const char* what) {
  return Slot(to_choice(value, what, {"value", "gradient", "moment1", "moment2", "average"}));
}

}  // namespace

Napi::Function Parameter::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Parameter::shape>("shape"),
      getter_named<&Parameter::size>("size"),
      getter_named<&Parameter::kept>("kept"),
      method_named<&Parameter::read>("read"),
      method_named<&Parameter::write>("write"),
      method_named<&Parameter::keep_average>("keepAverage"),
      method_named<&Parameter::read_mask>("readMask"),
      method_named<&Parameter::set_mask>("setMask"),
      method_named<&Parameter::set_kernels>("setKernels"),
  };
  return define<&Parameter::dispose>(env, properties);
}

Napi::Value Parameter::shape(const Napi::CallbackInfo& info) {
  const std::vector<int>& shape = native()->shape();
  Napi::Array array = Napi::Array::New(info.Env(), shape.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    array.Set(uint32_t(i), Napi::Number::New(info.Env(), shape[i]));
  }
  return array;
}

Napi::Value Parameter::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(native()->size()));
}

Napi::Value Parameter::kept(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(native()->kept()));
}

Napi::Value Parameter::read(const Napi::CallbackInfo& info) {
  const Slot slot = to_slot(info[0], "read: slot");
  const auto parameter = idle("parameter.read");
  auto array = Napi::Float32Array::New(info.Env(), parameter->size());
  parameter->read(slot, array.Data());
  return array;
}

Napi::Value Parameter::write(const Napi::CallbackInfo& info) {
  const Slot slot = to_slot(info[0], "write: slot");
  const auto data = to_view<float>(info[1], "write: data");
  const auto parameter = idle("parameter.write");
  require_length(data.size(), parameter->size(), "write: data");
  parameter->write(slot, data.data());
  return info.Env().Undefined();
}

Napi::Value Parameter::keep_average(const Napi::CallbackInfo& info) {
  idle("parameter.keepAverage")->keep_average();
  return info.Env().Undefined();
}

Napi::Value Parameter::read_mask(const Napi::CallbackInfo& info) {
  const auto parameter = idle("parameter.readMask");
  auto array = Napi::Uint8Array::New(info.Env(), parameter->size());
  parameter->read_mask(array.Data());
  return array;
}

Napi::Value Parameter::set_mask(const Napi::CallbackInfo& info) {
  const auto mask = to_copy<uint8_t>(info[0], "setMask: mask");
  const auto parameter = idle("parameter.setMask");
  require_length(mask.size(), parameter->size(), "setMask: mask");
  parameter->set_mask(mask.data());
  return info.Env().Undefined();
}

Napi::Value Parameter::set_kernels(const Napi::CallbackInfo& info) {
  const std::string kernels = to_text(info[0], "setKernels: kernels");
  idle("parameter.setKernels")->set_kernels(kernels);
  return info.Env().Undefined();
}

}  // namespace lth::binding
