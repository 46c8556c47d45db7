#pragma once

#include "binding/handle.h"
#include "lth/program.h"

namespace lth::binding {

/// The inputs that a traced step needs.
struct ProgramTraits {
  bool gathers = false;    ///< records
  bool optimizes = false;  ///< learning rate and optimiser step
  bool random = false;     ///< random stream
};

/// A traced step.
struct Recorded {
  std::unique_ptr<lth::Program> program;
  int64_t owner = 0;  ///< of the builder, which its values carry
  ProgramTraits traits;
};

class Program : public DeviceObject<Program, Recorded> {
 public:
  static constexpr const char* kName = "Program";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x06};
  using DeviceObject::DeviceObject;

  static Napi::Function define_class(Napi::Env env);

 private:
  Napi::Value records(const Napi::CallbackInfo& info);
  Napi::Value length(const Napi::CallbackInfo& info);
  Napi::Value arena_bytes(const Napi::CallbackInfo& info);
  Napi::Value write_value(const Napi::CallbackInfo& info);
  Napi::Value read_value(const Napi::CallbackInfo& info);
  Napi::Value value_shape(const Napi::CallbackInfo& info);
  Napi::Value profile(const Napi::CallbackInfo& info);
  Napi::Value reset_profile(const Napi::CallbackInfo& info);
  Napi::Value choose_kernels(const Napi::CallbackInfo& info);
};

}  // namespace lth::binding
