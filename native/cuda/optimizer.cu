#include "cuda/flat_plan.h"
#include "cuda/ops.h"
#include "cuda/port.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 256;

struct OptimizerArguments {
  const FlatUnit* units;
  float learning_rate, beta1, beta2, epsilon, weight_decay, clip_norm;
  const double* norm;
  int64_t step;
  const StepValues* step_values;
};

/// The values that are the same for all elements of a step.
struct Factors {
  float clip, decay, beta1, beta2, rest1, rest2, rate, correct2, epsilon;
  float keep;  ///< of the value before an update of adamw
};

template <OptimizerKind kind>
__device__ Factors factors_of(const OptimizerArguments& a, bool decays) {
  const float learning_rate = a.step_values ? a.step_values->learning_rate : a.learning_rate;
  const double step = double(a.step_values ? a.step_values->optimizer_step : a.step);
  Factors f;
  f.clip = 1;
  if (a.clip_norm > 0 && a.norm[0] > double(a.clip_norm)) {
    f.clip = float(double(a.clip_norm) / a.norm[0]);
  }
  f.decay = kind == OptimizerKind::adamw ? 0 : a.weight_decay;
  f.keep = 1;
  if (kind == OptimizerKind::adamw && decays) {
    f.keep = float(1.0 - double(learning_rate) * double(a.weight_decay));
  }
  f.beta1 = a.beta1;
  f.beta2 = a.beta2;
  f.rest1 = float(1.0 - double(a.beta1));
  f.rest2 = float(1.0 - double(a.beta2));
  f.rate = learning_rate;
  f.correct2 = 1;
  if (kind != OptimizerKind::sgd) {
    f.rate = float(double(learning_rate) / (1.0 - pow(double(a.beta1), step)));
    f.correct2 = float(1.0 / (1.0 - pow(double(a.beta2), step)));
  }
  f.epsilon = a.epsilon;
  return f;
}

/// One element. An update leaves an element whose four numbers are 0 at 0.
template <OptimizerKind kind>
__device__ void update(const Factors& f, float& value, float gradient, float& moment1,
                       float& moment2) {
  if (kind == OptimizerKind::adamw) value = __fmul_rn(value, f.keep);
  const float g = __fmaf_rn(gradient, f.clip, __fmul_rn(f.decay, value));
  if (kind != OptimizerKind::sgd) {  // Kingma & Ba 2015, algorithm 1
    moment1 = __fmaf_rn(f.beta1, moment1, __fmul_rn(f.rest1, g));
    moment2 = __fmaf_rn(f.beta2, moment2, __fmul_rn(f.rest2, __fmul_rn(g, g)));
    const float root = __fsqrt_rn(__fmul_rn(moment2, f.correct2));
    value = __fsub_rn(value, __fdiv_rn(__fmul_rn(f.rate, moment1), __fadd_rn(root, f.epsilon)));
  } else {
    moment1 = __fmaf_rn(f.beta1, moment1, g);
    value = __fmaf_rn(-f.rate, moment1, value);
  }
}

template <OptimizerKind kind>
__device__ void update_at(const Factors& f, const FlatUnit& unit, int at) {
  float value = unit.value[at], moment1 = unit.moment1[at];
  float moment2 = kind == OptimizerKind::sgd ? 0 : unit.moment2[at];
  update<kind>(f, value, unit.gradient[at], moment1, moment2);
  unit.value[at] = value;
  unit.moment1[at] = moment1;
  if (kind != OptimizerKind::sgd) unit.moment2[at] = moment2;
}

template <OptimizerKind kind>
__global__ void __launch_bounds__(kThreads) update_kernel(OptimizerArguments a) {
  if (a.norm && !isfinite(a.norm[0])) return;
  if (a.step_values && a.step_values->halted) return;
  LTH_SHARED(factors, Factors[1]);
  const FlatUnit unit = a.units[blockIdx.x];
  if (threadIdx.x == 0) factors[0] = factors_of<kind>(a, unit.decays);
  __syncthreads();
  const Factors f = factors[0];
  if (unit.index) {
    for (int i = int(threadIdx.x); i < unit.count; i += kThreads) {
      update_at<kind>(f, unit, unit.index[i]);
    }
    return;
  }
  auto* values = reinterpret_cast<float4*>(unit.value);
  const auto* gradients = reinterpret_cast<const float4*>(unit.gradient);
  auto* moments1 = reinterpret_cast<float4*>(unit.moment1);
  auto* moments2 = reinterpret_cast<float4*>(unit.moment2);
  for (int i = int(threadIdx.x); i < unit.count / 4; i += kThreads) {
    float4 v = values[i], m1 = moments1[i];
    float4 m2 = kind == OptimizerKind::sgd ? make_float4(0, 0, 0, 0) : moments2[i];
    const float4 g = gradients[i];
    update<kind>(f, v.x, g.x, m1.x, m2.x);
    update<kind>(f, v.y, g.y, m1.y, m2.y);
    update<kind>(f, v.z, g.z, m1.z, m2.z);
    update<kind>(f, v.w, g.w, m1.w, m2.w);
    values[i] = v;
    moments1[i] = m1;
    if (kind != OptimizerKind::sgd) moments2[i] = m2;
  }
  const int rest = unit.count / 4 * 4 + int(threadIdx.x);
  if (rest < unit.count) update_at<kind>(f, unit, rest);
}

}  // namespace

void optimizer_step(const OptimizerStep& args, const FlatPlan& plan, const Context& context) {
  if (plan.unit_count() == 0) return;
  const OptimizerArguments a{plan.units(), args.learning_rate, args.beta1,
                             args.beta2,   args.epsilon,       args.weight_decay,
                             args.clip_norm, args.norm,        args.step,
                             args.step_values};
  const auto blocks = unsigned(plan.unit_count());
  switch (args.kind) {
    case OptimizerKind::adam:
      LTH_LAUNCH((update_kernel<OptimizerKind::adam>), blocks, kThreads, 0, context.stream, a);
      break;
    case OptimizerKind::sgd:
      LTH_LAUNCH((update_kernel<OptimizerKind::sgd>), blocks, kThreads, 0, context.stream, a);
      break;
    case OptimizerKind::adamw:
      LTH_LAUNCH((update_kernel<OptimizerKind::adamw>), blocks, kThreads, 0, context.stream, a);
      break;
  }
}

}  // namespace lth::cuda
