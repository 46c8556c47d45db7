#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lth/program.h"

namespace lth {

/// Steps waiting on an asynchronous backend's device, and their results. Shared by all programs of
/// the backend, as one run at a time uses it.
class DeviceSteps {
 public:
  static constexpr size_t kMostSteps = 256;

  explicit DeviceSteps(Backend& backend) : backend_(backend) {}
  ~DeviceSteps();
  DeviceSteps(const DeviceSteps&) = delete;
  DeviceSteps& operator=(const DeviceSteps&) = delete;

  /// Those of this backend, made if no program has them.
  static std::shared_ptr<DeviceSteps> of(Backend& backend);

  /// Room for `row` records a step.
  void reserve(int row);
  /// Grows with every move.
  uint64_t generation() const { return generation_; }
  StepQueue queue() const;

  /// Puts at most kMostSteps steps in line.
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
