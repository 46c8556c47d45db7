#include <algorithm>
#include <cmath>

#include "core/format.h"
#include "core/ops/conv1d.h"
#include "core/program_impl.h"
#include "lth/error.h"

namespace lth {
namespace {

constexpr size_t kTables = 4;  // before the levels' lengths

}  // namespace

Program::Impl::Impl(std::unique_ptr<Recording> source, std::shared_ptr<DeviceArena> shared,
                    size_t bytes)
    : recording(std::move(source)), arena(std::move(shared)), arena_bytes(bytes) {
  Backend& backend = *recording->backend;
  try {
    arena->reserve(arena_bytes);
  } catch (const Error& error) {
    throw_state("Cannot build this program: its activations need " + std::to_string(arena_bytes) +
                " bytes (" + error.what() + ")");
  }
  for (const ValueInfo& value : recording->values) has_inputs = has_inputs || value.input;
  // One block: results, the step's values, tables. Each on a cache line of its own.
  constexpr size_t kResultBytes = 64, kValueBytes = 64;
  const size_t table_bytes = (kTables + recording->levels.size()) * slots() * sizeof(int32_t);
  const size_t block_bytes = kResultBytes + kValueBytes + table_bytes;
  auto* block = static_cast<char*>(backend.allocate(block_bytes));
  backend.zero(block, block_bytes);
  results = reinterpret_cast<double*>(block);
  tables = reinterpret_cast<int32_t*>(block + kResultBytes + kValueBytes);
  if (!backend.is_asynchronous()) return;
  step_values = reinterpret_cast<StepValues*>(block + kResultBytes);
  try {
    steps = DeviceSteps::of(backend);
    steps->reserve(int(slots()));
  } catch (...) {
    backend.release(block);
    throw;
  }
  for (const auto& parameter : recording->trained) used.push_back(parameter.get());
  for (const Node& node : recording->nodes) {
    const auto* conv = dynamic_cast<const ConvOp*>(node.op.get());
    if (conv) used.push_back(conv->weight.get());
  }
}

Program::Impl::~Impl() {
  if (arena->owner() == this) arena->set_owner(nullptr);
  captured.reset();  // waits for its replay, which uses the memory released next
  recording->backend->release(results);
}

size_t Program::Impl::slots() const {
  return size_t(recording->records + kLanes - 1) / kLanes * kLanes;
}

int32_t* Program::Impl::lengths(LevelIndex level) const {
  return tables + (kTables + size_t(level)) * slots();
}

Activation Program::Impl::activation(ValueIndex index) const {
  const ValueInfo& value = recording->values[size_t(index)];
  return {value.shape, arena->base() + value.offset, lengths(value.level)};
}

void Program::Impl::take_arena(bool for_writing) {
  if (arena->owner() == this) return;
  if (has_inputs && !for_writing) {
    throw_state(
        "The inputs of this program have not been written, or another program has run, been "
        "written to or been built since: write them again");
  }
  arena->reserve(arena_bytes);
  arena->set_owner(this);
}

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::~Program() = default;

int Program::records() const { return impl_->recording->records; }
int Program::length() const { return impl_->recording->length; }
size_t Program::arena_bytes() const { return impl_->arena_bytes; }

ActivationShape Program::value_shape(Value value) const {
  const Recording& recording = *impl_->recording;
  return recording.values[size_t(recording.index_of(value, "value"))].shape;
}

void Program::write_value(Value handle, std::span<const float> host,
                          std::span<const int32_t> lengths, std::span<const int32_t> labels) {
  const Recording& recording = *impl_->recording;
  const ValueIndex index = recording.index_of(handle, "value");
  const ValueInfo& value = recording.values[size_t(index)];
  const ActivationShape& shape = value.shape;
  if (!value.input) {
    throw_range("value " + std::to_string(handle) + " is not an input: it cannot be written");
  }
  const size_t records = size_t(shape.records);
  const size_t size = records * size_t(shape.channels) * size_t(shape.length);
  if (host.size() != size) {
    throw_range("An input of shape " + shape_text(shape) + " takes " + std::to_string(size) +
                " numbers, got " + std::to_string(host.size()));
  }
  if (!lengths.empty() && lengths.size() != records) {
    throw_range("An input of " + std::to_string(records) + " records takes as many lengths, got " +
                std::to_string(lengths.size()));
  }
  for (size_t n = 0; n < lengths.size(); ++n) {
    if (lengths[n] < 0 || lengths[n] > shape.length) {
      throw_range("The length of record " + std::to_string(n) + " must be from 0 to " +
                  std::to_string(shape.length) + ", got " + std::to_string(lengths[n]));
    }
  }
  if (!labels.empty() && labels.size() != records) {
    throw_range("An input of " + std::to_string(records) + " records takes as many labels, got " +
                std::to_string(labels.size()));
  }
  for (size_t n = 0; n < labels.size(); ++n) {
    if (labels[n] < 0 || (recording.classes > 0 && labels[n] >= recording.classes)) {
      const std::string most = recording.classes > 0
                                   ? "from 0 to " + std::to_string(recording.classes - 1)
                                   : std::string("at least 0");
      throw_range("The label of record " + std::to_string(n) + " must be " + most + ", got " +
                  std::to_string(labels[n]));
    }
  }

  impl_->take_arena(true);
  Backend& backend = *recording.backend;
  std::vector<int32_t> slots(impl_->slots(), 0);
  std::fill_n(slots.begin(), records, int32_t(shape.length));
  std::copy(lengths.begin(), lengths.end(), slots.begin());
  backend.upload(impl_->lengths(value.level), slots.data(), slots.size() * sizeof(int32_t));
  if (!labels.empty()) backend.upload(impl_->labels(), labels.data(), labels.size_bytes());
  backend.store_activation(impl_->activation(index), host.data());
}

void Program::read_value(Value handle, std::span<float> host) const {
  const Recording& recording = *impl_->recording;
  const ValueIndex index = recording.index_of(handle, "value");
  const ValueInfo& value = recording.values[size_t(index)];
  if (!value.output && !value.input) {
    throw_range("value " + std::to_string(handle) +
                " is not kept: mark it as an output before the program is built");
  }
  const size_t size =
      size_t(value.shape.records) * size_t(value.shape.channels) * size_t(value.shape.length);
  if (host.size() != size) {
    throw_range("A value of shape " + shape_text(value.shape) + " has " + std::to_string(size) +
                " numbers, got room for " + std::to_string(host.size()));
  }
  if (impl_->arena->owner() != impl_.get()) {
    throw_state("The values of this program are gone: it has not run since another program ran, " +
                std::string("was written to or was built"));
  }
  recording.backend->load_activation(impl_->activation(index), host.data());
}

std::vector<ConvKernels> Program::choose_kernels() {
  const Recording& recording = *impl_->recording;
  Backend& backend = *recording.backend;
  std::vector<ConvKernels> chosen;
  if (!backend.times_convolutions()) return chosen;
  std::vector<Parameter*> weights;
  for (const Node& node : recording.nodes) {
    const auto* conv = dynamic_cast<const ConvOp*>(node.op.get());
    if (!conv || std::find(weights.begin(), weights.end(), conv->weight.get()) != weights.end()) {
      continue;
    }
    const ActivationShape& x = recording.values[size_t(conv->x)].shape;
    weights.push_back(conv->weight.get());
    chosen.push_back({node.label, backend.time_conv1d(conv->desc, conv->weight->pattern(), x)});
  }
  // Only now: if one could not be timed, none is set.
  for (size_t i = 0; i < weights.size(); ++i) weights[i]->set_kernels(chosen[i].kernels);
  return chosen;
}

StepResult Program::run(const StepInputs& inputs) {
  const ProgramStep step{this, inputs};
  const std::atomic<bool> cancelled{false};
  StepResult result;
  run_steps({&step, 1}, {&result, 1}, cancelled);
  return result;
}

namespace {

/// Whether a step was one that the optimizer leaves out.
bool is_skipped(const Recording& recording, const StepResult& result) {
  return recording.has_optimizer &&
         !(std::isfinite(result.loss) && std::isfinite(result.gradient_norm));
}

}  // namespace

size_t run_steps(std::span<const ProgramStep> steps, std::span<StepResult> results,
                 const std::atomic<bool>& cancelled) {
  for (size_t i = 0; i < steps.size() && !cancelled;) {
    Program::Impl& first = *steps[i].program->impl_;
    if (!first.recording->backend->is_asynchronous()) {
      first.check_inputs(steps[i].inputs);
      first.take_arena(false);
      first.replay(steps[i].inputs);
      double numbers[4];
      first.recording->backend->download(numbers, first.results, sizeof numbers);
      results[i] = {numbers[0], numbers[1], numbers[2], numbers[3]};
      if (is_skipped(*first.recording, results[i++])) return i;
      continue;
    }
    const size_t count = std::min(steps.size() - i, DeviceSteps::kMostSteps);
    for (const ProgramStep& step : steps.subspan(i, count)) {
      step.program->impl_->check_inputs(step.inputs);
    }
    first.steps->upload(steps.subspan(i, count));
    for (const ProgramStep& step : steps.subspan(i, count)) {
      step.program->impl_->take_arena(false);
      step.program->impl_->queue_step();
    }
    first.steps->download(results.subspan(i, count));
    for (const size_t end = i + count; i < end; ++i) {
      const Recording& recording = *steps[i].program->impl_->recording;
      if (is_skipped(recording, results[i])) return i + 1;  // the device has left out the rest
    }
  }
  return steps.size();
}

}  // namespace lth
