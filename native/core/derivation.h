#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/builder_state.h"

namespace lth {

/// A backward pass being recorded: reverse-mode differentiation of a trace. It walks the trace from its
/// end to its start. Each op that a gradient reaches records the gradients of its parameters, and adds
/// to the gradients of the values that it has read.
class Derivation {
 public:
  /// Records the op that computes a summand; `add` is the sum of those before it, or none.
  using Summand = std::function<ValueIndex(ValueIndex add)>;

  /// Summands are recorded in this order, whatever the order of a value's readers: a convolution's last,
  /// as it can take the sums of the norm behind it on its way (core/fuse.cc). So a sum's bits and the
  /// fusions depend on who reads a value alone.
  enum class Order { shortcut, norm, convolution };

  /// @param inputs whose gradients are asked for
  Derivation(ProgramBuilder::State& state, const std::vector<ValueIndex>& inputs);

  ProgramBuilder::State& state() { return state_; }
  /// Whether the gradient of a value is asked for, or that of anything before it.
  bool needs(ValueIndex value) const { return needed_[size_t(value)]; }
  /// `gradient` is a summand of the gradient of `value`; left out if that is not needed.
  void add(ValueIndex value, ValueIndex gradient);
  /// The same of a summand that is recorded when all of them are known.
  void add(ValueIndex value, Order order, Summand summand);

  /// Records all. The gradients of what was asked for are left for gradient().
  void walk();
  /// The gradient of a value, recorded if it is not yet; none if nothing was added to it.
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
  /// Records the sum of two values; in ops/shortcut.cc.
  ValueIndex plus(ValueIndex a, ValueIndex b);

  ProgramBuilder::State& state_;
  int nodes_;                 ///< of the trace that is differentiated
  std::vector<bool> needed_;  ///< of each value
  std::vector<Sum> sums_;     ///< of each value
};

}  // namespace lth
