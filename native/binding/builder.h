#pragma once

#include "binding/handle.h"
#include "binding/program.h"
#include "lth/program.h"

namespace lth::binding {

/// A step that is being traced.
struct Recording {
  Recording(std::shared_ptr<Backend> backend, int records, int length, uint64_t seed)
      : builder(std::move(backend), records, length, seed) {}

  ProgramBuilder builder;
  int64_t owner = 0;  ///< which its values carry
  ProgramTraits traits;
};

class Builder : public DeviceObject<Builder, Recording> {
 public:
  static constexpr const char* kName = "Builder";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x05};
  using DeviceObject::DeviceObject;

  static Napi::Function define_class(Napi::Env env);

  /// The activation that an argument names, which must be of this builder.
  lth::Value value(const Napi::Value& argument, const std::string& what) const;
  /// As `value`; -1 for undefined.
  lth::Value optional_value(const Napi::Value& argument, const std::string& what) const;
  Napi::Value encode(const Napi::CallbackInfo& info, lth::Value value) const;

 private:
  // The methods that trace an op are functions of builder.cc.
  Napi::Value label(const Napi::CallbackInfo& info);
  Napi::Value backward(const Napi::CallbackInfo& info);
  Napi::Value output(const Napi::CallbackInfo& info);
  Napi::Value planned_bytes(const Napi::CallbackInfo& info);
  Napi::Value build(const Napi::CallbackInfo& info);
};

}  // namespace lth::binding
