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
                    .labels = program.labels(),
                    .step_values = program.step_values,
                    .augment = op.augment ? &*op.augment : nullptr,
                    .second_labels = program.second_labels(),
                    .shares = program.shares()});
  }

  void operator()(const DeriveLengthsOp& op) const {
    const Level& level = program.recording->levels[size_t(op.level)];
    backend.derive_lengths({.in = program.lengths(level.source),
                            .out = program.lengths(op.level),
                            .count = int(program.slots()),
                            .stride = level.stride});
  }

  template <class T>
  const T& op_at(int node) const {
    return std::get<T>(program.recording->nodes[size_t(node)].op);
  }

  void operator()(const ConvOp& op) const {
    Activation add;
    if (op.add != kNone) add = at(op.add);
    NormForward folded{}, measures{};
    if (op.folded != kNone) folded = arguments(op_at<NormOp>(op.folded));
    if (op.measures != kNone) measures = arguments(op_at<NormOp>(op.measures));
    backend.conv1d_forward({.plan = &op.weight->conv_plan(op.desc),
                            .weight = op.weight->data(Slot::value),
                            .bias = op.bias->data(Slot::value),
                            .x = at(op.input()),
                            .add = op.add != kNone ? &add : nullptr,
                            .y = at(op.y),
                            .folded = op.folded != kNone ? &folded : nullptr,
                            .measures = op.measures != kNone ? &measures : nullptr});
  }

  void operator()(const ConvDgradOp& op) const {
    Activation add;
    if (op.add != kNone) add = at(op.add);
    NormForward forward{};
    NormBackward measures{};
    if (op.measures != kNone) {
      measures = arguments(op_at<NormBackwardOp>(op.measures), forward);
    }
    backend.conv1d_dgrad({.plan = &op.conv.weight->conv_plan(op.conv.desc),
                          .weight = op.conv.weight->data(Slot::value),
                          .dy = at(op.dy),
                          .add = op.add != kNone ? &add : nullptr,
                          .dx = at(op.dx),
                          .measures = op.measures != kNone ? &measures : nullptr});
  }

  void operator()(const ConvWgradOp& op) const {
    NormForward folded{};
    if (op.conv.folded != kNone) folded = arguments(op_at<NormOp>(op.conv.folded));
    backend.conv1d_wgrad({.plan = &op.conv.weight->conv_plan(op.conv.desc),
                          .x = at(op.conv.input()),
                          .dy = at(op.dy),
                          .dweight = op.conv.weight->data(Slot::gradient),
                          .dbias = op.conv.bias->data(Slot::gradient),
                          .folded = op.conv.folded != kNone ? &folded : nullptr});
  }

  NormForward arguments(const NormOp& op) const {
    const ProgramBuilder::Norm& settings = op.settings;
    float* saved = op.saved ? op.saved->data() : nullptr;
    return {.x = at(op.x),
            .y = op.folded ? Activation{} : at(op.y),
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
                        .layer = op.layer,
                        .step_values = program.step_values,
                        .keep = op.keep ? reinterpret_cast<uint16_t*>(op.keep->data()) : nullptr},
            .map = op.maps ? op.maps->data() : nullptr,
            .measured = op.measured,
            .folded = op.folded};
  }

  void operator()(const NormOp& op) const { backend.norm_forward(arguments(op)); }

  /// All but `add`. @param forward place for the arguments that the result refers to
  NormBackward arguments(const NormBackwardOp& op, NormForward& forward) const {
    const ProgramBuilder::Norm& settings = op.norm.settings;
    const float* saved = op.norm.saved->data();
    forward = arguments(op.norm);
    return {.x = at(op.norm.x),
            .y = forward.y,
            .dy = at(op.dy),
            .add = nullptr,
            .dx = at(op.dx),
            .gamma = settings.gamma->data(Slot::value),
            .saved_mean = saved,
            .saved_inv_std = saved + op.norm.saved->size() / 2,
            .dgamma = settings.gamma->data(Slot::gradient),
            .dbeta = settings.beta->data(Slot::gradient),
            .relu = settings.relu,
            .dropout_rate = settings.dropout,
            .forward = op.norm.maps ? &forward : nullptr,
            .map = op.norm.maps ? op.norm.maps->data() + op.norm.maps->size() / 2 : nullptr,
            .measured = op.measured};
  }

  void operator()(const NormBackwardOp& op) const {
    NormForward forward{};
    NormBackward args = arguments(op, forward);
    Activation add;
    if (op.add != kNone) {
      add = at(op.add);
      args.add = &add;
    }
    backend.norm_backward(args);
  }

  void operator()(const ShortcutOp& op) const {
    backend.shortcut_forward({.x = at(op.x), .y = at(op.y), .stride = op.stride});
  }

  void operator()(const ShortcutBackwardOp& op) const {
    Activation add;
    if (op.add != kNone) add = at(op.add);
    backend.shortcut_backward({.x = at(op.shortcut.x),
                               .dy = at(op.dy),
                               .add = op.add != kNone ? &add : nullptr,
                               .dx = at(op.dx),
                               .stride = op.shortcut.stride});
  }

  void operator()(const CrossEntropyOp& op) const {
    const LossSettings& settings = op.settings;
    std::vector<Activation> teachers;
    for (ValueIndex teacher : op.teachers) teachers.push_back(at(teacher));
    backend.cross_entropy({.logits = at(op.logits),
                           .labels = program.labels(),
                           .dlogits = at(op.dlogits),
                           .result = program.results,
                           .label_smoothing = settings.label_smoothing,
                           .focal = settings.focal,
                           .class_weights = op.class_weights ? op.class_weights->data() : nullptr,
                           .second_labels = program.second_labels(),
                           .shares = program.shares(),
                           .teachers = teachers,
                           .temperature = settings.temperature,
                           .teacher_weight = settings.teacher_weight});
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
                            .norm = program.results + 3,
                            .step = inputs.optimizer_step,
                            .step_values = program.step_values});
  }

  void operator()(const AverageOp& op) const {
    std::vector<ParameterView> views;
    for (const std::shared_ptr<Parameter>& parameter : program.recording->trained) {
      views.push_back({.value = parameter->data(Slot::value),
                       .size = parameter->size(),
                       .pattern = parameter->pattern(),
                       .average = parameter->data(Slot::average)});
    }
    for (const ProgramBuilder::AveragedBuffer& buffer : op.buffers) {
      views.push_back({.value = buffer.value->data(),
                       .size = buffer.value->size(),
                       .pattern = nullptr,
                       .average = buffer.average->data()});
    }
    backend.average_step({.parameters = views,
                          .decay = op.decay,
                          .norm = program.results + 3,
                          .step = inputs.optimizer_step,
                          .step_values = program.step_values});
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

/// Floats that an op's parameters make it read and write at least, pruned places left out.
double parameter_floats(const Recording& recording, const Op& op) {
  if (const ConvOp* conv = conv_of(op)) return double(conv->weight->kept());
  double kept = 0;
  for (const auto& parameter : recording.trained) kept += double(parameter->kept());
  if (std::holds_alternative<GradientNormOp>(op)) return kept;
  if (std::holds_alternative<AverageOp>(op)) return 3 * kept;  // value and average, and back
  const auto* update = std::get_if<OptimizerOp>(&op);
  if (!update) return 0;
  // Value, gradient and moments are read; all but the gradient are written back.
  return kept * (update->settings.kind == OptimizerKind::sgd ? 5 : 7);
}

double least_bytes(const Recording& recording, const Op& op) {
  double bytes = parameter_floats(recording, op) * sizeof(float);
  OpValues values = op_values(op);
  if (values.write != kNone) values.reads.push_back(values.write);
  for (ValueIndex v : values.reads) {
    const ActivationShape& shape = recording.values[size_t(v)].shape;
    bytes +=
        double(shape.records) * shape.channels * shape.length * element_bytes(*recording.backend);
  }
  return bytes;
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
                     .pattern = parameter->pattern(),
                     .decays = parameter->shape().size() > 1});
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

CaptureKey Program::Impl::capture_key() const {
  CaptureKey key{arena->base(), recording->backend->capture_generation(), steps->generation(), {}};
  for (const Parameter* parameter : used) key.parameters.push_back(parameter->generation());
  return key;
}

void Program::Impl::queue_ops() {
  Backend& backend = *recording->backend;
  backend.fetch_step({.queue = steps->queue(),
                      .values = step_values,
                      .records = records(),
                      .count = recording->has_gather ? recording->records : 0});
  std::vector<ConvWeights> convolutions;
  for (const Node& node : recording->nodes) {
    if (const auto* conv = std::get_if<ConvOp>(&node.op)) {
      convolutions.push_back({&conv->weight->conv_plan(conv->desc),
                              conv->weight->data(Slot::value)});
    }
  }
  backend.prepare_convolutions(convolutions);
  const StepInputs none;  // the ops take all that differs between steps from step_values
  const Replayer replayer{*this, none, backend};
  std::vector<NormForward> dropping;
  for (const Node& node : recording->nodes) {
    const auto* norm = std::get_if<NormOp>(&node.op);
    if (norm && norm->keep) dropping.push_back(replayer.arguments(*norm));
  }
  backend.prepare_dropout(dropping);
  try {
    for (size_t i = 0; i < recording->nodes.size(); ++i) {
      const Op& op = recording->nodes[i].op;
      if (joins_wgrad(op)) backend.join_wgrad();
      if (profiling) backend.set_mark(i);
      std::visit(replayer, op);
      if (profiling) backend.join_wgrad();  // so that its time is its own
    }
  } catch (...) {
    backend.join_wgrad();  // nothing of this run reaches into the next
    throw;
  }
  backend.join_wgrad();
  if (profiling) backend.set_mark(recording->nodes.size());
  backend.store_step(
      {.queue = steps->queue(), .results = results, .trains = recording->has_optimizer});
}

void Program::Impl::queue_profiled() {
  queue_ops();
  for (size_t i = 0; i < recording->nodes.size(); ++i) {
    recording->nodes[i].seconds += recording->backend->seconds_between(i, i + 1);
  }
}

void Program::Impl::queue_step() {
  Backend& backend = *recording->backend;
  const CaptureKey key = capture_key();
  if (profiling || key != run_key) {
    profiling ? queue_profiled() : queue_ops();
    run_key = capture_key();  // its memory may have moved some of it
    return;
  }
  if (!captured || captured_key != key) {
    captured.reset();
    backend.begin_capture();
    try {
      queue_ops();
    } catch (...) {
      backend.abandon_capture();
      throw;
    }
    captured = backend.end_capture();
    captured_key = key;
  }
  backend.replay(*captured);
}

std::vector<OpProfile> Program::profile() const {
  impl_->profiling = false;
  const Recording& recording = *impl_->recording;
  std::vector<OpProfile> profile;
  profile.reserve(recording.nodes.size());
  for (const Node& node : recording.nodes) {
    OpProfile entry{node.label, op_name(node.op), "", node.seconds, 0, 0, 0};
    entry.bytes = least_bytes(recording, node.op);
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
  impl_->profiling = impl_->recording->backend->is_asynchronous();
  for (Node& node : impl_->recording->nodes) node.seconds = 0;
}

}  // namespace lth
