#include <climits>

#include "core/builder_state.h"
#include "core/checks.h"
#include "core/program_impl.h"

namespace lth {
namespace {

constexpr int kMostRecords = 1 << 20;

}  // namespace

ProgramBuilder::ProgramBuilder(std::shared_ptr<Backend> backend, int records, int length,
                               uint64_t seed)
    : state_(std::make_unique<State>()) {
  if (!backend) throw_type("A builder needs a backend, got none");
  check_extent(records, kMostRecords, "The number of records of a batch");
  check_extent(length, kMostLength, "The length of a batch");
  state_->recording = std::make_unique<Recording>();
  Recording& recording = *state_->recording;
  recording.records = records;
  recording.length = length;
  recording.seed = seed;
  recording.tag = int(backend->program_share().builders++ % (1U << (31 - kValueBits)))
                  << kValueBits;
  state_->arena = DeviceArena::of(*backend);
  recording.backend = std::move(backend);
}

ProgramBuilder::~ProgramBuilder() = default;

void ProgramBuilder::label(const std::string& name) {
  state_->open();
  state_->label = name;
}

Value ProgramBuilder::input(int channels, int length) {
  Recording& recording = state_->open();
  check_extent(channels, INT_MAX, "The channels of an input");
  check_extent(length, kMostLength, "The length of an input");
  const ValueIndex x = state_->new_value(channels, state_->new_level(kNone, 1, length));
  recording.values[size_t(x)].producer = kNone;
  recording.values[size_t(x)].input = true;
  return recording.handle_of(x);
}

void ProgramBuilder::output(Value value) {
  Recording& recording = state_->open();
  recording.values[size_t(recording.index_of(value, "output"))].output = true;
}

size_t ProgramBuilder::planned_bytes() { return plan_values(state_->open()); }

std::unique_ptr<Program> ProgramBuilder::build() {
  Recording& recording = state_->open();
  if (recording.nodes.empty()) throw_state("Cannot build a program without any op");
  const size_t bytes = plan_values(recording);
  for (Node& node : recording.nodes) node.op->allocate(recording);
  auto impl = std::make_unique<Program::Impl>(std::move(state_->recording),
                                              std::move(state_->arena), bytes);
  return std::unique_ptr<Program>(new Program(std::move(impl)));
}

}  // namespace lth
