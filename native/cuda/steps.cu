#include "cuda/ops.h"
#include "cuda/port.h"

namespace lth::cuda {
namespace {

__global__ void fetch_kernel(FetchStep a) {
  const int32_t step = *a.queue.cursor;
  if (threadIdx.x == 0) {
    StepValues values = a.queue.values[step];
    values.halted = a.queue.cursor[1];
    *a.values = values;
  }
  const int32_t* records = a.queue.records + size_t(step) * size_t(a.queue.row);
  for (int i = int(threadIdx.x); i < a.count; i += int(blockDim.x)) a.records[i] = records[i];
}

__global__ void store_kernel(StoreStep a) {
  const int32_t step = *a.queue.cursor;
  if (threadIdx.x < 4) a.queue.results[size_t(step) * 4 + threadIdx.x] = a.results[threadIdx.x];
  __syncthreads();
  if (threadIdx.x != 0) return;
  *a.queue.cursor = step + 1;
  const bool finite = isfinite(a.results[0]) && isfinite(a.results[3]);
  if (a.trains && !finite) a.queue.cursor[1] = 1;
}

}  // namespace

void fetch_step(const FetchStep& args, const Context& context) {
  LTH_LAUNCH(fetch_kernel, 1, 128, 0, context.stream, args);
}

void store_step(const StoreStep& args, const Context& context) {
  LTH_LAUNCH(store_kernel, 1, 32, 0, context.stream, args);
}

}  // namespace lth::cuda
