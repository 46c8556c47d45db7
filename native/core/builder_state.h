#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/arena.h"
#include "core/recording.h"

namespace lth {

/// The state of a builder while it traces ops.
struct ProgramBuilder::State {
  std::unique_ptr<Recording> recording;  ///< null once built; holds the backend
  std::shared_ptr<DeviceArena> arena;    ///< after it, so that it is freed first
  std::string label;
  uint32_t norms = 0;
  std::unordered_map<const Parameter*, std::string> gradient_of;  ///< label of the op that wrote it

  /// The recording; throws Error(state) after build().
  Recording& open() const;
  /// The same for an op that computes gradients: refuses it after the optimiser.
  Recording& open_for_gradient(const char* op) const;

  LevelIndex new_level(LevelIndex source, int stride, int length);
  /// The level of ceil(length / stride), made (with the op that fills it in) on first use.
  LevelIndex derived_level(LevelIndex source, int stride);
  /// A value that the next op writes.
  ValueIndex new_value(int channels, LevelIndex level);
  /// The same, with the shape and records of another value.
  ValueIndex new_value_like(ValueIndex other);
  void record(std::unique_ptr<Op> op);

  const ValueInfo& value(ValueIndex index) const { return recording->values[size_t(index)]; }
  /// Turns a handle into an index and checks the value's [channels, length]; none stays none if
  /// allowed.
  ValueIndex same_shape(Value handle, const char* role, const ValueInfo& like) const;
  ValueIndex optional_same_shape(Value handle, const char* role, const ValueInfo& like) const;
  /// Checks that a parameter is present and belongs to this backend.
  void check_parameter(const Parameter* parameter, const char* role) const;
  void check_channels(const Parameter* parameter, const char* role, int channels) const;
  /// Each gradient has one writer: a second would overwrite the first.
  void claim_gradient(const Parameter& parameter, const char* role);
};

/// When destroyed, restores the label and removes the ops traced since, unless they are kept.
class RecordingMark {
 public:
  explicit RecordingMark(ProgramBuilder::State& state);
  ~RecordingMark();
  RecordingMark(const RecordingMark&) = delete;
  RecordingMark& operator=(const RecordingMark&) = delete;
  void keep() { kept_ = true; }

 private:
  ProgramBuilder::State& state_;
  size_t values_, nodes_;
  std::string label_;
  std::unordered_map<const Parameter*, std::string> gradient_of_;
  bool kept_ = false;
};

}  // namespace lth
