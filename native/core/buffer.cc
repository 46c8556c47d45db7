#include <string>

#include "lth/error.h"
#include "lth/program.h"

namespace lth {

Buffer::Buffer(Backend& backend, size_t size) : backend_(backend), size_(size), data_(nullptr) {
  if (size == 0) throw_range("A buffer needs at least one element, got size 0");
  if (size > SIZE_MAX / sizeof(float)) {
    throw_state("Cannot hold a buffer of " + std::to_string(size) + " floats");
  }
  data_ = static_cast<float*>(backend_.allocate(size_ * sizeof(float)));
  backend_.zero(data_, size_ * sizeof(float));
}

Buffer::~Buffer() { backend_.release(data_); }

void Buffer::write(const float* source) {
  backend_.upload(data_, source, size_ * sizeof(float));
}

void Buffer::read(float* target) const {
  backend_.download(target, data_, size_ * sizeof(float));
}

}  // namespace lth
