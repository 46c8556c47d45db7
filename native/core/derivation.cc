#include "core/derivation.h"

#include <algorithm>
#include <utility>

#include "lth/error.h"

namespace lth {
void Op::derive(Derivation&, ValueIndex) const {
  throw_state(std::string("There is no derivative of ") + name() + ", whose result y depends on");
}

Derivation::Derivation(ProgramBuilder::State& state, const std::vector<ValueIndex>& inputs)
    : state_(state),
      nodes_(int(state.recording->nodes.size())),
      needed_(state.recording->values.size()),
      sums_(state.recording->values.size()),
      again_(state.recording->values.size(), kNone) {
  unfuse_norms(*state.recording);
  for (ValueIndex input : inputs) needed_[size_t(input)] = true;
  for (int node = 0; node < nodes_; ++node) {
    const ValueIndex y = state.recording->nodes[size_t(node)].op->values().write;
    if (y != kNone && leads(node)) needed_[size_t(y)] = true;
  }
}

bool Derivation::leads(int node) const {
  const Op& op = *state_.recording->nodes[size_t(node)].op;
  const std::vector<ValueIndex> reads = op.values().reads;
  return op.has_parameters() || std::any_of(reads.begin(), reads.end(), [&](ValueIndex v) {
           return v != kNone && needs(v);
         });
}

void Derivation::add(ValueIndex value, ValueIndex gradient) {
  if (needs(value)) sums_[size_t(value)].known.push_back(gradient);
}

void Derivation::add(ValueIndex value, Order order, Summand summand) {
  if (needs(value)) {
    sums_[size_t(value)].pending.push_back({order, state_.label, std::move(summand)});
  }
}

ValueIndex Derivation::again(ValueIndex value) {
  ValueIndex& copy = again_[size_t(value)];
  if (copy != kNone) return copy;
  copy = value;
  const Recording& recording = *state_.recording;
  const ValueInfo& info = state_.value(value);
  if (info.producer == kNone || info.output ||
      bytes_without_halo(recording, value) < recording.backend->recomputed_norm_bytes() ||
      may_fold(recording, value)) {
    return copy;
  }
  const Node& node = recording.nodes[size_t(info.producer)];
  std::string label = std::exchange(state_.label, node.label);
  const ValueIndex computed = node.op->recompute(state_);
  state_.label = std::move(label);
  return copy = computed == kNone ? value : computed;
}

void Derivation::walk() {
  for (int node = nodes_ - 1; node >= 0; --node) {
    const Op& op = *state_.recording->nodes[size_t(node)].op;
    const ValueIndex y = op.values().write;
    const ValueIndex dy = y == kNone ? kNone : gradient(y);
    if (dy == kNone || !leads(node)) continue;
    state_.label = state_.recording->nodes[size_t(node)].label;
    op.derive(*this, dy);
  }
}

ValueIndex Derivation::gradient(ValueIndex value) {
  Sum& sum = sums_[size_t(value)];
  ValueIndex total = kNone;
  for (ValueIndex known : sum.known) total = total == kNone ? known : plus(known, total);
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
