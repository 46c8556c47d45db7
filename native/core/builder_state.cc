#include "core/builder_state.h"

#include "core/format.h"
#include "lth/error.h"

namespace lth {

Recording& ProgramBuilder::State::open() const {
  if (!recording) throw_state("This builder has been built already: record into a new one");
  return *recording;
}

Recording& ProgramBuilder::State::open_for_gradient(const char* op) const {
  if (open().has_optimizer) {
    throw_state(std::string("Cannot record ") + op + " after the optimizer: its gradient would " +
                "come too late");
  }
  return *recording;
}

LevelIndex ProgramBuilder::State::new_level(LevelIndex source, int stride, int length) {
  recording->levels.push_back({source, stride, length});
  return LevelIndex(recording->levels.size()) - 1;
}

ValueIndex ProgramBuilder::State::new_value(int channels, LevelIndex level) {
  std::vector<ValueInfo>& values = recording->values;
  if (values.size() >= size_t(kMostValues)) {
    throw_range("A program holds at most " + std::to_string(kMostValues) + " values");
  }
  ValueInfo info;
  info.shape = {recording->records, channels, recording->levels[size_t(level)].length, 0};
  info.level = level;
  info.producer = int(recording->nodes.size());
  values.push_back(info);
  return ValueIndex(values.size()) - 1;
}

ValueIndex ProgramBuilder::State::new_value_like(ValueIndex other) {
  const ValueInfo info = value(other);
  return new_value(info.shape.channels, info.level);
}

void ProgramBuilder::State::record(std::unique_ptr<Op> op) {
  recording->nodes.push_back({label, std::move(op), 0});
}

ValueIndex ProgramBuilder::State::same_shape(Value handle, const char* role,
                                             const ValueInfo& like) const {
  const ValueIndex index = recording->index_of(handle, role);
  const ActivationShape& shape = value(index).shape;
  // Not the halo, which an earlier plan may have set.
  if (shape.records != like.shape.records || shape.channels != like.shape.channels ||
      shape.length != like.shape.length) {
    throw_range(std::string(role) + " must have shape " + shape_text(like.shape) + ", got " +
                shape_text(shape));
  }
  return index;
}

ValueIndex ProgramBuilder::State::optional_same_shape(Value handle, const char* role,
                                                      const ValueInfo& like) const {
  return handle == kNone ? kNone : same_shape(handle, role, like);
}

void ProgramBuilder::State::check_parameter(const Parameter* parameter, const char* role) const {
  if (!parameter) throw_type(std::string(role) + " must be a parameter, got none");
  if (&parameter->backend() != recording->backend.get()) {
    throw_type(std::string(role) + " belongs to another backend");
  }
}

void ProgramBuilder::State::check_channels(const Parameter* parameter, const char* role,
                                           int channels) const {
  check_parameter(parameter, role);
  if (parameter->shape() != std::vector<int>{channels}) {
    throw_range(std::string(role) + " must have shape [" + std::to_string(channels) + "], got " +
                shape_text(parameter->shape()));
  }
}

void ProgramBuilder::State::claim_gradient(const Parameter& parameter, const char* role) {
  const auto [found, is_new] = gradient_of.emplace(&parameter, label);
  if (!is_new) {
    throw_state(std::string("The gradient of this ") + role + " " + shape_text(parameter.shape()) +
                " is already computed by the op labelled \"" + found->second +
                "\": it would be overwritten");
  }
}

RecordingMark::RecordingMark(ProgramBuilder::State& state)
    : state_(state),
      values_(state.recording->values.size()),
      nodes_(state.recording->nodes.size()),
      label_(state.label),
      gradient_of_(state.gradient_of) {}

RecordingMark::~RecordingMark() {
  state_.label = std::move(label_);
  if (kept_) return;
  Recording& recording = *state_.recording;
  recording.values.resize(values_);
  recording.nodes.erase(recording.nodes.begin() + std::ptrdiff_t(nodes_), recording.nodes.end());
  state_.gradient_of = std::move(gradient_of_);
}

}  // namespace lth
