#pragma once

#include <functional>
#include <vector>

namespace lth::cuda::emulate {

/// Work recorded during a capture, with its arguments as they were then.
struct Graph {
  std::vector<std::function<void()>> work;
};

/// Runs work at once, or captures it. A stream that is ordered after another one does its work as
/// late as allowed: when the other is ordered after it in turn. If an operand was overwritten
/// before, the result is visibly wrong.
struct Stream {
  Graph* recording = nullptr;
  bool follows = false;
  std::vector<std::function<void()>> waiting;  ///< of one that follows

  void submit(std::function<void()> work) {
    if (follows) {
      waiting.push_back(std::move(work));
    } else if (recording) {
      recording->work.push_back(std::move(work));
    } else {
      work();
    }
  }
};

/// Dynamic shared memory that a kernel may have from here on, as cudaFuncSetAttribute sets it.
void set_shared_limit(const void* kernel, size_t bytes);

/// Makes the device fail, as after a fault of a kernel, or whole again: from then on whatever
/// chooses the device, waits for it or copies throws. For tests.
void set_lost(bool lost);

}  // namespace lth::cuda::emulate
