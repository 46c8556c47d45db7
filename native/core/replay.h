#pragma once

#include "core/program_impl.h"

namespace lth {

/// Everything that an op uses when it runs.
struct Replay {
  Program::Impl& program;
  const StepInputs& inputs;  ///< of a backend that is asynchronous, empty: see StepValues
  Backend& backend;

  Activation at(ValueIndex value) const { return program.activation(value); }
};

/// The activation of an optional value, as the argument structs take it.
struct OptionalActivation {
  OptionalActivation(const Replay& replay, ValueIndex value) : given(value != kNone) {
    if (given) activation = replay.at(value);
  }
  const Activation* get() const { return given ? &activation : nullptr; }

  bool given;
  Activation activation = {};
};

}  // namespace lth
