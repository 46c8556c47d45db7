#pragma once

#include <stdexcept>
#include <string>

namespace lth {

/// What went wrong, in the terms of the JavaScript error class it becomes at the boundary.
enum class ErrorKind {
  type,   ///< TypeError: not the kind of thing that was expected
  range,  ///< RangeError: the right kind, a value outside what is possible
  state,  ///< NativeError: cannot be done now (disposed, busy, out of memory, not available)
};

/// The only exception this library throws. `what()` is one sentence with the offending value.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

[[noreturn]] inline void throw_type(const std::string& message) {
  throw Error(ErrorKind::type, message);
}
[[noreturn]] inline void throw_range(const std::string& message) {
  throw Error(ErrorKind::range, message);
}
[[noreturn]] inline void throw_state(const std::string& message) {
  throw Error(ErrorKind::state, message);
}

}  // namespace lth
