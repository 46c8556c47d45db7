#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lth/program.h"

namespace lth {

/// Steps that wait on an asynchronous backend's device, and their results. All programs of the
/// backend share them, because only one run at a time uses them.
class DeviceSteps {
 public:
  static constexpr size_t kMostSteps = 256;

  explicit DeviceSteps(Backend& backend) : backend_(backend) {}
  ~DeviceSteps();
  DeviceSteps(const DeviceSteps&) = delete;
  DeviceSteps& operator=(const DeviceSteps&) = delete;

  /// The steps of this backend; makes them if no program has them.
  static std::shared_ptr<DeviceSteps> of(Backend& backend);

  /// Makes room for `row` records per step.
  void reserve(int row);
  /// Increases whenever the memory moves.
  uint64_t generation() const { return generation_; }
  StepQueue queue() const;

  /// Queues at most kMostSteps steps.
  void upload(std::span<const ProgramStep> steps);
  /// Waits for the first `results.size()` of them.
  void download(std::span<StepResult> results);

 private:
  void release();

  Backend& backend_;
  int row_ = 0;
  uint64_t generation_ = 0;
  /// values [steps], results [steps][4], cursor [2], records [steps][row]
  char* memory_ = nullptr;
};

}  // namespace lth
