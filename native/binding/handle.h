#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/addon_data.h"
#include "binding/arguments.h"
#include "binding/device_state.h"
#include "binding/errors.h"

namespace lth::binding {

/// Base of the classes that JavaScript sees: a tag that tells them apart, methods behind the
/// bridge. T has `kName` and `kTag`.
template <class T>
class Handle : public Napi::ObjectWrap<T> {
 public:
  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<T>(required_new(info)) {
    info.This().template As<Napi::Object>().TypeTag(&T::kTag);
  }

  /// The native object behind a JavaScript one. @throws Error(type) if it is anything else
  static T& from(const Napi::Value& value, const std::string& what) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&T::kTag)) {
      throw_type(what + " must be a " + T::kName + ", got " + describe(value));
    }
    return *T::Unwrap(value.As<Napi::Object>());
  }

 protected:
  /// @tparam method of T, or a function of T& and what T's methods take
  template <auto method>
  static napi_value enter(napi_env env, napi_callback_info raw) {
    return guarded(env, [&]() -> napi_value {
      const Napi::CallbackInfo info(env, raw);
      return std::invoke(method, from(info.This(), "this"), info);
    });
  }

  template <auto method>
  static napi_property_descriptor method_named(const char* name) {
    napi_property_descriptor property{};
    property.utf8name = name;
    property.method = enter<method>;
    property.attributes = napi_default_method;
    return property;
  }

  template <auto method>
  static napi_property_descriptor getter_named(const char* name) {
    napi_property_descriptor property{};
    property.utf8name = name;
    property.getter = enter<method>;
    return property;
  }

  /// Defines the class, with `dispose` under its name and under Symbol.dispose.
  template <auto dispose>
  static Napi::Function define(Napi::Env env, std::vector<napi_property_descriptor> properties) {
    properties.push_back(method_named<dispose>("dispose"));
    napi_property_descriptor symbol = method_named<dispose>(nullptr);
    symbol.name = Napi::Symbol::WellKnown(env, "dispose");
    properties.push_back(symbol);
    const std::vector<Napi::ClassPropertyDescriptor<T>> described(properties.begin(),
                                                                  properties.end());
    return Napi::ObjectWrap<T>::DefineClass(env, T::kName, described);
  }

 private:
  /// Deno reports a call without `new` as a new.target that is undefined, and `this` is then the
  /// global object, which must not be wrapped.
  static const Napi::CallbackInfo& required_new(const Napi::CallbackInfo& info) {
    const Napi::Value target = info.NewTarget();
    if (target.IsEmpty() || target.IsUndefined()) {
      throw Napi::TypeError::New(info.Env(), std::string(T::kName) + " must be called with new");
    }
    return info;
  }
};

/// A handle of a native object N that lives on a device. Made by methods of other handles only.
template <class T, class N>
class DeviceObject : public Handle<T>, public Child {
 public:
  /// What a new handle adopts.
  struct Init {
    std::shared_ptr<DeviceState> device;
    std::shared_ptr<N> native;
    int64_t bytes = 0;  ///< for the garbage collector
  };

  explicit DeviceObject(const Napi::CallbackInfo& info) : Handle<T>(info) {
    Init* init = static_cast<Init*>(std::exchange(AddonData::of(info.Env()).pending, nullptr));
    if (init == nullptr) {
      throw Napi::TypeError::New(
          info.Env(),
          std::string(T::kName) + " objects are made by a device's methods, not by new");
    }
    device_ = std::move(init->device);
    native_ = with_backend(*device_, std::move(init->native));
    bytes_ = init->bytes;
    device_->adopt(*this);
    device_->addon().adjust_external_memory(bytes_);
  }

  ~DeviceObject() override { drop("it was collected"); }

  static Napi::Object make(const Napi::FunctionReference& constructor, Init init) {
    AddonData& addon = AddonData::of(constructor.Env());
    struct Forget {
      void*& pending;
      ~Forget() { pending = nullptr; }
    } forget{addon.pending};
    addon.pending = &init;
    return constructor.New({});
  }

  void drop(const char* reason) override {
    if (!native_) return;
    gone_ = reason;
    device_->forget(*this);
    device_->addon().adjust_external_memory(-bytes_);
    device_->retire(std::move(native_));
    native_.reset();
  }

  /// The native object. @throws Error(state) after dispose
  const std::shared_ptr<N>& native() const {
    if (!native_) {
      throw_state(std::string("This ") + T::kName + " cannot be used any more: " + gone_);
    }
    return native_;
  }

  /// For calls that touch device memory: throws as `native` and while a run is under way.
  const std::shared_ptr<N>& idle(const char* action) const {
    const std::shared_ptr<N>& object = native();
    device_->idle_backend(action);
    return object;
  }

  DeviceState& device() const { return *device_; }
  const std::shared_ptr<DeviceState>& shared_device() const { return device_; }

  /// The native object of an argument, which must live on `device`.
  static const std::shared_ptr<N>& on(const DeviceState& device, const Napi::Value& value,
                                      const std::string& what) {
    const T& object = Handle<T>::from(value, what);
    const std::shared_ptr<N>& native = object.native();
    if (object.device_.get() != &device) throw_type(what + " belongs to another device");
    return native;
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    drop("it was disposed");
    return info.Env().Undefined();
  }

 private:
  /// The same object, with the backend alive for as long as anybody holds it: it frees its memory
  /// through the backend, and a getter of an argument may close the device in the middle of a call.
  static std::shared_ptr<N> with_backend(const DeviceState& device, std::shared_ptr<N> native) {
    struct Owned {
      std::shared_ptr<Backend> backend;
      std::shared_ptr<N> native;  // destroyed first
    };
    N* object = native.get();
    return {std::make_shared<Owned>(device.backend(), std::move(native)), object};
  }

  std::shared_ptr<DeviceState> device_;  // destroyed after native_, which may need it
  std::shared_ptr<N> native_;
  int64_t bytes_ = 0;
  const char* gone_ = "it was not made";
};

}  // namespace lth::binding
