#include <unordered_set>

#include "core/builder_state.h"
#include "core/checks.h"
#include "core/replay.h"

namespace lth {
namespace {

double kept_floats(const Recording& recording) {
  double kept = 0;
  for (const auto& parameter : recording.trained) kept += double(parameter->kept());
  return kept;
}

class GradientNormOp : public Op {
 public:
  const char* name() const override { return "gradient_norm"; }
  bool joins_wgrad() const override { return true; }
  OpCost cost(const Recording& recording) const override {
    return {.parameter_floats = kept_floats(recording)};
  }
  void run(const Replay& replay) const override {
    replay.backend.gradient_norm(
        {.parameters = replay.program.trained_views(), .result = replay.program.gradient_norm()});
  }
};

class OptimizerOp : public Op {
 public:
  explicit OptimizerOp(const OptimizerSettings& settings) : settings_(settings) {}

  const char* name() const override { return "optimizer_step"; }
  bool joins_wgrad() const override { return true; }
  OpCost cost(const Recording& recording) const override {
    // Value, gradient and moments are read; all but the gradient are written back.
    const int floats = settings_.kind == OptimizerKind::sgd ? 5 : 7;
    return {.parameter_floats = floats * kept_floats(recording)};
  }

  void check(const Recording&, const StepInputs& inputs) const override {
    check_not_negative(inputs.learning_rate, "The learning rate");
    if (inputs.optimizer_step < 1) {
      throw_range("The optimizer's first step is 1, got " + std::to_string(inputs.optimizer_step));
    }
  }

  void run(const Replay& replay) const override {
    replay.backend.optimizer_step({.parameters = replay.program.trained_views(),
                                   .kind = settings_.kind,
                                   .learning_rate = replay.inputs.learning_rate,
                                   .beta1 = settings_.beta1,
                                   .beta2 = settings_.beta2,
                                   .epsilon = settings_.epsilon,
                                   .weight_decay = settings_.weight_decay,
                                   .clip_norm = settings_.clip_norm,
                                   .norm = replay.program.gradient_norm(),
                                   .step = replay.inputs.optimizer_step,
                                   .step_values = replay.program.step_values});
  }

 private:
  OptimizerSettings settings_;
};

}  // namespace

void ProgramBuilder::optimizer(std::vector<std::shared_ptr<Parameter>> parameters,
                               const OptimizerSettings& settings) {
  Recording& recording = state_->open();
  if (recording.has_optimizer) throw_state("A program has one optimizer: this one has one already");
  if (parameters.empty()) throw_range("The optimizer needs at least one parameter, got none");
  std::unordered_set<const Parameter*> seen;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string role = "Parameter " + std::to_string(i) + " of the optimizer";
    const Parameter* parameter = parameters[i].get();
    state_->check_parameter(parameter, role.c_str());
    if (!seen.insert(parameter).second) throw_range(role + " is listed twice");
    if (!state_->gradient_of.empty() && !state_->gradient_of.contains(parameter)) {
      throw_state(role + ", of shape " + shape_text(parameter->shape()) +
                  ", has no gradient: no op of this program computes it");
    }
  }
  check_rate(settings.beta1, settings.kind == OptimizerKind::sgd ? "momentum" : "beta1");
  if (settings.kind != OptimizerKind::sgd) {
    check_rate(settings.beta2, "beta2");
    check_positive(settings.epsilon, "epsilon");
  }
  check_not_negative(settings.weight_decay, "weight decay");
  check_not_negative(settings.clip_norm, "clip norm");
  recording.trained = std::move(parameters);
  recording.has_optimizer = true;
  // Traced even without clipping: the norm tells whether a step can be applied.
  state_->record(std::make_unique<GradientNormOp>());
  state_->record(std::make_unique<OptimizerOp>(settings));
}

}  // namespace lth
