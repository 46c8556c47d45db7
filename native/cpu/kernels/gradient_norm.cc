#include <cmath>

#include "cpu/kernels/flat.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

double square_sum(const float* values, size_t size) {
  constexpr size_t kChunk = 16 * kLanes;  // values summed in float before they go to double
  LaneSum total;
  size_t i = 0;
  while (i + kLanes <= size) {
    Vec sum = Vec::zero();
    const size_t end = std::min(i + kChunk, size / kLanes * kLanes);
    for (; i < end; i += kLanes) {
      const Vec v = Vec::load(values + i);
      sum = fma(v, v, sum);
    }
    total.add(sum);
  }
  double rest = 0;
  for (; i < size; ++i) rest += double(values[i]) * double(values[i]);
  return total.total() + rest;
}

}  // namespace

void gradient_norm(const GradientNorm& args, ThreadPool& pool) {
  const std::vector<FlatUnit> units = flat_units(args.parameters);
  std::vector<double> parts(units.size());
  pool.parallel_for(int(units.size()), [&](int index, int) {
    const FlatUnit& unit = units[size_t(index)];
    const ParameterView& parameter = args.parameters[unit.parameter];
    double& part = parts[size_t(index)];
    if (unit.listed) {
      for_each_survivor(*parameter.pattern, unit.begin, unit.end, [&](size_t at) {
        part += double(parameter.gradient[at]) * double(parameter.gradient[at]);
      });
    } else {
      part = square_sum(parameter.gradient + unit.begin, unit.end - unit.begin);
    }
  });
  double total = 0;
  for (double part : parts) total += part;
  args.result[0] = std::sqrt(total);
}

}  // namespace lth::cpu::LTH_ISA
