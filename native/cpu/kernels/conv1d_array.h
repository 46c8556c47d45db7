#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace lth::cpu::LTH_ISA {

/// Owned array of trivial T, 64-byte aligned, not initialised. Not std::vector: its functions would
/// be shared between the instruction sets (see the comment on kernels in CMakeLists.txt).
template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(size_t size) { resize(size); }
  Array(Array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Array() { release(); }

  /// Contents are lost.
  void resize(size_t size) {
    release();
    data_ = static_cast<T*>(::operator new(size * sizeof(T) + 64, std::align_val_t(64)));
    size_ = size;
  }
  /// At least `size` elements; contents are lost when it grows.
  T* reserve(size_t size) {
    if (size > size_) resize(size);
    return data_;
  }
  void fill(T value) {
    for (size_t i = 0; i < size_; ++i) data_[i] = value;
  }

  size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  void release() {
    if (data_) ::operator delete(data_, std::align_val_t(64));
    data_ = nullptr;
    size_ = 0;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace lth::cpu::LTH_ISA
