#include "binding/run.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/program.h"
#include "lth/number_text.h"

namespace lth::binding {
namespace {

constexpr int64_t kMaxOptimizerStep = int64_t(1) << 53;

struct Step {
  std::shared_ptr<Recorded> program;
  StepInputs inputs;  // records point into Run::records_
};

/// The results' arrays, in the order of native.ts.
constexpr std::pair<const char*, double StepResult::*> kResults[] = {
    {"loss", &StepResult::loss},
    {"valid", &StepResult::valid},
    {"correct", &StepResult::correct},
    {"gradientNorm", &StepResult::gradient_norm},
};

/// S steps replayed with no JavaScript in between.
class Run : public Job {
 public:
  Run(std::vector<Step> steps, std::vector<int32_t> records, Napi::Promise::Deferred deferred)
      : records_(std::move(records)),
        steps_(std::move(steps)),
        results_(steps_.size()),
        deferred_(deferred) {}

  void work(const std::atomic<bool>& cancelled) noexcept override {
    failed_ = capture([&] {
      std::vector<ProgramStep> steps;
      steps.reserve(steps_.size());
      for (const Step& step : steps_) steps.push_back({step.program->program.get(), step.inputs});
      results_.resize(run_steps(steps, results_, cancelled));
    });
  }

  void settle(Napi::Env env) override {
    if (failed_) {
      deferred_.Reject(to_js_error(env, *failed_).Value());
      return;
    }
    Napi::Object object = Napi::Object::New(env);
    for (const auto& [name, member] : kResults) {
      Napi::Float64Array array = Napi::Float64Array::New(env, results_.size());
      for (size_t i = 0; i < results_.size(); ++i) array[i] = results_[i].*member;
      object.Set(name, array);
    }
    deferred_.Resolve(object);
  }

 private:
  std::vector<int32_t> records_;
  std::vector<Step> steps_;
  std::vector<StepResult> results_;
  std::optional<Caught> failed_;
  Napi::Promise::Deferred deferred_;
};

/// RunInputs as plain data; what is absent is empty.
struct Inputs {
  std::optional<std::vector<int32_t>> records;
  std::optional<std::vector<float>> learning_rates;
  std::optional<int64_t> optimizer_step;
  std::optional<uint32_t> stream;
};

Inputs read_inputs(const Napi::Value& value) {
  const Fields fields(value, "run: inputs",
                      {"records", "learningRates", "optimizerStep", "stream"});
  const Napi::Value records = fields.get("records");
  const Napi::Value rates = fields.get("learningRates");
  const Napi::Value step = fields.get("optimizerStep");
  const Napi::Value stream = fields.get("stream");
  Inputs inputs;
  if (!records.IsUndefined()) inputs.records = to_copy<int32_t>(records, fields.path("records"));
  if (!rates.IsUndefined()) {
    inputs.learning_rates = to_copy<float>(rates, fields.path("learningRates"));
  }
  if (!step.IsUndefined()) {
    inputs.optimizer_step = to_integer(step, fields.path("optimizerStep"), 1, kMaxOptimizerStep);
  }
  if (!stream.IsUndefined()) {
    inputs.stream = uint32_t(to_integer(stream, fields.path("stream"), 0, 0xffffffffLL));
  }
  return inputs;
}

[[noreturn]] void missing(const char* field, const char* because) {
  throw_type(std::string("run: inputs.") + field + " is missing: a program " + because);
}

void check_learning_rates(const std::vector<float>& rates, size_t steps) {
  require_length(rates.size(), steps, "run: inputs.learningRates");
  for (size_t i = 0; i < steps; ++i) {
    if (!(rates[i] >= 0 && rates[i] <= std::numeric_limits<float>::max())) {
      throw_range(element_path("run: inputs.learningRates", i) +
                  " must be a finite number >= 0, got " + number_text(rates[i]));
    }
  }
}

/// The inputs that all programs together need.
void check_inputs(const Inputs& inputs, const std::vector<Step>& steps) {
  bool gathers = false, optimizes = false, random = false;
  size_t slots = 0;
  for (const Step& step : steps) {
    gathers |= step.program->traits.gathers;
    optimizes |= step.program->traits.optimizes;
    random |= step.program->traits.random;
    slots += size_t(step.program->program->records());
  }
  if (gathers && !inputs.records) missing("records", "gathers a batch");
  if (inputs.records) require_length(inputs.records->size(), slots, "run: inputs.records");
  if (optimizes && !inputs.learning_rates) missing("learningRates", "has an optimizer");
  if (inputs.learning_rates) check_learning_rates(*inputs.learning_rates, steps.size());
  if (optimizes && !inputs.optimizer_step) missing("optimizerStep", "has an optimizer");
  if (random && !inputs.stream) missing("stream", "draws random numbers (dropout, sign flips or augmentation)");
}

void assign_inputs(std::vector<Step>& steps, const Inputs& inputs) {
  size_t slot = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Recorded& recorded = *steps[i].program;
    const auto slots = size_t(recorded.program->records());
    StepInputs& target = steps[i].inputs;
    if (recorded.traits.gathers) target.records = std::span(*inputs.records).subspan(slot, slots);
    slot += slots;
    if (inputs.learning_rates) target.learning_rate = (*inputs.learning_rates)[i];
    target.optimizer_step = inputs.optimizer_step.value_or(1) + int64_t(i);
    target.stream = inputs.stream.value_or(0) + uint32_t(i);
  }
}

}  // namespace

Napi::Value start_run(Napi::Env env, const std::shared_ptr<DeviceState>& device,
                      const Napi::Value& programs, const Napi::Value& inputs_value) {
  const std::vector<Napi::Value> elements = to_array(programs, "run: programs");
  Inputs inputs = read_inputs(inputs_value);
  if (elements.empty()) throw_range("run: programs must not be empty");
  std::vector<Step> steps;
  steps.reserve(elements.size());
  for (const Napi::Value& element : elements) {
    const std::string what = element_path("run: programs", steps.size());
    steps.push_back({Program::on(*device, element, what), {}});
  }
  device->idle_backend("device.run");
  check_inputs(inputs, steps);
  assign_inputs(steps, inputs);
  auto deferred = Napi::Promise::Deferred::New(env);
  // Moving the vector keeps its elements where the steps' spans point.
  std::vector<int32_t> records = std::move(inputs.records).value_or(std::vector<int32_t>());
  device->start(env, std::make_unique<Run>(std::move(steps), std::move(records), deferred));
  return deferred.Promise();
}

}  // namespace lth::binding
