#include "binding/dataset.h"

namespace lth::binding {

Napi::Function Dataset::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Dataset::records>("records"),
  };
  return define<&Dataset::dispose>(env, properties);
}

Napi::Value Dataset::records(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), native()->view().records);
}

}  // namespace lth::binding
