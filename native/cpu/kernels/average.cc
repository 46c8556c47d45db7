#include <cmath>
#include <cstring>

#include "cpu/kernels/flat.h"
#include "cpu/kernels/ops.h"
#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Sixteen averages moved towards their values. Where both are 0 they stay 0.
Vec moved(const Vec& average, const Vec& value, const Vec& share) {
  return fma(share, value - average, average);
}

void move_elements(const ParameterView& p, size_t begin, size_t end, const Vec& share) {
  size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    moved(Vec::load(p.average + i), Vec::load(p.value + i), share).store(p.average + i);
  }
  if (i == end) return;
  const size_t bytes = (end - i) * sizeof(float);
  alignas(64) float average[kLanes] = {}, value[kLanes] = {};
  std::memcpy(average, p.average + i, bytes);
  std::memcpy(value, p.value + i, bytes);
  moved(Vec::load(average), Vec::load(value), share).store(average);
  std::memcpy(p.average + i, average, bytes);
}

}  // namespace

void average_step(const AverageStep& args, ThreadPool& pool) {
  if (args.norm && !std::isfinite(args.norm[0])) return;
  const float share = average_share(args.decay, double(args.step));
  const std::vector<FlatUnit> units = flat_units(args.parameters);
  pool.parallel_for(int(units.size()), [&](int index, int) {
    const FlatUnit& unit = units[size_t(index)];
    const ParameterView& parameter = args.parameters[unit.parameter];
    if (unit.listed) {
      for_each_survivor(*parameter.pattern, unit.begin, unit.end, [&](size_t at) {
        float& average = parameter.average[at];
        average = std::fma(share, parameter.value[at] - average, average);
      });
    } else {
      move_elements(parameter, unit.begin, unit.end, Vec::broadcast(share));
    }
  });
}

}  // namespace lth::cpu::LTH_ISA
