#include <map>
#include <mutex>

#include "cuda/device.h"

namespace lth::cuda {

void allow_shared(const void* kernel, size_t bytes) {
  static std::mutex mutex;
  static std::map<std::pair<int, const void*>, size_t> limits;  // by device and kernel
  if (bytes <= kSharedForAll) return;
  const std::lock_guard lock(mutex);
  size_t& limit = limits[{device_in_use(), kernel}];
  if (bytes <= limit) return;
  set_shared_limit(kernel, bytes);
  limit = bytes;
}

}  // namespace lth::cuda
