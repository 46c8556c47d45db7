#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cuda/device.h"

/// Divides the ops over parameters into blocks.
namespace lth::cuda {

/// Below this density an op visits the survivors one by one. An update in order moves 28 bytes an
/// element; of a list, 7 sectors of 32 bytes and the index a survivor, at about two thirds of the
/// speed.
inline constexpr double kListDensity = 0.08;
inline constexpr size_t kFlatElements = 4096;  // of a block

/// Elements [begin, begin + count) of a parameter, or of its list of survivors.
struct FlatRange {
  size_t parameter;
  bool listed;
  size_t begin;
  size_t count;
};
std::vector<FlatRange> flat_ranges(std::span<const ParameterView> parameters);

/// Flat index of every survivor, ascending.
std::vector<int32_t> flat_indices(const SparsePattern& pattern);

/// The range that a block of a flat op works on.
struct FlatUnit {
  float* value;     ///< element 0 of the parameter if listed, else of the unit
  float* gradient;
  float* moment1;
  float* moment2;
  const int32_t* index;  ///< [count] places in the arrays; null: they are 0, 1, ...
  int count;
  bool decays;           ///< of its parameter
  float* average;
};

/// The blocks of one set of parameters, on the device.
class FlatPlan {
 public:
  FlatPlan(std::span<const ParameterView> parameters, Stream stream);

  /// Whether these are the parameters of the plan, with the patterns that it was made for.
  bool fits(std::span<const ParameterView> parameters) const;
  const FlatUnit* units() const { return units_.data(); }
  int unit_count() const { return int(units_.size()); }
  double* parts() const { return parts_.data(); }  ///< [unit_count], scratch

 private:
  std::vector<ParameterView> parameters_;
  std::vector<std::shared_ptr<void>> lists_;  // of each parameter; null where dense or not listed
  DeviceArray<FlatUnit> units_;
  DeviceArray<double> parts_;
};

/// The plans in use, made on first use.
class FlatPlans {
 public:
  explicit FlatPlans(Stream stream) : stream_(stream) {}
  const FlatPlan& of(std::span<const ParameterView> parameters);
  /// Grows when plans are dropped: graphs that use them are void then.
  uint64_t generation() const { return generation_; }

 private:
  static constexpr size_t kMostPlans = 16;
  Stream stream_;
  std::vector<std::unique_ptr<FlatPlan>> plans_;
  uint64_t generation_ = 0;
};

}  // namespace lth::cuda
