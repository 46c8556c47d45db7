#pragma once

#include <cstddef>
#include <span>

namespace lth::inference {

/// A part of an arena that is in use from step `first` to step `last`.
struct Buffer {
  size_t floats = 0;
  int first = 0, last = 0;
  size_t at = 0;  ///< floats from the arena's start
};

/// Places buffers so that those in use at the same time do not overlap, with a margin between them.
/// Returns the floats of all.
size_t place_buffers(std::span<Buffer> buffers);

/// Zeroed memory.
class Arena {
 public:
  explicit Arena(size_t floats);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  float* data() { return data_; }
  size_t floats() const { return floats_; }

 private:
  void* memory_ = nullptr;
  size_t mapped_ = 0;  ///< bytes at memory_, on Linux
  float* data_ = nullptr;
  size_t floats_;
};

}  // namespace lth::inference
