#include "binding/errors.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "binding/addon_data.h"

namespace lth::binding {

Caught current_exception() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::state, "Out of memory"};
  } catch (const std::length_error&) {  // a container asked for more than can exist
    return {ErrorKind::state, "Out of memory"};
  } catch (const std::exception& error) {
    return {ErrorKind::state, std::string("Unexpected native failure: ") + error.what()};
  } catch (...) {
    return {ErrorKind::state, "Unexpected native failure"};
  }
}

Napi::Error to_js_error(Napi::Env env, const Caught& caught) {
  if (caught.kind == ErrorKind::type) return Napi::TypeError::New(env, caught.message);
  if (caught.kind == ErrorKind::range) return Napi::RangeError::New(env, caught.message);
  const AddonData& addon = AddonData::of(env);
  if (addon.native_error.IsEmpty()) return Napi::Error::New(env, caught.message);
  const Napi::Object error = addon.native_error.New({Napi::String::New(env, caught.message)});
  return Napi::Error(env, error);
}

void rethrow_as_js_error(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error&) {  // already a JavaScript exception
    throw;
  } catch (...) {
    throw to_js_error(env, current_exception());
  }
}

void throw_current_to_js(napi_env env) noexcept {
  try {
    rethrow_as_js_error(env);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (...) {
    napi_throw_error(env, nullptr, "Out of memory");
  }
}

}  // namespace lth::binding
