#include "cuda/norm_parts.h"
#include "cuda/reduce.h"
#include "lth/backend.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 256;

struct StatisticsArguments {
  const float* gamma;
  const float* beta;
  float* running_mean;
  float* running_variance;
  float* saved_mean;
  float* saved_inv_std;
  float epsilon, momentum;
  const StepValues* step_values;
  NormParts parts;
  float4* map;
};

/// One block a channel.
__global__ void __launch_bounds__(kThreads) fold_statistics_kernel(const StatisticsArguments a) {
  const int channel = int(blockIdx.x);
  const NormPart* parts = a.parts.data + size_t(channel) * size_t(a.parts.count);
  const double pilot = double(parts[0].pilot);
  double sums[3] = {0, 0, 0};  // of x - pilot, of its square, of 1
  for (int i = int(threadIdx.x); i < a.parts.count; i += kThreads) {
    const NormPart part = parts[i];
    const double count = part.count, shift = double(part.pilot) - pilot;
    const double sum = double(part.first), moved = count * shift;
    if (part.count == 0) continue;
    sums[0] += sum + moved;
    sums[1] += double(part.second) + shift * (2 * sum + moved);
    sums[2] += count;
  }
  block_sum(sums);
  if (threadIdx.x != 0) return;
  const double count = sums[2];
  double mean = 0, variance = 0;
  if (count > 0) {
    const double shift = sums[0] / count;
    mean = pilot + shift;
    variance = sums[1] / count - shift * shift;
    if (variance < 0) variance = 0;  // NaN stays
  }
  const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
  // As floats: a running statistic between two finite ones is finite.
  const bool finite = isfinite(float(mean)) && isfinite(float(unbiased));
  const bool halted = a.step_values && a.step_values->halted;
  if (count > 0 && finite && !halted) {
    const double old_mean = double(a.running_mean[channel]);
    const double old_variance = double(a.running_variance[channel]);
    a.running_mean[channel] = float(old_mean + double(a.momentum) * (mean - old_mean));
    a.running_variance[channel] =
        float(old_variance + double(a.momentum) * (unbiased - old_variance));
  }
  const float saved_mean = float(mean);
  const float saved_inv_std = float(1.0 / sqrt(variance + double(a.epsilon)));
  a.saved_mean[channel] = saved_mean;
  a.saved_inv_std[channel] = saved_inv_std;
  a.map[channel] = make_float4(saved_mean, a.gamma[channel] * saved_inv_std, a.beta[channel], 0);
}

/// One thread a channel.
__global__ void __launch_bounds__(kThreads)
    fold_running_kernel(const StatisticsArguments a, int channels) {
  const int channel = int(blockIdx.x) * kThreads + int(threadIdx.x);
  if (channel >= channels) return;
  const double variance = double(a.running_variance[channel]);
  const float inv_std = float(1.0 / sqrt(variance + double(a.epsilon)));
  a.map[channel] =
      make_float4(a.running_mean[channel], a.gamma[channel] * inv_std, a.beta[channel], 0);
}

struct GradientArguments {
  const float* gamma;
  const float* saved_mean;
  const float* saved_inv_std;
  float* dgamma;
  float* dbeta;
  NormParts parts;
  float4* map;
};

/// One block a channel.
__global__ void __launch_bounds__(kThreads) fold_gradient_kernel(const GradientArguments a) {
  const int channel = int(blockIdx.x);
  const NormPart* parts = a.parts.data + size_t(channel) * size_t(a.parts.count);
  double sums[3] = {0, 0, 0};  // of g, of g * (x - mean), of 1
  for (int i = int(threadIdx.x); i < a.parts.count; i += kThreads) {
    const NormPart part = parts[i];
    sums[0] += double(part.first);
    sums[1] += double(part.second);
    sums[2] += double(part.count);
  }
  block_sum(sums);
  if (threadIdx.x != 0) return;
  const double inv_std = double(a.saved_inv_std[channel]);
  const double dbeta = sums[0], dgamma = sums[1] * inv_std, count = sums[2];
  const double slope = double(a.gamma[channel]) * inv_std;
  const double share = count > 0 ? slope / count : 0;
  a.dbeta[channel] = float(dbeta);
  a.dgamma[channel] = float(dgamma);
  a.map[channel] = make_float4(a.saved_mean[channel], float(slope),
                               float(-share * inv_std * dgamma), float(-share * dbeta));
}

}  // namespace

void fold_statistics(const NormForward& args, const NormParts& parts, float* map, Stream stream) {
  const StatisticsArguments a{.gamma = args.gamma,
                              .beta = args.beta,
                              .running_mean = args.running_mean,
                              .running_variance = args.running_variance,
                              .saved_mean = args.saved_mean,
                              .saved_inv_std = args.saved_inv_std,
                              .epsilon = args.epsilon,
                              .momentum = args.momentum,
                              .step_values = args.dropout.step_values,
                              .parts = parts,
                              .map = reinterpret_cast<float4*>(map)};
  const int channels = args.x.shape.channels;
  if (parts.data) {
    LTH_LAUNCH(fold_statistics_kernel, unsigned(channels), kThreads, 0, stream, a);
  } else {
    LTH_LAUNCH(fold_running_kernel, unsigned((channels + kThreads - 1) / kThreads), kThreads, 0,
               stream, a, channels);
  }
}

void fold_gradient(const NormBackward& args, const NormParts& parts, float* map, Stream stream) {
  const GradientArguments a{.gamma = args.gamma,
                            .saved_mean = args.saved_mean,
                            .saved_inv_std = args.saved_inv_std,
                            .dgamma = args.dgamma,
                            .dbeta = args.dbeta,
                            .parts = parts,
                            .map = reinterpret_cast<float4*>(map)};
  LTH_LAUNCH(fold_gradient_kernel, unsigned(args.x.shape.channels), kThreads, 0, stream, a);
}

}  // namespace lth::cuda
