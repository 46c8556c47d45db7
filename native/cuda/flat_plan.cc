#include "cuda/flat_plan.h"

#include <algorithm>

namespace lth::cuda {
namespace {

bool is_listed(const ParameterView& parameter) {
  return parameter.pattern && parameter.pattern->density() < kListDensity;
}

/// The survivors' indices on the device; they hang on the pattern, so that its plans share them.
std::shared_ptr<void> survivor_list(const SparsePattern& pattern, Stream stream) {
  if (!pattern.derived) {
    pattern.derived = std::make_shared<DeviceArray<int32_t>>(flat_indices(pattern), stream);
  }
  return pattern.derived;
}

}  // namespace

std::vector<FlatRange> flat_ranges(std::span<const ParameterView> parameters) {
  std::vector<FlatRange> ranges;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool listed = is_listed(parameters[i]);
    const size_t total = listed ? size_t(parameters[i].pattern->nnz()) : parameters[i].size;
    for (size_t begin = 0; begin < total; begin += kFlatElements) {
      ranges.push_back({i, listed, begin, std::min(kFlatElements, total - begin)});
    }
  }
  return ranges;
}

std::vector<int32_t> flat_indices(const SparsePattern& pattern) {
  std::vector<int32_t> indices;
  indices.reserve(pattern.column.size());
  for (int row = 0; row < pattern.rows; ++row) {
    for (int32_t i = pattern.row_begin[size_t(row)]; i < pattern.row_begin[size_t(row) + 1]; ++i) {
      indices.push_back(row * pattern.columns + pattern.column[size_t(i)]);
    }
  }
  return indices;
}

FlatPlan::FlatPlan(std::span<const ParameterView> parameters, Stream stream)
    : parameters_(parameters.begin(), parameters.end()) {
  for (const ParameterView& parameter : parameters) {
    lists_.push_back(is_listed(parameter) ? survivor_list(*parameter.pattern, stream) : nullptr);
  }
  std::vector<FlatUnit> units;
  for (const FlatRange& range : flat_ranges(parameters)) {
    const ParameterView& p = parameters[range.parameter];
    const size_t skip = range.listed ? 0 : range.begin;
    const int32_t* index = nullptr;
    if (range.listed) {
      index = static_cast<DeviceArray<int32_t>*>(lists_[range.parameter].get())->data() +
              range.begin;
    }
    const auto from = [&](float* array) { return array ? array + skip : nullptr; };
    units.push_back({from(p.value), from(p.gradient), from(p.moment1), from(p.moment2), index,
                     int(range.count), p.decays, from(p.average)});
  }
  units_ = DeviceArray<FlatUnit>(units, stream);
  parts_ = DeviceArray<double>(units.size());
}

bool FlatPlan::fits(std::span<const ParameterView> parameters) const {
  if (parameters.size() != parameters_.size()) return false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const ParameterView &p = parameters[i], &own = parameters_[i];
    if (p.value != own.value || p.gradient != own.gradient || p.moment1 != own.moment1 ||
        p.moment2 != own.moment2 || p.size != own.size || p.decays != own.decays ||
        p.average != own.average ||
        is_listed(p) != (lists_[i] != nullptr)) {
      return false;
    }
    // The plan keeps its list alive, so no other can have its address.
    if (lists_[i] && lists_[i] != p.pattern->derived) return false;
  }
  return true;
}

const FlatPlan& FlatPlans::of(std::span<const ParameterView> parameters) {
  for (const auto& plan : plans_) {
    if (plan->fits(parameters)) return *plan;
  }
  if (plans_.size() >= kMostPlans) {
    synchronize(stream_);
    plans_.clear();
    ++generation_;
  }
  plans_.push_back(std::make_unique<FlatPlan>(parameters, stream_));
  return *plans_.back();
}

}  // namespace lth::cuda
