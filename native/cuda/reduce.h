#pragma once

#include "cuda/port.h"

/// Sums over a block, always in the same order.
namespace lth::cuda {

/// In all lanes.
template <class T>
__device__ inline T warp_sum(T value) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, distance);
  }
  return value;
}

/// Each of `values` summed over the block, in all threads. Whole warps only.
template <int N>
__device__ inline void block_sum(double (&values)[N]) {
  LTH_SHARED(parts, double[N][32]);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const int warps = int(blockDim.x) / kWarp;
  for (int i = 0; i < N; ++i) {
    const double sum = warp_sum(values[i]);
    if (lane == 0) parts[i][warp] = sum;
  }
  __syncthreads();
  for (int i = 0; i < N; ++i) {
    values[i] = 0;
    for (int w = 0; w < warps; ++w) values[i] += parts[i][w];
  }
  __syncthreads();
}

/// True in all threads of the block that finishes last, which then sees what all others wrote; to
/// be called once by every block of a launch. Leaves the ticket at 0.
__device__ inline bool is_last_block(unsigned* ticket) {
  LTH_SHARED(last, int[1]);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last[0] = atomicAdd(ticket, 1U) == gridDim.x - 1;
    if (last[0]) *ticket = 0;
  }
  __syncthreads();
  const bool result = last[0] != 0;
  __threadfence();
  return result;
}

}  // namespace lth::cuda
