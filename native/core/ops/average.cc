#include <unordered_set>

#include "core/builder_state.h"
#include "core/checks.h"
#include "core/replay.h"

namespace lth {
namespace {

class AverageOp : public Op {
 public:
  AverageOp(std::vector<ProgramBuilder::AveragedBuffer> buffers, float decay)
      : buffers_(std::move(buffers)), decay_(decay) {}

  const char* name() const override { return "average_step"; }
  OpCost cost(const Recording& recording) const override {
    double kept = 0;
    for (const auto& parameter : recording.trained) kept += double(parameter->kept());
    return {.parameter_floats = 3 * kept};  // value and average, and back
  }

  void run(const Replay& replay) const override {
    std::vector<ParameterView> views;
    for (const std::shared_ptr<Parameter>& parameter : replay.program.recording->trained) {
      views.push_back({.value = parameter->data(Slot::value),
                       .gradient = nullptr,
                       .moment1 = nullptr,
                       .moment2 = nullptr,
                       .size = parameter->size(),
                       .pattern = parameter->pattern(),
                       .average = parameter->data(Slot::average)});
    }
    for (const ProgramBuilder::AveragedBuffer& buffer : buffers_) {
      views.push_back({.value = buffer.value->data(),
                       .gradient = nullptr,
                       .moment1 = nullptr,
                       .moment2 = nullptr,
                       .size = buffer.value->size(),
                       .pattern = nullptr,
                       .average = buffer.average->data()});
    }
    replay.backend.average_step({.parameters = views,
                                 .decay = decay_,
                                 .norm = replay.program.gradient_norm(),
                                 .step = replay.inputs.optimizer_step,
                                 .step_values = replay.program.step_values});
  }

 private:
  std::vector<ProgramBuilder::AveragedBuffer> buffers_;
  float decay_;
};

}  // namespace

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
  state_->record(std::make_unique<AverageOp>(std::move(buffers), decay));
}

}  // namespace lth
