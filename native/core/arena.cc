#include "core/arena.h"

#include "lth/error.h"

namespace lth {

DeviceArena::~DeviceArena() { backend_.release(base_); }

std::shared_ptr<DeviceArena> DeviceArena::of(Backend& backend) {
  std::shared_ptr<DeviceArena> arena = backend.program_share().arena.lock();
  if (!arena) {
    arena = std::make_shared<DeviceArena>(backend);
    backend.program_share().arena = arena;
  }
  return arena;
}

void DeviceArena::reserve(size_t bytes) {
  if (bytes <= capacity_) return;
  const size_t previous = capacity_;
  backend_.release(base_);  // before the larger one: both at once might not fit
  base_ = nullptr;
  capacity_ = 0;
  owner_ = nullptr;
  try {
    base_ = static_cast<char*>(backend_.allocate(bytes));
    capacity_ = bytes;
  } catch (const Error&) {
    if (previous > 0) {
      base_ = static_cast<char*>(backend_.allocate(previous));
      capacity_ = previous;
    }
    throw;
  }
}

}  // namespace lth
