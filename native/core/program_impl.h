#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/arena.h"
#include "core/device_steps.h"
#include "core/recording.h"

namespace lth {

/// Everything that decides which device memory a program's ops refer to.
struct CaptureKey {
  const void* arena = nullptr;
  uint64_t backend = 0;
  uint64_t steps = 0;
  std::vector<uint64_t> parameters;  ///< generations

  bool operator==(const CaptureKey&) const = default;
};

/// A planned recording with the small device arrays that it needs beside the arena.
struct Program::Impl {
  Impl(std::unique_ptr<Recording> recording, std::shared_ptr<DeviceArena> arena, size_t bytes);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Makes the arena hold this program's values; throws Error(state) if inputs were overwritten.
  void take_arena(bool for_writing);
  Activation activation(ValueIndex value) const;
  int32_t* lengths(LevelIndex level) const;
  /// The present arrays of the trained parameters; a pruning round changes the patterns.
  std::span<const ParameterView> trained_views();
  void check_inputs(const StepInputs& inputs) const;
  /// Runs the ops and measures their time, for backends whose ops have finished when they return.
  void replay(const StepInputs& inputs);
  /// Queues the next of `steps`. The first time it queues op by op, which allocates memory; then it
  /// captures the step, and replays the capture until something that it refers to has moved.
  void queue_step();
  /// Slots of a batch, padded to whole groups.
  size_t slots() const;
  CaptureKey capture_key() const;
  void queue_ops();
  void queue_profiled();

  std::unique_ptr<Recording> recording;  ///< holds the backend
  std::shared_ptr<DeviceArena> arena;    ///< after it, so that it is freed first
  size_t arena_bytes;
  bool has_inputs = false;
  int32_t* tables = nullptr;   ///< labels, records, second labels, shares, each level's lengths: [slots]
  double* results = nullptr;   ///< [4]: mean loss, valid steps, correct steps, gradient norm
  std::vector<ParameterView> views;

  // Of asynchronous backends.
  std::shared_ptr<DeviceSteps> steps;
  StepValues* step_values = nullptr;    ///< [1] device memory: of the step under way
  std::vector<const Parameter*> used;   ///< all whose patterns matter
  std::unique_ptr<CapturedStep> captured;
  CaptureKey captured_key;
  CaptureKey run_key;                   ///< of the last run op by op
  bool profiling = false;

  double* gradient_norm() const { return results + 3; }
  int32_t* labels() const { return tables; }
  int32_t* records() const { return tables + slots(); }
  int32_t* second_labels() const { return recording->mixes ? tables + 2 * slots() : nullptr; }
  float* shares() const {
    return recording->mixes ? reinterpret_cast<float*>(tables + 3 * slots()) : nullptr;
  }
};

}  // namespace lth
