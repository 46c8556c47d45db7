#include "core/replay.h"

#include <chrono>

namespace lth {
namespace {

using Clock = std::chrono::steady_clock;

double least_bytes(const Recording& recording, const Op& op, const OpCost& cost) {
  double bytes = cost.parameter_floats * sizeof(float);
  OpValues values = op.values();
  values.reads.push_back(values.write);
  for (ValueIndex v : values.reads) {
    if (v == kNone) continue;
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
  for (const Node& node : recording->nodes) node.op->check(*recording, inputs);
}

void Program::Impl::replay(const StepInputs& inputs) {
  Backend& backend = *recording->backend;
  if (recording->has_gather) {
    backend.upload(records(), inputs.records.data(), inputs.records.size_bytes());
  }
  const Replay step{*this, inputs, backend};
  Clock::time_point start = Clock::now();
  for (Node& node : recording->nodes) {
    node.op->run(step);
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
  const StepInputs none;  // the ops take all that differs between steps from step_values
  const Replay step{*this, none, backend};
  Preparation preparation;
  for (const Node& node : recording->nodes) node.op->prepare(step, preparation);
  backend.prepare_convolutions(preparation.convolutions);
  backend.prepare_dropout(preparation.dropouts);
  try {
    for (size_t i = 0; i < recording->nodes.size(); ++i) {
      const Op& op = *recording->nodes[i].op;
      if (op.joins_wgrad()) backend.join_wgrad();
      if (profiling) backend.set_mark(i);
      op.run(step);
      if (profiling) backend.join_wgrad();  // so that its time is its own
    }
  } catch (...) {
    backend.join_wgrad();  // no work of this run continues in the next
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
    OpCost cost = node.op->cost(recording);
    profile.push_back({node.label, node.op->name(), std::move(cost.detail), node.seconds,
                       cost.flops, cost.dense_flops, least_bytes(recording, *node.op, cost)});
  }
  return profile;
}

void Program::reset_profile() {
  impl_->profiling = impl_->recording->backend->is_asynchronous();
  for (Node& node : impl_->recording->nodes) node.seconds = 0;
}

}  // namespace lth
