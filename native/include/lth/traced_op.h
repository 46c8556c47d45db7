#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "lth/program.h"

namespace lth {

/// The arguments of an op's method in another language, by name. A wrong one throws Error(type | range)
/// with its name and value.
class TracedArguments {
 public:
  virtual ~TracedArguments() = default;
  virtual Value value(std::string_view name) const = 0;
  virtual Value optional_value(std::string_view name) const = 0;  ///< -1 if absent
  /// At least 1: a stride, a number of channels.
  virtual int whole(std::string_view name) const = 0;
  virtual float number(std::string_view name) const = 0;
  virtual bool flag(std::string_view name) const = 0;
  virtual std::shared_ptr<Parameter> parameter(std::string_view name) const = 0;
};

/// An op that other languages trace by a method of its name. The binding makes the method from this:
/// it takes `values` one by one, then an object with the fields `options`, of which none other is
/// allowed. Ops with settings of their own (norm, loss, optimiser) are functions of the binding.
struct TracedOp {
  const char* name;
  std::initializer_list<std::string_view> values;
  std::initializer_list<std::string_view> options;
  Value (*trace)(ProgramBuilder& builder, const TracedArguments& given);
};

/// All ops that were registered before main.
const std::vector<const TracedOp*>& traced_ops();

/// Registers an op; both are constants of the op's file.
struct RegisteredOp {
  explicit RegisteredOp(const TracedOp& op);
};

}  // namespace lth
