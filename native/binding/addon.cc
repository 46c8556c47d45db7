#include <napi.h>

#include "binding/addon_data.h"
#include "binding/arguments.h"
#include "binding/buffer.h"
#include "binding/builder.h"
#include "binding/dataset.h"
#include "binding/device.h"
#include "binding/errors.h"
#include "binding/inference.h"
#include "binding/parameter.h"
#include "binding/program.h"
#include "lth/backend.h"
#include "lth/host_memory.h"

namespace lth::binding {
namespace {

/// E.g. "GNU 12.2.0, Release".
constexpr const char* kBuildInfo = LTH_BUILD_INFO;

void keep(Napi::FunctionReference& reference, const Napi::Function& function) {
  reference = Napi::Persistent(function);
  reference.SuppressDestruct();
}

napi_value set_native_error(napi_env env, napi_callback_info raw) {
  return guarded(env, [&]() -> napi_value {
    const Napi::CallbackInfo info(env, raw);
    if (!info[0].IsFunction()) {
      throw_type("setNativeError: errorClass must be a class, got " + describe(info[0]));
    }
    keep(AddonData::of(env).native_error, info[0].As<Napi::Function>());
    return info.Env().Undefined();
  });
}

napi_value list_backends_entry(napi_env raw_env, napi_callback_info) {
  return guarded(raw_env, [&]() -> napi_value {
    const Napi::Env env(raw_env);
    const std::vector<BackendInfo> backends = list_backends();
    Napi::Array array = Napi::Array::New(env, backends.size());
    for (size_t i = 0; i < backends.size(); ++i) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", Napi::String::New(env, backends[i].name));
      entry.Set("available", Napi::Boolean::New(env, backends[i].available));
      entry.Set("detail", Napi::String::New(env, backends[i].detail));
      array.Set(uint32_t(i), entry);
    }
    return array;
  });
}

napi_value host_memory_entry(napi_env raw_env, napi_callback_info) {
  return guarded(raw_env, [&]() -> napi_value {
    const Napi::Env env(raw_env);
    const HostMemory memory = host_memory();
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("capacity", Napi::Number::New(env, double(memory.capacity)));
    entry.Set("available", Napi::Number::New(env, double(memory.available)));
    entry.Set("limited", Napi::Boolean::New(env, memory.limited));
    return entry;
  });
}

Napi::Value function_named(Napi::Env env, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  return Napi::Value(env, function);
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  AddonData::install(env);
  AddonData& addon = AddonData::of(env);
  keep(addon.parameter_class, Parameter::define_class(env));
  keep(addon.buffer_class, Buffer::define_class(env));
  keep(addon.dataset_class, Dataset::define_class(env));
  keep(addon.builder_class, Builder::define_class(env));
  keep(addon.program_class, Program::define_class(env));
  exports.Set("buildInfo", Napi::String::New(env, kBuildInfo));
  exports.Set("Device", Device::define_class(env));
  exports.Set("hostMemory", function_named(env, "hostMemory", host_memory_entry));
  exports.Set("Inference", Inference::define_class(env));
  exports.Set("listBackends", function_named(env, "listBackends", list_backends_entry));
  exports.Set("setNativeError", function_named(env, "setNativeError", set_native_error));
  return exports;
}

}  // namespace
}  // namespace lth::binding

static Napi::Object init_addon(Napi::Env env, Napi::Object exports) {
  return lth::binding::initialise(env, exports);
}

NODE_API_MODULE(lth, init_addon)
