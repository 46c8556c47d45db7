#include "cuda/flat_plan.h"
#include "cuda/ops.h"
#include "cuda/port.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 256;

struct AverageArguments {
  const FlatUnit* units;
  float decay;
  const double* norm;
  int64_t step;
  const StepValues* step_values;
};

__global__ void __launch_bounds__(kThreads) average_kernel(AverageArguments a) {
  if (a.norm && !isfinite(a.norm[0])) return;
  if (a.step_values && a.step_values->halted) return;
  LTH_SHARED(shares, float[1]);
  if (threadIdx.x == 0) {
    const int64_t step = a.step_values ? a.step_values->optimizer_step : a.step;
    shares[0] = average_share(a.decay, double(step));
  }
  __syncthreads();
  const float share = shares[0];
  const FlatUnit unit = a.units[blockIdx.x];
  for (int i = int(threadIdx.x); i < unit.count; i += kThreads) {
    const int at = unit.index ? unit.index[i] : i;
    const float average = unit.average[at];
    unit.average[at] = __fmaf_rn(share, __fsub_rn(unit.value[at], average), average);
  }
}

}  // namespace

void average_step(const AverageStep& args, const FlatPlan& plan, const Context& context) {
  if (plan.unit_count() == 0) return;
  const AverageArguments a{plan.units(), args.decay, args.norm, args.step, args.step_values};
  LTH_LAUNCH(average_kernel, unsigned(plan.unit_count()), kThreads, 0, context.stream, a);
}

}  // namespace lth::cuda
