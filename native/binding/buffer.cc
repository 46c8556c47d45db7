#include "binding/buffer.h"

namespace lth::binding {

Napi::Function Buffer::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Buffer::size>("size"),
      method_named<&Buffer::read>("read"),
      method_named<&Buffer::write>("write"),
  };
  return define<&Buffer::dispose>(env, properties);
}

Napi::Value Buffer::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(native()->size()));
}

Napi::Value Buffer::read(const Napi::CallbackInfo& info) {
  const auto buffer = idle("buffer.read");
  auto array = Napi::Float32Array::New(info.Env(), buffer->size());
  buffer->read(array.Data());
  return array;
}

Napi::Value Buffer::write(const Napi::CallbackInfo& info) {
  const auto data = to_view<float>(info[0], "write: data");
  const auto buffer = idle("buffer.write");
  require_length(data.size(), buffer->size(), "write: data");
  buffer->write(data.data());
  return info.Env().Undefined();
}

}  // namespace lth::binding
