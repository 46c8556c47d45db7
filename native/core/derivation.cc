#include "core/derivation.h"

#include <algorithm>

#include "lth/error.h"

namespace lth {
namespace {

/// What an op adds to the gradients of its operands, and records of those of its parameters, given the
/// gradient of its result. By value: recording moves the trace's ops.
struct Derivative {
  Derivation& pass;
  ValueIndex dy;

  void operator()(ConvOp op) const {
    ProgramBuilder::State& state = pass.state();
    state.claim_gradient(*op.weight, "weight");
    state.claim_gradient(*op.bias, "bias");
    state.record(ConvWgradOp{op, dy});
    if (op.add != kNone) pass.add(op.add, dy);
    pass.add(op.x, Derivation::Order::convolution, [&state, op, dy = dy](ValueIndex add) {
      const ValueIndex dx = state.new_value_like(op.x);
      state.record(ConvDgradOp{op, dy, add, dx});
      return dx;
    });
  }

  void operator()(NormOp op) const {
    ProgramBuilder::State& state = pass.state();
    if (!op.settings.training) {
      throw_state("The gradient of a norm needs one that was recorded with training on: that "
                  "labelled \"" + state.label + "\" was not");
    }
    state.claim_gradient(*op.settings.gamma, "gamma");
    state.claim_gradient(*op.settings.beta, "beta");
    pass.add(op.x, Derivation::Order::norm, [&state, op, dy = dy](ValueIndex add) {
      const ValueIndex dx = state.new_value_like(op.x);
      state.record(NormBackwardOp{op, dy, add, dx});
      return dx;
    });
  }

  void operator()(ShortcutOp op) const {
    ProgramBuilder::State& state = pass.state();
    pass.add(op.x, Derivation::Order::shortcut, [&state, op, dy = dy](ValueIndex add) {
      const ValueIndex dx = state.new_value_like(op.x);
      state.record(ShortcutBackwardOp{op, dy, add, dx});
      return dx;
    });
  }

  template <class T>
  void operator()(const T& op) const {
    throw_state(std::string("There is no derivative of ") + op_name(op) +
                ", whose result y depends on");
  }
};

/// Whether the result depends on parameters, not counting those behind the operands.
bool has_parameters(const Op& op) {
  return std::visit(Overloaded{
                        [](const ConvOp&) { return true; },
                        [](const ConvDgradOp&) { return true; },
                        [](const NormOp&) { return true; },
                        [](const NormBackwardOp&) { return true; },
                        [](const auto&) { return false; },
                    },
                    op);
}

}  // namespace

Derivation::Derivation(ProgramBuilder::State& state, const std::vector<ValueIndex>& inputs)
    : state_(state),
      nodes_(int(state.recording->nodes.size())),
      needed_(state.recording->values.size()),
      sums_(state.recording->values.size()) {
  unfuse_norms(*state.recording);
  for (ValueIndex input : inputs) needed_[size_t(input)] = true;
  for (int node = 0; node < nodes_; ++node) {
    const ValueIndex y = op_values(state.recording->nodes[size_t(node)].op).write;
    if (y != kNone && leads(node)) needed_[size_t(y)] = true;
  }
}

bool Derivation::leads(int node) const {
  const Op& op = state_.recording->nodes[size_t(node)].op;
  const std::vector<ValueIndex> reads = op_values(op).reads;
  return has_parameters(op) ||
         std::any_of(reads.begin(), reads.end(), [&](ValueIndex v) { return needs(v); });
}

void Derivation::add(ValueIndex value, ValueIndex gradient) {
  if (needs(value)) sums_[size_t(value)].known.push_back(gradient);
}

void Derivation::add(ValueIndex value, Order order, Summand summand) {
  if (needs(value)) {
    sums_[size_t(value)].pending.push_back({order, state_.label, std::move(summand)});
  }
}

void Derivation::walk() {
  for (int node = nodes_ - 1; node >= 0; --node) {
    const ValueIndex y = op_values(state_.recording->nodes[size_t(node)].op).write;
    const ValueIndex dy = y == kNone ? kNone : gradient(y);
    if (dy == kNone || !leads(node)) continue;
    state_.label = state_.recording->nodes[size_t(node)].label;
    std::visit(Derivative{*this, dy}, Op(state_.recording->nodes[size_t(node)].op));
  }
}

ValueIndex Derivation::gradient(ValueIndex value) {
  Sum& sum = sums_[size_t(value)];
  ValueIndex total = kNone;
  for (ValueIndex known : sum.known) total = total == kNone ? known : plus(value, known, total);
  std::stable_sort(sum.pending.begin(), sum.pending.end(),
                   [](const Pending& a, const Pending& b) { return a.order < b.order; });
  for (const Pending& pending : sum.pending) {
    state_.label = pending.label;
    total = pending.record(total);
  }
  sum.pending.clear();
  sum.known = {total};
  if (total == kNone) sum.known.clear();
  return total;
}

ValueIndex Derivation::plus(ValueIndex like, ValueIndex a, ValueIndex b) {
  const ValueIndex sum = state_.new_value_like(like);
  const ShortcutOp identity{1, like, like};
  state_.record(ShortcutBackwardOp{identity, a, b, sum});
  return sum;
}

std::vector<Value> ProgramBuilder::backward(Value y, Value dy, const BackwardOptions& options) {
  Recording& recording = state_->open_for_gradient("backward");
  std::vector<ValueIndex> inputs;
  for (Value input : options.inputs) inputs.push_back(recording.index_of(input, "An input"));
  std::vector<std::pair<ValueIndex, ValueIndex>> given;
  const auto give = [&](Value value, Value gradient, const char* value_role,
                        const char* gradient_role) {
    const ValueIndex index = recording.index_of(value, value_role);
    given.emplace_back(index, state_->same_shape(gradient, gradient_role, state_->value(index)));
  };
  give(y, dy, "y", "dy");
  for (const Gradient& more : options.also) {
    give(more.value, more.gradient, "A further value", "Its gradient");
  }

  RecordingMark mark(*state_);  // a backward pass is recorded as a whole or not at all
  Derivation derivation(*state_, inputs);
  for (const auto& [value, gradient] : given) {
    if (!derivation.needs(value)) {
      throw_range("Value " + std::to_string(recording.handle_of(value)) +
                  " depends on no parameter and on no input whose gradient is asked for: there is "
                  "nothing to compute from its gradient");
    }
    derivation.add(value, gradient);
  }
  derivation.walk();
  std::vector<Value> result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueIndex gradient = derivation.gradient(inputs[i]);
    if (gradient == kNone) {
      throw_range("Input " + std::to_string(options.inputs[i]) +
                  " has no gradient: nothing whose gradient is given depends on it");
    }
    result.push_back(recording.handle_of(gradient));
  }
  mark.keep();
  return result;
}

}  // namespace lth
