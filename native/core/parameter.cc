#include "lth/parameter.h"

#include <algorithm>
#include <climits>

#include "core/format.h"
#include "core/pattern.h"
#include "lth/backend.h"
#include "lth/error.h"

namespace lth {
namespace {

size_t checked_size(const std::vector<int>& shape) {
  if (shape.empty()) throw_range("A parameter needs at least one extent, got shape []");
  size_t size = 1;
  for (int extent : shape) {
    if (extent < 1) {
      throw_range("Each extent of a parameter must be at least 1, got shape " + shape_text(shape));
    }
    if (__builtin_mul_overflow(size, size_t(extent), &size) || size > size_t(INT_MAX)) {
      throw_range("A parameter must have fewer than 2^31 elements, got shape " + shape_text(shape));
    }
  }
  return size;
}

}  // namespace

Parameter::Parameter(Backend& backend, std::vector<int> shape)
    : backend_(backend), shape_(std::move(shape)), size_(checked_size(shape_)) {
  // One block of memory; each array starts on a cache line.
  const size_t stride = (size_ + 15) / 16 * 16;
  const size_t bytes = 4 * stride * sizeof(float);
  auto* memory = static_cast<float*>(backend_.allocate(bytes));
  backend_.zero(memory, bytes);
  for (size_t slot = 0; slot < 4; ++slot) slots_[slot] = memory + slot * stride;
}

Parameter::~Parameter() {
  backend_.release(data(Slot::average));
  backend_.release(slots_[0]);
}

void Parameter::keep_average() {
  float*& average = slots_[size_t(Slot::average)];
  if (average) return;
  average = static_cast<float*>(backend_.allocate(size_ * sizeof(float)));
  backend_.zero(average, size_ * sizeof(float));
}

float* Parameter::array(Slot slot) const {
  if (!data(slot)) throw_state("This parameter " + shape_text(shape_) + " keeps no average");
  return data(slot);
}

void Parameter::write(Slot slot, const float* source) {
  if (mask_.empty()) {
    backend_.upload(array(slot), source, size_ * sizeof(float));
    return;
  }
  std::vector<float> masked(size_);
  for (size_t i = 0; i < size_; ++i) masked[i] = mask_[i] ? source[i] : 0.0f;
  backend_.upload(array(slot), masked.data(), size_ * sizeof(float));
}

void Parameter::read(Slot slot, float* target) const {
  backend_.download(target, array(slot), size_ * sizeof(float));
}

void Parameter::set_mask(const uint8_t* mask) {
  for (size_t i = 0; i < size_; ++i) {
    if (mask[i] > 1) {
      throw_range("A mask holds only 0 and 1, got " + std::to_string(mask[i]) + " at index " +
                  std::to_string(i) + " of " + std::to_string(size_));
    }
  }
  const bool dense = std::find(mask, mask + size_, uint8_t(0)) == mask + size_;
  std::vector<uint8_t> copy;
  std::unique_ptr<SparsePattern> pattern;
  if (!dense) {
    copy.assign(mask, mask + size_);
    pattern = std::make_unique<SparsePattern>(
        build_pattern(mask, shape_[0], int(size_ / size_t(shape_[0]))));
  }
  plans_.clear();  // they refer to the old pattern
  kernels_.clear();
  ++generation_;
  mask_ = std::move(copy);
  pattern_ = std::move(pattern);
  if (dense) return;
  std::vector<float> values(size_);
  for (Slot slot :
       {Slot::value, Slot::gradient, Slot::moment1, Slot::moment2, Slot::average}) {
    if (!data(slot)) continue;
    read(slot, values.data());
    write(slot, values.data());  // drops what the mask prunes
  }
}

void Parameter::read_mask(uint8_t* target) const {
  if (mask_.empty()) {
    std::fill(target, target + size_, uint8_t(1));
  } else {
    std::copy(mask_.begin(), mask_.end(), target);
  }
}

void Parameter::set_kernels(std::string_view kernels) {
  if (!backend_.times_convolutions()) {
    throw_range("Backend \"" + std::string(backend_.name()) +
                "\" chooses its kernels itself: it cannot be told to run on \"" +
                std::string(kernels) + "\"");
  }
  if (shape_.size() != 3) {
    throw_range("Only a weight [Cout, Cin, K] has kernels, got one of shape " + shape_text(shape_));
  }
  backend_.check_kernels(kernels, pattern());
  plans_.clear();
  kernels_ = kernels;
  ++generation_;
}

ConvPlan& Parameter::conv_plan(const Conv1dDesc& desc) {
  for (auto& [known, plan] : plans_) {
    if (known == desc) return *plan;
  }
  plans_.emplace_back(desc, kernels_.empty()
                                ? backend_.plan_conv1d(desc, pattern())
                                : backend_.plan_conv1d_as(kernels_, desc, pattern()));
  return *plans_.back().second;
}

}  // namespace lth
