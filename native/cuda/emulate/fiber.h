#pragma once

#include <cstddef>

namespace lth::cuda::emulate {

/// A stack that can be left and entered again. The entry function never returns: it switches away
/// for the last time.
class Fiber {
 public:
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Makes the next switch to this fiber call `entry` on an empty stack.
  void prepare(void (*entry)());
  /// Leaves `from` and goes on in `to`.
  static void change(Fiber& from, Fiber& to);

 private:
  static constexpr size_t kStackBytes = size_t(128) << 10;

  char* stack_ = nullptr;  // null for the fiber of the host thread itself
  void* context_ = nullptr;
};

}  // namespace lth::cuda::emulate
