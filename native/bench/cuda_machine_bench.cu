// The floors of a GPU: multiply-adds per second in a precision and memory traffic.
//
//   cuda_machine_bench [--device N] [--precision fp32|tf32|bf16] [--json]
//
// The peak is that of the instructions that the convolutions use: fused multiply-adds (fp32) or
// mma.sync (tf32, bf16). On Hopper and later wgmma reaches more; no kernel here uses it.

#include <cstdio>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/cuda_bandwidth.h"
#include "cuda/port.h"
#include "lth/error.h"

namespace {

using namespace lth;
using cuda::DeviceArray;
using cuda::kWarp;
using cuda::Mark;

constexpr int kThreads = 256;
constexpr int kBlocksPerSm = 8;
constexpr int kChains = 8;  // independent sums, to hide an instruction's latency
constexpr int kTurns = 4096;

/// Multiply-adds of one thread: kChains * kTurns * 4.
__global__ void multiply_fp32(float* target, float factor) {
  float sums[kChains][4];
  for (int c = 0; c < kChains; ++c) {
    for (int i = 0; i < 4; ++i) sums[c][i] = float(threadIdx.x + c + i);
  }
  for (int turn = 0; turn < kTurns; ++turn) {
    LTH_UNROLL
    for (int c = 0; c < kChains; ++c) {
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) sums[c][i] = fmaf(sums[c][i], factor, factor);
    }
  }
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += sums[c][0] + sums[c][1] + sums[c][2] + sums[c][3];
  target[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

/// Multiply-adds of one warp: kChains * kTurns * 16 * 8 * (8 or 16).
template <bool Bf16>
__global__ void multiply_mma(float* target, float factor) {
  float sums[kChains][4] = {};
  const uint32_t bits = Bf16 ? cuda::pack_bf16(factor, factor) : cuda::to_tf32(factor);
  const uint32_t a[4] = {bits, bits, bits, bits};
  const uint32_t b[2] = {bits, bits};
  for (int turn = 0; turn < kTurns; ++turn) {
    LTH_UNROLL
    for (int c = 0; c < kChains; ++c) {
      if constexpr (Bf16) {
        cuda::mma_m16n8k16_bf16(sums[c], a, b);
      } else {
        cuda::mma_m16n8k8_tf32(sums[c], a, b);
      }
    }
  }
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += sums[c][0] + sums[c][1] + sums[c][2] + sums[c][3];
  target[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

/// Multiply-adds per second, each counted as two.
double measure_peak(cuda::Precision precision, int sm_count) {
  const int blocks = sm_count * kBlocksPerSm;
  const cuda::Stream stream = cuda::make_stream();
  const DeviceArray<float> target(size_t(blocks) * kThreads);
  const float factor = 1e-3f;
  std::vector<double> seconds;
  for (int i = 0; i < 8; ++i) {
    Mark from, to;
    from.set(stream);
    if (precision == cuda::Precision::fp32) {
      LTH_LAUNCH(multiply_fp32, blocks, kThreads, 0, stream, target.data(), factor);
    } else if (precision == cuda::Precision::tf32) {
      LTH_LAUNCH(multiply_mma<false>, blocks, kThreads, 0, stream, target.data(), factor);
    } else {
      LTH_LAUNCH(multiply_mma<true>, blocks, kThreads, 0, stream, target.data(), factor);
    }
    to.set(stream);
    if (i >= 3) seconds.push_back(Mark::seconds_between(from, to));
  }
  cuda::destroy_stream(stream);
  const double per_thread = precision == cuda::Precision::fp32   ? 4
                            : precision == cuda::Precision::tf32 ? 16 * 8 * 8 / double(kWarp)
                                                                 : 16 * 8 * 16 / double(kWarp);
  return 2 * per_thread * kChains * kTurns * blocks * kThreads / bench::median(seconds);
}

int run(int argc, char** argv) {
  CudaOptions options;
  bool json = false;
  bench::Arguments arguments(argc, argv);
  while (arguments.more()) {
    if (arguments.take("--device")) options.index = int(arguments.number());
    else if (arguments.take("--precision"))
      options.precision = bench::gpu_precision_named(arguments.word());
    else if (arguments.take("--json")) json = true;
    else arguments.refuse();
  }
  const auto backend = make_cuda_backend(options);  // says no to a device that is not there
  cuda::use_device(options.index);
  const double peak = measure_peak(options.precision, cuda::device_info(options.index).sm_count);
  const double copy = bench::copy_bandwidth(cuda::memory_info().free);
  constexpr const char* kNames[] = {"fp32", "tf32", "bf16"};
  std::printf(json ? "{\"isa\":\"%s\",\"threads\":0,\"peakGflops\":%.0f,\"corePeakGflops\":null,"
                     "\"readGbps\":null,\"copyGbps\":%.1f}\n"
                   : "%s: %.0f GFLOP/s on registers, %.1f GB/s copied\n",
              kNames[int(options.precision)], peak * 1e-9, copy * 1e-9);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return lth::bench::report_errors([&] { return run(argc, argv); });
}
