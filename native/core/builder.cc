#include <climits>
#include <cmath>
#include <limits>

#include "core/builder_state.h"
#include "core/format.h"
#include "core/program_impl.h"
#include "lth/error.h"

namespace lth {
namespace {

constexpr int kMostRecords = 1 << 20;
constexpr int kMostLength = 1 << 28;

void check_extent(int value, int most, const char* what) {
  if (value < 1 || value > most) {
    throw_range(std::string(what) + " must be from 1 to " + std::to_string(most) + ", got " +
                std::to_string(value));
  }
}

void check_range(const Range& range, float least, float most, const char* what) {
  if (range.low >= least && range.low <= range.high && range.high <= most) return;
  throw_range(std::string(what) + " must go from a number to none below it, within " +
              number_text(least) + " to " + number_text(most) + ", got " +
              number_text(range.low) + " to " + number_text(range.high));
}

void check_augmentation(const Augmentation& a) {
  constexpr float kAny = std::numeric_limits<float>::max();
  check_extent(a.hop, kMostLength, "The hop of an augmentation");
  check_range(a.stretch, 1 / 16.0f, 16, "The stretch of an augmentation");
  check_range(a.log2_amplitude, -16, 16, "The log2 of an augmentation's amplitude");
  check_range(a.wander_amplitude, 0, kAny, "The amplitude of an augmentation's wander");
  check_range(a.wander_frequency, 0, 0.5f, "The frequency of an augmentation's wander");
  check_range(a.noise, 0, kAny, "The noise of an augmentation");
  if (!(a.burst_probability >= 0 && a.burst_probability < 1)) {
    throw_range("The probability of a burst must be at least 0 and less than 1, got " +
                number_text(a.burst_probability));
  }
  check_extent(a.burst_length, Augmentation::kMostBurst, "The length of a burst");
  if (a.masks < 0 || a.masks > Augmentation::kMostMasks) {
    throw_range("The masks of an augmentation must be from 0 to " +
                std::to_string(Augmentation::kMostMasks) + ", got " + std::to_string(a.masks));
  }
  check_extent(a.mask_length, kMostLength, "The length of a mask");
  if (a.mixup != 0 && !(a.mixup >= 0.05 && a.mixup <= 2)) {
    throw_range("The mixup of an augmentation must be 0 or from 0.05 to 2, got " +
                number_text(a.mixup));
  }
}

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

Value ProgramBuilder::gather(std::shared_ptr<ResidentDataset> dataset, float mean, float std,
                             bool flip, const std::optional<Augmentation>& augment,
                             bool negate) {
  Recording& recording = state_->open();
  if (!dataset) throw_type("gather needs a data set, got none");
  if (&dataset->backend() != recording.backend.get()) {
    throw_type("The data set of gather belongs to another backend");
  }
  if (recording.has_gather) {
    throw_state("A program gathers one batch: this one has a gather already");
  }
  if (!std::isfinite(mean)) throw_range("mean must be finite, got " + number_text(mean));
  if (!(std > 0) || !std::isfinite(std) || !std::isfinite(1.0f / std)) {
    throw_range("std must be positive and finite, got " + number_text(std));
  }
  if (augment) check_augmentation(*augment);
  const LevelIndex level = state_->new_level(kNone, 1, recording.length);
  const ValueIndex x = state_->new_value(1, level);
  const float inv_std = negate ? -1.0f / std : 1.0f / std;
  state_->record(GatherOp{std::move(dataset), mean, inv_std, flip, augment, x});
  recording.has_gather = true;
  recording.mixes = augment && augment->mixup > 0;
  return recording.handle_of(x);
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
  auto impl = std::make_unique<Program::Impl>(std::move(state_->recording),
                                              std::move(state_->arena), bytes);
  return std::unique_ptr<Program>(new Program(std::move(impl)));
}

}  // namespace lth
