#include <cmath>
#include <limits>

#include "core/builder_state.h"
#include "core/checks.h"
#include "core/replay.h"

namespace lth {
namespace {

class GatherOp : public Op {
 public:
  GatherOp(std::shared_ptr<ResidentDataset> dataset, float mean, float inv_std, bool flip,
           const std::optional<Augmentation>& augment, ValueIndex x)
      : dataset_(std::move(dataset)),
        mean_(mean),
        inv_std_(inv_std),
        flip_(flip),
        augment_(augment),
        x_(x) {}

  const char* name() const override { return "gather"; }
  OpValues values() const override { return {{}, x_}; }

  void check(const Recording& recording, const StepInputs& inputs) const override {
    if (inputs.records.size() != size_t(recording.records)) {
      throw_range("This program takes " + std::to_string(recording.records) +
                  " records a step, got " + std::to_string(inputs.records.size()));
    }
    for (size_t n = 0; n < inputs.records.size(); ++n) {
      const int32_t record = inputs.records[n];
      if (record < -1 || record >= dataset_->records()) {
        throw_range("Record " + std::to_string(record) + " in slot " + std::to_string(n) +
                    " is not in the data set of " + std::to_string(dataset_->records()) +
                    " records");
      }
    }
  }

  void run(const Replay& replay) const override {
    Program::Impl& program = replay.program;
    const LevelIndex level = program.recording->values[size_t(x_)].level;
    replay.backend.gather({.dataset = &dataset_->view(),
                           .indices = program.records(),
                           .mean = mean_,
                           .inv_std = inv_std_,
                           .flip = flip_,
                           .seed = program.recording->seed,
                           .stream = replay.inputs.stream,
                           .x = replay.at(x_),
                           .lengths = program.lengths(level),
                           .labels = program.labels(),
                           .step_values = program.step_values,
                           .augment = augment_ ? &*augment_ : nullptr,
                           .second_labels = program.second_labels(),
                           .shares = program.shares()});
  }

 private:
  std::shared_ptr<ResidentDataset> dataset_;
  float mean_, inv_std_;
  bool flip_;
  std::optional<Augmentation> augment_;
  ValueIndex x_;
};

void check_range(const Range& range, float least, float most, const char* what) {
  if (range.low >= least && range.low <= range.high && range.high <= most) return;
  throw_range(std::string(what) + " must be two numbers, the first not above the second, from " +
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
  recording.label_classes = dataset->classes();
  state_->record(
      std::make_unique<GatherOp>(std::move(dataset), mean, inv_std, flip, augment, x));
  recording.has_gather = true;
  recording.mixes = augment && augment->mixup > 0;
  return recording.handle_of(x);
}

}  // namespace lth
