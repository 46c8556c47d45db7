#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/arena.h"
#include "core/recording.h"

namespace lth {

/// A planned recording with the small device arrays that it needs beside the arena.
struct Program::Impl {
  Impl(std::unique_ptr<Recording> recording, std::shared_ptr<DeviceArena> arena, size_t bytes);
  ~Impl();
  struct Replayer;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Makes the arena hold this program's values; throws Error(state) if inputs were overwritten.
  void take_arena(bool for_writing);
  Activation activation(ValueIndex value) const;
  int32_t* lengths(LevelIndex level) const;
  /// The arrays of the trained parameters as they are now: a pruning round changes the patterns.
  std::span<const ParameterView> trained_views();
  void check_inputs(const StepInputs& inputs) const;
  void replay(const StepInputs& inputs);
  /// Slots of a batch, padded to whole groups.
  size_t slots() const;

  std::unique_ptr<Recording> recording;  ///< holds the backend
  std::shared_ptr<DeviceArena> arena;    ///< after it, so that it is freed first
  size_t arena_bytes;
  bool has_inputs = false;
  int32_t* tables = nullptr;   ///< labels, then records, then each level's lengths: [slots] each
  double* results = nullptr;   ///< [4]: mean loss, valid steps, correct steps, gradient norm
  std::vector<ParameterView> views;

  int32_t* labels() const { return tables; }
  int32_t* records() const { return tables + slots(); }
};

}  // namespace lth
