#include "core/device_steps.h"

#include <algorithm>

namespace lth {
namespace {

constexpr size_t kValuesAt = 0;
constexpr size_t kResultsAt = kValuesAt + DeviceSteps::kMostSteps * sizeof(StepValues);
constexpr size_t kCursorAt = kResultsAt + DeviceSteps::kMostSteps * 4 * sizeof(double);
constexpr size_t kRecordsAt = kCursorAt + 64;

}  // namespace

DeviceSteps::~DeviceSteps() { backend_.release(memory_); }

std::shared_ptr<DeviceSteps> DeviceSteps::of(Backend& backend) {
  std::shared_ptr<DeviceSteps> steps = backend.program_share().steps.lock();
  if (!steps) {
    steps = std::make_shared<DeviceSteps>(backend);
    backend.program_share().steps = steps;
  }
  return steps;
}

void DeviceSteps::reserve(int row) {
  if (row <= row_) return;
  backend_.release(memory_);
  memory_ = nullptr;
  row_ = 0;
  ++generation_;
  memory_ = static_cast<char*>(
      backend_.allocate(kRecordsAt + kMostSteps * size_t(row) * sizeof(int32_t)));
  row_ = row;
}

StepQueue DeviceSteps::queue() const {
  return {.values = reinterpret_cast<const StepValues*>(memory_ + kValuesAt),
          .records = reinterpret_cast<const int32_t*>(memory_ + kRecordsAt),
          .results = reinterpret_cast<double*>(memory_ + kResultsAt),
          .cursor = reinterpret_cast<int32_t*>(memory_ + kCursorAt),
          .row = row_};
}

void DeviceSteps::upload(std::span<const ProgramStep> steps) {
  std::vector<StepValues> values;
  std::vector<int32_t> records(steps.size() * size_t(row_), -1);
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepInputs& inputs = steps[i].inputs;
    values.push_back({inputs.learning_rate, inputs.stream, inputs.optimizer_step, 0});
    std::copy(inputs.records.begin(), inputs.records.end(),
              records.begin() + std::ptrdiff_t(i * size_t(row_)));
  }
  const int32_t cursor[2] = {0, 0};
  backend_.upload(memory_ + kValuesAt, values.data(), values.size() * sizeof(StepValues));
  backend_.upload(memory_ + kRecordsAt, records.data(), records.size() * sizeof(int32_t));
  backend_.upload(memory_ + kCursorAt, cursor, sizeof cursor);
}

void DeviceSteps::download(std::span<StepResult> results) {
  std::vector<double> numbers(results.size() * 4);
  backend_.download(numbers.data(), memory_ + kResultsAt, numbers.size() * sizeof(double));
  for (size_t i = 0; i < results.size(); ++i) {
    const double* row = numbers.data() + 4 * i;
    results[i] = {row[0], row[1], row[2], row[3]};
  }
}

}  // namespace lth
