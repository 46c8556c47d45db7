#pragma once

#include <functional>
#include <vector>

namespace lth::cuda::emulate {

/// Work recorded during a capture, with its arguments as they were then.
struct Graph {
  std::vector<std::function<void()>> work;
};

/// Runs work at once, or records it while it is captured.
struct Stream {
  Graph* recording = nullptr;

  void submit(std::function<void()> work) {
    if (recording) {
      recording->work.push_back(std::move(work));
    } else {
      work();
    }
  }
};

/// Makes the device fail, as after a fault of a kernel, or whole again: from then on whatever
/// chooses the device, waits for it or copies throws. For tests.
void set_lost(bool lost);

}  // namespace lth::cuda::emulate
