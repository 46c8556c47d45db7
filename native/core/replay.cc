#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/format.h"
#include "core/program_impl.h"
#include "lth/error.h"

namespace lth {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

/// Turns one recorded op into a call of the backend.
struct Program::Impl::Replayer {
  Impl& program;
  const StepInputs& inputs;
  Backend& backend;

  Activation at(ValueIndex value) const { return program.activation(value); }

  void operator()(const GatherOp& op) const {
    const Activation x = at(op.x);
    const LevelIndex level = program.recording->values[size_t(op.x)].level;
    backend.gather({.dataset = &op.dataset->view(),
                    .indices = program.records(),
                    .mean = op.mean,
                    .inv_std = op.inv_std,
                    .flip = op.flip,
                    .seed = program.recording->seed,
                    .stream = inputs.stream,
                    .x = x,
                    .lengths = program.lengths(level),
                    .labels = program.labels()});
  }

  void operator()(const DeriveLengthsOp& op) const {
    const Level& level = program.recording->levels[size_t(op.level)];
    backend.derive_lengths({.in = program.lengths(level.source),
                            .out = program.lengths(op.level),
                            .count = int(program.slots()),
                            .stride = level.stride});
  }

  void operator()(const ConvOp& op) const {
    Activation add;
    if (op.add != kNone) add = at(op.add);
    backend.conv1d_forward({.plan = &op.weight->conv_plan(op.desc),
                            .weight = op.weight->data(Slot::value),
                            .bias = op.bias->data(Slot::value),
                            .x = at(op.x),
                            .add = op.add != kNone ? &add : nullptr,
                            .y = at(op.y)});
  }

  void operator()(const ConvDgradOp& op) const {
    Activation add;
    if (op.add != kNone) add = at(op.add);
    backend.conv1d_dgrad({.plan = &op.conv.weight->conv_plan(op.conv.desc),
                          .weight = op.conv.weight->data(Slot::value),
                          .dy = at(op.dy),
                          .add = op.add != kNone ? &add : nullptr,
                          .dx = at(op.dx)});
  }

  void operator()(const ConvWgradOp& op) const {
    backend.conv1d_wgrad({.plan = &op.conv.weight->conv_plan(op.conv.desc),
                          .x = at(op.conv.x),
                          .dy = at(op.dy),
                          .dweight = op.conv.weight->data(Slot::gradient),
                          .dbias = op.conv.bias->data(Slot::gradient)});
  }

  void operator()(const NormOp& op) const {
    const ProgramBuilder::Norm& settings = op.settings;
    float* saved = op.saved ? op.saved->data() : nullptr;
    backend.norm_forward({.x = at(op.x),
                          .y = at(op.y),
                          .gamma = settings.gamma->data(Slot::value),
                          .beta = settings.beta->data(Slot::value),
                          .running_mean = settings.running_mean->data(),
                          .running_variance = settings.running_variance->data(),
                          .saved_mean = saved,
                          .saved_inv_std = saved ? saved + op.saved->size() / 2 : nullptr,
                          .epsilon = settings.epsilon,
                          .momentum = settings.momentum,
                          .training = settings.training,
                          .relu = settings.relu,
                          .dropout = {.rate = settings.training ? settings.dropout : 0,
                                      .seed = program.recording->seed,
                                      .stream = inputs.stream,
                                      .layer = op.layer}});
  }

  void operator()(const NormBackwardOp& op) const {
    const ProgramBuilder::Norm& settings = op.norm.settings;
    const float* saved = op.norm.saved->data();
    Activation add;
    if (op.add != kNone) add = at(op.add);
    backend.norm_backward({.x = at(op.norm.x),
                           .y = at(op.norm.y),
                           .dy = at(op.dy),
                           .add = op.add != kNone ? &add : nullptr,
                           .dx = at(op.dx),
                           .gamma = settings.gamma->data(Slot::value),
                           .saved_mean = saved,
                           .saved_inv_std = saved + op.norm.saved->size() / 2,
                           .dgamma = settings.gamma->data(Slot::gradient),
                           .dbeta = settings.beta->data(Slot::gradient),
                           .relu = settings.relu,
                           .dropout_rate = settings.dropout});
  }

  void operator()(const ShortcutOp& op) const {
    backend.shortcut_forward({.x = at(op.x), .y = at(op.y), .stride = op.stride});
  }

  void operator()(const ShortcutBackwardOp& op) const {
    backend.shortcut_backward(
        {.x = at(op.shortcut.x), .dy = at(op.dy), .dx = at(op.dx), .stride = op.shortcut.stride});
  }

  void operator()(const CrossEntropyOp& op) const {
    backend.cross_entropy({.logits = at(op.logits),
                           .labels = program.labels(),
                           .dlogits = at(op.dlogits),
                           .result = program.results});
  }

  void operator()(const GradientNormOp&) const {
    backend.gradient_norm({.parameters = program.trained_views(), .result = program.results + 3});
  }

  void operator()(const OptimizerOp& op) const {
    const OptimizerSettings& settings = op.settings;
    backend.optimizer_step({.parameters = program.trained_views(),
                            .kind = settings.kind,
                            .learning_rate = inputs.learning_rate,
                            .beta1 = settings.beta1,
                            .beta2 = settings.beta2,
                            .epsilon = settings.epsilon,
                            .weight_decay = settings.weight_decay,
                            .clip_norm = settings.clip_norm,
                            .norm = settings.clip_norm > 0 ? program.results + 3 : nullptr,
                            .step = inputs.optimizer_step});
  }
};

namespace {

double conv_flops(const Recording& recording, const ConvOp& op, double weights) {
  const ActivationShape& y = recording.values[size_t(op.y)].shape;
  return 2.0 * weights * y.records * y.length;
}

/// The convolution behind an op, or null.
const ConvOp* conv_of(const Op& op) {
  return std::visit(Overloaded{
                        [](const ConvOp& o) { return &o; },
                        [](const ConvDgradOp& o) { return &o.conv; },
                        [](const ConvWgradOp& o) { return &o.conv; },
                        [](const auto&) -> const ConvOp* { return nullptr; },
                    },
                    op);
}

}  // namespace

std::span<const ParameterView> Program::Impl::trained_views() {
  views.clear();
  for (const std::shared_ptr<Parameter>& parameter : recording->trained) {
    views.push_back({.value = parameter->data(Slot::value),
                     .gradient = parameter->data(Slot::gradient),
                     .moment1 = parameter->data(Slot::moment1),
                     .moment2 = parameter->data(Slot::moment2),
                     .size = parameter->size(),
                     .pattern = parameter->pattern()});
  }
  return views;
}

void Program::Impl::check_inputs(const StepInputs& inputs) const {
  if (recording->has_gather) {
    if (inputs.records.size() != size_t(recording->records)) {
      throw_range("This program takes " + std::to_string(recording->records) +
                  " records a step, got " + std::to_string(inputs.records.size()));
    }
    const auto& gather = std::get<GatherOp>(
        std::find_if(recording->nodes.begin(), recording->nodes.end(), [](const Node& node) {
          return std::holds_alternative<GatherOp>(node.op);
        })->op);
    const int available = gather.dataset->records();
    for (size_t n = 0; n < inputs.records.size(); ++n) {
      const int32_t record = inputs.records[n];
      if (record < -1 || record >= available) {
        throw_range("Record " + std::to_string(record) + " in slot " + std::to_string(n) +
                    " is not in the data set of " + std::to_string(available) + " records");
      }
    }
  }
  if (recording->has_optimizer) {
    if (!(inputs.learning_rate >= 0) || !std::isfinite(inputs.learning_rate)) {
      throw_range("The learning rate must be at least 0 and finite, got " +
                  number_text(inputs.learning_rate));
    }
    if (inputs.optimizer_step < 1) {
      throw_range("The optimizer's first step is 1, got " + std::to_string(inputs.optimizer_step));
    }
  }
}

void Program::Impl::replay(const StepInputs& inputs) {
  Backend& backend = *recording->backend;
  if (recording->has_gather) {
    backend.upload(records(), inputs.records.data(), inputs.records.size_bytes());
  }
  const Replayer replayer{*this, inputs, backend};
  Clock::time_point start = Clock::now();
  for (Node& node : recording->nodes) {
    std::visit(replayer, node.op);
    const Clock::time_point end = Clock::now();
    node.seconds += std::chrono::duration<double>(end - start).count();
    start = end;
  }
}

std::vector<OpProfile> Program::profile() const {
  const Recording& recording = *impl_->recording;
  std::vector<OpProfile> profile;
  profile.reserve(recording.nodes.size());
  for (const Node& node : recording.nodes) {
    OpProfile entry{node.label, op_name(node.op), "", node.seconds, 0, 0};
    if (const ConvOp* conv = conv_of(node.op)) {
      entry.detail = conv->weight->conv_plan(conv->desc).describe();
      entry.flops = conv_flops(recording, *conv, double(conv->weight->kept()));
      entry.dense_flops = conv_flops(recording, *conv, double(conv->weight->size()));
    }
    profile.push_back(std::move(entry));
  }
  return profile;
}

void Program::reset_profile() {
  for (Node& node : impl_->recording->nodes) node.seconds = 0;
}

}  // namespace lth
