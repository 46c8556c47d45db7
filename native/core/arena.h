#pragma once

#include <cstddef>
#include <memory>

#include "lth/backend.h"

namespace lth {

/// Memory for activations, shared by all programs of a backend: only one of them runs at a time, so
/// it is as large as the largest needs. Programs keep offsets, as the arena moves when it grows.
class DeviceArena {
 public:
  explicit DeviceArena(Backend& backend) : backend_(backend) {}
  ~DeviceArena();
  DeviceArena(const DeviceArena&) = delete;
  DeviceArena& operator=(const DeviceArena&) = delete;

  /// The arena of this backend, made if no builder or program has one.
  static std::shared_ptr<DeviceArena> of(Backend& backend);

  /// Makes sure of `bytes`; contents and owner are lost when it has to grow. If there is no memory,
  /// throws Error(state) and keeps what it had.
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
