#pragma once

#include <functional>
#include <vector>

namespace lth::cuda::emulate {

/// Work recorded during a capture, with its arguments as they were then.
struct Graph {
  std::vector<std::function<void()>> work;
};

/// Runs work at once, or records it while it is captured. A stream that is ordered behind another one
/// does its work as late as that may be: where the other is ordered behind it in turn. Whoever has
/// overwritten an operand by then sees a wrong result.
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
