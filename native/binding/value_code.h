#pragma once

#include <cstdint>
#include <string>

#include "binding/arguments.h"
#include "lth/error.h"
#include "lth/program.h"

namespace lth::binding {

/// A Value in JavaScript is owner * 2^31 + the library's handle. The library tells builders of one
/// device apart; the owner, a number of the builder, tells all of them apart.
inline constexpr int64_t kHandles = int64_t(1) << 31;
inline constexpr int64_t kOwners = int64_t(1) << 22;

inline Napi::Value encode_value(Napi::Env env, int64_t owner, Value value) {
  return Napi::Number::New(env, double(owner * kHandles + value));
}

inline Value decode_value(const Napi::Value& argument, int64_t owner, const std::string& what) {
  const int64_t code = to_integer(argument, what, 0, kOwners * kHandles - 1);
  if (code / kHandles != owner) throw_type(what + " belongs to another builder or program");
  return Value(code % kHandles);
}

}  // namespace lth::binding
