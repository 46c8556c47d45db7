#include "cuda/flat_plan.h"
#include "cuda/ops.h"
#include "cuda/reduce.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) norm_kernel(const FlatUnit* units, double* parts,
                                                        double* result, unsigned* ticket) {
  const FlatUnit unit = units[blockIdx.x];
  float sum = 0;  // of at most 16 squares
  if (unit.index) {
    for (int i = int(threadIdx.x); i < unit.count; i += kThreads) {
      const float g = unit.gradient[unit.index[i]];
      sum = __fmaf_rn(g, g, sum);
    }
  } else {
    const auto* quads = reinterpret_cast<const float4*>(unit.gradient);
    for (int i = int(threadIdx.x); i < unit.count / 4; i += kThreads) {
      const float4 g = quads[i];
      sum = __fmaf_rn(g.x, g.x, sum);
      sum = __fmaf_rn(g.y, g.y, sum);
      sum = __fmaf_rn(g.z, g.z, sum);
      sum = __fmaf_rn(g.w, g.w, sum);
    }
    const int rest = unit.count / 4 * 4 + int(threadIdx.x);
    if (rest < unit.count) sum = __fmaf_rn(unit.gradient[rest], unit.gradient[rest], sum);
  }
  double sums[1] = {double(sum)};
  block_sum(sums);
  if (threadIdx.x == 0) parts[blockIdx.x] = sums[0];
  if (!is_last_block(ticket)) return;
  double total[1] = {0};
  for (unsigned i = threadIdx.x; i < gridDim.x; i += kThreads) total[0] += parts[i];
  block_sum(total);
  if (threadIdx.x == 0) result[0] = sqrt(total[0]);
}

}  // namespace

void gradient_norm(const GradientNorm& args, const FlatPlan& plan, const Context& context) {
  if (plan.unit_count() == 0) {
    fill_zero(args.result, sizeof(double), context.stream);
    return;
  }
  LTH_LAUNCH(norm_kernel, unsigned(plan.unit_count()), kThreads, 0, context.stream, plan.units(),
             plan.parts(), args.result, context.ticket);
}

}  // namespace lth::cuda
