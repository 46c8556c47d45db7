#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <utility>

#include "lth/error.h"

namespace lth::binding {

/// An error of a thread that cannot throw into JavaScript.
struct Caught {
  ErrorKind kind = ErrorKind::state;
  std::string message;
};

/// The exception being handled, in the library's terms. Call only inside a catch block.
Caught current_exception();

/// TypeError, RangeError or the registered NativeError.
Napi::Error to_js_error(Napi::Env env, const Caught& caught);

/// Runs `body`; what it throws is returned instead.
template <class Body>
std::optional<Caught> capture(Body&& body) noexcept {
  try {
    body();
    return std::nullopt;
  } catch (...) {
    return current_exception();
  }
}

/// The exception being handled as a C++ exception that node-addon-api turns into a JavaScript one.
/// Call only inside a catch block.
[[noreturn]] void rethrow_as_js_error(Napi::Env env);

/// For constructors, which node-addon-api enters itself: runs `body`, throws nothing but
/// Napi::Error.
template <class Body>
void with_js_errors(Napi::Env env, Body&& body) {
  try {
    body();
  } catch (...) {
    rethrow_as_js_error(env);
  }
}

/// Throws the exception being handled as a JavaScript exception. Call only inside a catch block.
void throw_current_to_js(napi_env env) noexcept;

/// The bridge: every entry from JavaScript runs its body in here, so that no C++ exception reaches
/// the engine.
template <class Body>
napi_value guarded(napi_env env, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    throw_current_to_js(env);
    return nullptr;
  }
}

}  // namespace lth::binding
