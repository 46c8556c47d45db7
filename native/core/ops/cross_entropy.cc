#include "core/builder_state.h"
#include "core/checks.h"
#include "core/replay.h"

namespace lth {
namespace {

class CrossEntropyOp : public Op {
 public:
  ValueIndex logits = kNone, dlogits = kNone;
  LossSettings settings;
  std::unique_ptr<Buffer> class_weights;  ///< allocated with the program, or null
  std::vector<ValueIndex> teachers;

  const char* name() const override { return "cross_entropy"; }
  OpValues values() const override {
    OpValues values{teachers, dlogits};
    values.reads.push_back(logits);
    return values;
  }

  void allocate(const Recording& recording) override {
    const std::vector<float>& weights = settings.class_weights;
    if (weights.empty()) return;
    class_weights = std::make_unique<Buffer>(*recording.backend, weights.size());
    class_weights->write(weights.data());
  }

  void run(const Replay& replay) const override {
    std::vector<Activation> taught;
    for (ValueIndex teacher : teachers) taught.push_back(replay.at(teacher));
    replay.backend.cross_entropy(
        {.logits = replay.at(logits),
         .labels = replay.program.labels(),
         .dlogits = replay.at(dlogits),
         .result = replay.program.results,
         .label_smoothing = settings.label_smoothing,
         .focal = settings.focal,
         .class_weights = class_weights ? class_weights->data() : nullptr,
         .second_labels = replay.program.second_labels(),
         .shares = replay.program.shares(),
         .teachers = taught,
         .temperature = settings.temperature,
         .teacher_weight = settings.teacher_weight});
  }
};

void check_share(float value, const char* what) {
  if (!(value >= 0 && value <= 1)) {
    throw_range(std::string(what) + " must be from 0 to 1, got " + number_text(value));
  }
}

void check_loss(const LossSettings& settings, int classes) {
  check_share(settings.label_smoothing, "label smoothing");
  check_share(settings.teacher_weight, "teacher weight");
  check_not_negative(settings.focal, "focal");
  check_positive(settings.temperature, "temperature");
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

Value ProgramBuilder::cross_entropy(Value logits, const LossSettings& settings) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(logits, "logits");
  if (recording.classes > 0) {
    throw_state("A program has one loss: this one has a cross-entropy already");
  }
  const ValueInfo info = state_->value(input);
  if (recording.label_classes > info.shape.channels) {
    throw_range("logits of shape " + shape_text(info.shape) + " have " +
                std::to_string(info.shape.channels) + " classes, the data set has labels up to " +
                std::to_string(recording.label_classes - 1));
  }
  check_loss(settings, info.shape.channels);
  auto op = std::make_unique<CrossEntropyOp>();
  op->logits = input;
  op->settings = settings;
  for (Value teacher : settings.teachers) {
    op->teachers.push_back(state_->same_shape(teacher, "The logits of a teacher", info));
  }
  const ValueIndex dlogits = op->dlogits = state_->new_value_like(input);
  state_->record(std::move(op));
  recording.classes = info.shape.channels;
  return recording.handle_of(dlogits);
}

}  // namespace lth
