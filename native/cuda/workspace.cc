#include "cuda/device.h"
#include "lth/error.h"

namespace lth::cuda {

void* Workspace::require(size_t bytes) {
  if (bytes <= bytes_) return data_;
  if (is_capturing(stream_)) {
    throw_state("Internal: a captured op asks for " + std::to_string(bytes) +
                " bytes of scratch memory, its first run has asked for " + std::to_string(bytes_));
  }
  // In steps, so that a program's ops do not move it one by one.
  constexpr size_t kStep = size_t(1) << 20;
  const size_t wanted = (bytes + kStep - 1) / kStep * kStep;
  synchronize(stream_);
  device_free(std::exchange(data_, nullptr));
  bytes_ = 0;
  ++generation_;
  data_ = device_malloc(wanted);
  bytes_ = wanted;
  return data_;
}

}  // namespace lth::cuda
