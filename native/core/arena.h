#pragma once

#include <cstddef>
#include <memory>

#include "lth/backend.h"

namespace lth {

/// Memory for activations, shared by all programs of a backend. Only one program runs at a time, so
/// the arena has the size of the largest. Programs keep offsets, because the arena moves when it
/// grows.
class DeviceArena {
 public:
  explicit DeviceArena(Backend& backend) : backend_(backend) {}
  ~DeviceArena();
  DeviceArena(const DeviceArena&) = delete;
  DeviceArena& operator=(const DeviceArena&) = delete;

  /// The arena of this backend; makes it if no builder or program has one.
  static std::shared_ptr<DeviceArena> of(Backend& backend);

  /// Makes room for `bytes`; contents and owner are lost if it has to grow. If memory runs out, it
  /// throws Error(state) and keeps its memory.
  void reserve(size_t bytes);
  char* base() const { return base_; }
  size_t capacity() const { return capacity_; }

  /// The program whose values the arena holds, or null.
  const void* owner() const { return owner_; }
  void set_owner(const void* owner) { owner_ = owner; }

 private:
  Backend& backend_;
  char* base_ = nullptr;
  size_t capacity_ = 0;
  const void* owner_ = nullptr;
};

}  // namespace lth
