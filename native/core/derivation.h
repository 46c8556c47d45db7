#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/builder_state.h"

namespace lth {

/// Traces a backward pass: reverse-mode differentiation of a trace. It walks the trace from its end
/// to its start. Each op that a gradient reaches traces the gradients of its parameters, and adds
/// to the gradients of the values that it has read.
class Derivation {
 public:
  /// Traces the op that computes a summand; `add` is the sum of the earlier summands, or none.
  using Summand = std::function<ValueIndex(ValueIndex add)>;

  /// Summands are traced in this order, for any order of a value's readers. A convolution's summand
  /// comes last, because it can also take the sums of the next norm (core/fuse.cc). So the bits of
  /// a sum and the fusions depend only on the set of readers.
  enum class Order { shortcut, norm, convolution };

  /// @param inputs values whose gradients are requested
  Derivation(ProgramBuilder::State& state, const std::vector<ValueIndex>& inputs);

  ProgramBuilder::State& state() { return state_; }
  /// Whether the gradient of a value, or of anything before it, is requested.
  bool needs(ValueIndex value) const { return needed_[size_t(value)]; }
  /// Adds `gradient` to the gradient of `value`; does nothing if that is not needed.
  void add(ValueIndex value, ValueIndex gradient);
  /// The same for a summand that is traced when all summands are known.
  void add(ValueIndex value, Order order, Summand summand);

  /// The value with the numbers of a forward pass's `value` that the backward pass is to read: itself,
  /// or a copy that is computed again, so that the memory of the first one is free in between.
  ValueIndex again(ValueIndex value);

  /// Traces the whole pass. gradient() then gives the requested gradients.
  void walk();
  /// The gradient of a value, traced if it is not yet; none if nothing was added to it.
  ValueIndex gradient(ValueIndex value);

 private:
  struct Pending {
    Order order;
    std::string label;  ///< of the op whose derivative it is
    Summand record;
  };
  struct Sum {
    std::vector<ValueIndex> known;
    std::vector<Pending> pending;
  };

  bool leads(int node) const;
  /// Traces the sum of two values; in ops/shortcut.cc.
  ValueIndex plus(ValueIndex a, ValueIndex b);

  ProgramBuilder::State& state_;
  int nodes_;                 ///< of the trace that is differentiated
  std::vector<bool> needed_;  ///< of each value
  std::vector<Sum> sums_;     ///< of each value
  std::vector<ValueIndex> again_;  ///< of each value, none before it is asked for
};

}  // namespace lth
