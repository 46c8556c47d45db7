#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lth/conv1d_desc.h"
#include "lth/sparse_pattern.h"

namespace lth {

class Backend;
class ConvPlan;

/// The float arrays that belong to one trainable tensor.
enum class Slot { value, gradient, moment1, moment2, average };

/// A trainable tensor: value, gradient and the optimiser's moments, each a flat row-major float
/// array in device memory, its moving average if one is kept, and, for a prunable one, its mask.
/// Invariant: where the mask is 0, all of these are exactly 0.
class Parameter {
 public:
  /// All zeros, dense.
  /// @param shape extents, each at least 1, fewer than 2^31 elements in all
  Parameter(Backend& backend, std::vector<int> shape);
  ~Parameter();
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

  Backend& backend() const { return backend_; }
  const std::vector<int>& shape() const { return shape_; }
  size_t size() const { return size_; }
  /// Null for the average of a parameter that keeps none.
  float* data(Slot slot) const { return slots_[size_t(slot)]; }

  /// From now on there is an average, all zeros.
  void keep_average();

  /// Copies size() floats in; values at pruned places are stored as 0. Reading and writing throw
  /// Error(state) for an average that is not kept.
  void write(Slot slot, const float* source);
  void read(Slot slot, float* target) const;

  /// Sets the mask (size() bytes, 0 or 1), zeroes what it prunes in all arrays and rebuilds
  /// the pattern. An all-ones mask makes the parameter dense again. Rows are the first extent.
  /// Throws Error(range) for any other byte, before anything has changed.
  void set_mask(const uint8_t* mask);
  /// All ones while the parameter is dense.
  void read_mask(uint8_t* target) const;
  /// [size()] 0 or 1; null while every weight is kept.
  const uint8_t* mask() const { return mask_.empty() ? nullptr : mask_.data(); }

  /// Null while every weight is kept.
  const SparsePattern* pattern() const { return pattern_.get(); }
  size_t kept() const { return pattern_ ? size_t(pattern_->nnz()) : size_; }
  /// Grows with every set_mask and set_kernels: what was derived from the plans before is void.
  uint64_t generation() const { return generation_; }

  /// Has every convolution with this weight run on these kernels, e.g. "forward=tf32 dgrad=sparse
  /// wgrad=tf32", instead of those that the backend would take, until the next set_mask.
  /// Throws Error(range), before anything has changed, if the backend has none to choose from, this
  /// is no weight [Cout, Cin, K], or the backend cannot run one with this mask on them.
  void set_kernels(std::string_view kernels);

  /// The backend's plan for this parameter as a convolution weight [Cout, Cin, K], shared by every
  /// program that uses it; made on first use and again after set_mask and set_kernels.
  ConvPlan& conv_plan(const Conv1dDesc& desc);

 private:
  Backend& backend_;
  std::vector<int> shape_;
  size_t size_ = 0;
  float* slots_[5] = {};
  float* array(Slot slot) const;  ///< throws Error(state) if there is none
  std::vector<uint8_t> mask_;  // host copy; empty while dense
  std::unique_ptr<SparsePattern> pattern_;
  uint64_t generation_ = 0;
  std::string kernels_;  // empty: the backend's choice
  std::vector<std::pair<Conv1dDesc, std::unique_ptr<ConvPlan>>> plans_;  // of pattern and kernels
};

}  // namespace lth
