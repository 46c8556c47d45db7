#include <climits>
#include <cmath>
#include <unordered_set>

#include "core/builder_state.h"
#include "core/format.h"
#include "lth/error.h"

namespace lth {
namespace {

void check_stride(int stride) {
  if (stride != 1 && stride != 2) {
    throw_range("stride must be 1 or 2, got " + std::to_string(stride));
  }
}

void check_rate(float value, const char* what) {
  if (!(value >= 0 && value < 1)) {
    throw_range(std::string(what) + " must be at least 0 and less than 1, got " +
                number_text(value));
  }
}

void check_not_negative(float value, const char* what) {
  if (!(value >= 0) || !std::isfinite(value)) {
    throw_range(std::string(what) + " must be at least 0 and finite, got " + number_text(value));
  }
}

void check_share(float value, const char* what) {
  if (!(value >= 0 && value <= 1)) {
    throw_range(std::string(what) + " must be from 0 to 1, got " + number_text(value));
  }
}

void check_loss(const LossSettings& settings, int classes) {
  check_share(settings.label_smoothing, "label smoothing");
  check_share(settings.teacher_weight, "teacher weight");
  check_not_negative(settings.focal, "focal");
  if (!(settings.temperature > 0) || !std::isfinite(settings.temperature)) {
    throw_range("temperature must be positive and finite, got " +
                number_text(settings.temperature));
  }
  const std::vector<float>& weights = settings.class_weights;
  if (!weights.empty() && weights.size() != size_t(classes)) {
    throw_range("There must be a weight for each of the " + std::to_string(classes) +
                " classes, got " + std::to_string(weights.size()));
  }
  bool any = weights.empty();
  for (float weight : weights) {
    check_not_negative(weight, "A class weight");
    any = any || weight > 0;
  }
  if (!any) throw_range("Class weights cannot all be 0: there would be no loss");
  if (settings.teachers.size() > size_t(kMostTeachers)) {
    throw_range("A loss takes at most " + std::to_string(kMostTeachers) + " teachers, got " +
                std::to_string(settings.teachers.size()));
  }
  if (settings.teachers.empty() && settings.teacher_weight > 0) {
    throw_range("The teacher weight is " + number_text(settings.teacher_weight) +
                ", but there is no teacher");
  }
}

}  // namespace

Value ProgramBuilder::conv1d(Value x, std::shared_ptr<Parameter> weight,
                             std::shared_ptr<Parameter> bias, int stride, Value add) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  const ActivationShape in = recording.values[size_t(input)].shape;
  const LevelIndex in_level = recording.values[size_t(input)].level;
  state_->check_parameter(weight.get(), "weight");
  check_stride(stride);
  const std::vector<int>& extents = weight->shape();
  if (extents.size() != 3 || extents[1] != in.channels) {
    throw_range("weight must have shape [Cout, " + std::to_string(in.channels) +
                ", K] for x of shape " + shape_text(in) + ", got " + shape_text(extents));
  }
  state_->check_channels(bias.get(), "bias", extents[0]);
  if (int64_t(in.length) + 2 * int64_t(extents[2]) > (1 << 30)) {
    throw_range("The kernel of weight " + shape_text(extents) + " is too long for x of shape " +
                shape_text(in));
  }
  const int out_length = same_output_length(in.length, stride);
  ValueInfo like;
  like.shape = {in.records, extents[0], out_length, 0};
  const ValueIndex added = state_->optional_same_shape(add, "add", like);
  const Conv1dDesc desc{in.channels, extents[0], extents[2], stride,
                        same_pad_left(in.length, extents[2], stride)};
  const LevelIndex level = state_->derived_level(in_level, stride);
  const ValueIndex y = state_->new_value(desc.out_channels, level);
  state_->record(ConvOp{desc, std::move(weight), std::move(bias), input, added, y});
  return recording.handle_of(y);
}

Value ProgramBuilder::norm(Value x, const Norm& settings) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  const int channels = state_->value(input).shape.channels;
  const LevelIndex level = state_->value(input).level;
  state_->check_channels(settings.gamma.get(), "gamma", channels);
  state_->check_channels(settings.beta.get(), "beta", channels);
  for (const auto& [buffer, role] : {std::pair(settings.running_mean.get(), "running mean"),
                                     std::pair(settings.running_variance.get(),
                                               "running variance")}) {
    if (!buffer) throw_type(std::string("The ") + role + " must be a buffer, got none");
    if (&buffer->backend() != recording.backend.get()) {
      throw_type(std::string("The ") + role + " belongs to another backend");
    }
    if (buffer->size() != size_t(channels)) {
      throw_range(std::string("The ") + role + " must have " + std::to_string(channels) +
                  " elements, got " + std::to_string(buffer->size()));
    }
  }
  if (settings.running_mean == settings.running_variance) {
    throw_range("The running mean and the running variance must be two buffers");
  }
  if (!(settings.epsilon > 0) || !std::isfinite(settings.epsilon)) {
    throw_range("epsilon must be positive and finite, got " + number_text(settings.epsilon));
  }
  if (!(settings.momentum >= 0 && settings.momentum <= 1)) {
    throw_range("momentum must be from 0 to 1, got " + number_text(settings.momentum));
  }
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    throw_range("dropout must be at least 0 and less than 1, got " + number_text(settings.dropout));
  }
  std::shared_ptr<Buffer> saved;
  if (settings.training) {
    saved = std::make_shared<Buffer>(*recording.backend, 2 * size_t(channels));
  }
  const uint32_t layer = settings.training ? ++state_->norms : 0;  // the others draw nothing
  NormOp op{settings, layer, std::move(saved), input,
            state_->new_value(channels, level)};
  if (recording.backend->fuses_norms()) {
    op.maps = std::make_shared<Buffer>(*recording.backend, 8 * size_t(channels));
    if (settings.training && settings.dropout > 0) {
      const ActivationShape& shape = state_->value(input).shape;
      const size_t groups = size_t(shape.records + kLanes - 1) / kLanes;
      const size_t words = groups * size_t(channels) * size_t(shape.length);  // of 16 bits
      op.keep = std::make_shared<Buffer>(*recording.backend, (words + 1) / 2);
    }
  }
  const ValueIndex y = op.y;
  state_->record(std::move(op));
  return recording.handle_of(y);
}

Value ProgramBuilder::shortcut(Value x, int stride, int channels) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  check_stride(stride);
  const int in_channels = state_->value(input).shape.channels;
  if (channels < in_channels) {
    throw_range("A shortcut cannot drop channels: x has " + std::to_string(in_channels) +
                ", asked for " + std::to_string(channels));
  }
  const LevelIndex level = state_->derived_level(state_->value(input).level, stride);
  const ValueIndex y = state_->new_value(channels, level);
  state_->record(ShortcutOp{stride, input, y});
  return recording.handle_of(y);
}

Value ProgramBuilder::cross_entropy(Value logits, const LossSettings& settings) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(logits, "logits");
  if (recording.classes > 0) {
    throw_state("A program has one loss: this one has a cross-entropy already");
  }
  const ValueInfo info = state_->value(input);
  for (const Node& node : recording.nodes) {
    const auto* gather = std::get_if<GatherOp>(&node.op);
    if (gather && gather->dataset->classes() > info.shape.channels) {
      throw_range("logits of shape " + shape_text(info.shape) + " have " +
                  std::to_string(info.shape.channels) + " classes, the data set has labels up to " +
                  std::to_string(gather->dataset->classes() - 1));
    }
  }
  check_loss(settings, info.shape.channels);
  CrossEntropyOp op{input, kNone, settings, nullptr, {}};
  for (Value teacher : settings.teachers) {
    op.teachers.push_back(state_->same_shape(teacher, "The logits of a teacher", info));
  }
  if (!settings.class_weights.empty()) {
    op.class_weights =
        std::make_shared<Buffer>(*recording.backend, settings.class_weights.size());
    op.class_weights->write(settings.class_weights.data());
  }
  const ValueIndex dlogits = state_->new_value(info.shape.channels, info.level);
  op.dlogits = dlogits;
  state_->record(std::move(op));
  recording.classes = info.shape.channels;
  return recording.handle_of(dlogits);
}

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
    if (!(settings.epsilon > 0) || !std::isfinite(settings.epsilon)) {
      throw_range("epsilon must be positive and finite, got " + number_text(settings.epsilon));
    }
  }
  check_not_negative(settings.weight_decay, "weight decay");
  check_not_negative(settings.clip_norm, "clip norm");
  recording.trained = std::move(parameters);
  recording.has_optimizer = true;
  state_->record(GradientNormOp{});  // also without clipping: it tells whether a step can be applied
  state_->record(OptimizerOp{settings});
}

void ProgramBuilder::average(std::vector<AveragedBuffer> buffers, float decay) {
  Recording& recording = state_->open();
  if (!recording.has_optimizer) throw_state("There is nothing to average before the optimizer");
  if (recording.has_average) throw_state("A program averages once: this one does already");
  check_rate(decay, "The decay of the average");
  for (const std::shared_ptr<Parameter>& parameter : recording.trained) {
    if (!parameter->data(Slot::average)) {
      throw_state("A parameter of the optimizer, of shape " + shape_text(parameter->shape()) +
                  ", keeps no average");
    }
  }
  std::unordered_set<const Buffer*> seen;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const std::string role = "Buffer " + std::to_string(i) + " of the average";
    for (const Buffer* buffer : {buffers[i].value.get(), buffers[i].average.get()}) {
      if (!buffer) throw_type(role + " must be a buffer, got none");
      if (&buffer->backend() != recording.backend.get()) {
        throw_type(role + " belongs to another backend");
      }
      if (!seen.insert(buffer).second) throw_range(role + " is listed twice");
    }
    if (buffers[i].value->size() != buffers[i].average->size()) {
      throw_range(role + " has " + std::to_string(buffers[i].value->size()) +
                  " elements, its average " + std::to_string(buffers[i].average->size()));
    }
  }
  recording.has_average = true;
  state_->record(AverageOp{std::move(buffers), decay});
}

}  // namespace lth
