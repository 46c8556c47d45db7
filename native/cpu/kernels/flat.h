#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "lth/backend.h"

/// Divides the ops over flat parameter arrays into units.
namespace lth::cpu::LTH_ISA {

/// Below this density an op visits the survivors one by one: measured break-even of Adam on 10 M
/// parameters (most cache lines then hold none).
inline constexpr double kListDensity = 0.02;
inline constexpr size_t kFlatElements = size_t(1) << 15;  // of a unit

struct FlatUnit {
  size_t parameter;
  bool listed;   ///< by the pattern's rows [begin, end); else by elements [begin, end)
  size_t begin;  ///< multiple of 16 if elements
  size_t end;
};

/// Depends on sizes and patterns only, never on the number of threads.
inline std::vector<FlatUnit> flat_units(std::span<const ParameterView> parameters) {
  std::vector<FlatUnit> units;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const ParameterView& parameter = parameters[i];
    const SparsePattern* pattern = parameter.pattern;
    const bool listed = pattern && pattern->density() < kListDensity;
    const size_t total = listed ? size_t(pattern->rows) : parameter.size;
    const size_t step = listed ? std::max(kFlatElements / size_t(pattern->columns), size_t(1))
                               : kFlatElements;
    for (size_t begin = 0; begin < total; begin += step) {
      units.push_back({i, listed, begin, std::min(begin + step, total)});
    }
  }
  return units;
}

/// body(flat index) for each survivor in rows [begin, end).
template <class Body>
inline void for_each_survivor(const SparsePattern& pattern, size_t begin, size_t end,
                              const Body& body) {
  for (size_t row = begin; row < end; ++row) {
    const size_t base = row * size_t(pattern.columns);
    for (int32_t i = pattern.row_begin[row]; i < pattern.row_begin[row + 1]; ++i) {
      body(base + size_t(pattern.column[size_t(i)]));
    }
  }
}

}  // namespace lth::cpu::LTH_ISA
