#include "cuda/conv1d_pack.h"

namespace lth::cuda::conv {
namespace {

constexpr int kThreads = 256;
constexpr int kWordsPerBlock = 4 * kThreads;
constexpr int kJobs = 192;  // what a kernel's 32,764 bytes of arguments hold (CUDA 12.1 and later)

struct Batch {
  int count = 0;
  int block_begin[kJobs + 1] = {};
  PackJob jobs[kJobs] = {};
};

/// A weight of the pass; 0 where the packed form reaches past rows or channels.
__device__ float fetch(const PackJob& job, const PackedWeight& at) {
  if (at.row >= job.rows || at.channel >= job.channels) return 0;
  const int o = job.out_list ? job.out_list[at.row] : at.row;
  const int i = job.in_list ? job.in_list[at.channel] : at.channel;
  return job.weight[size_t(o) * job.out_stride + size_t(i) * job.in_stride +
                    job.taps.kernel_index(at.tap)];
}

__device__ void pack_word(const PackJob& job, int word) {
  switch (job.kind) {
    case PackJob::Kind::tf32:
      job.target[word] =
          to_tf32(fetch(job, mma_packed_weight(job.cut, job.in_step, false, word, 0)));
      break;
    case PackJob::Kind::bf16:
      job.target[word] =
          pack_bf16(fetch(job, mma_packed_weight(job.cut, job.in_step, true, word, 0)),
                    fetch(job, mma_packed_weight(job.cut, job.in_step, true, word, 1)));
      break;
    case PackJob::Kind::simt:
      job.target[word] =
          __float_as_uint(fetch(job, simt_packed_weight(job.cut, job.in_step, word)));
      break;
    case PackJob::Kind::gather:
      job.target[2 * size_t(word)] = __float_as_uint(job.weight[job.index[word]]);
      break;
  }
}

__global__ void __launch_bounds__(kThreads) pack_kernel(const Batch batch) {
  int j = 0;
  while (int(blockIdx.x) >= batch.block_begin[j + 1]) ++j;
  const PackJob& job = batch.jobs[j];
  const int first = (int(blockIdx.x) - batch.block_begin[j]) * kWordsPerBlock;
  for (int i = threadIdx.x; i < kWordsPerBlock; i += kThreads) {
    if (first + i < job.words) pack_word(job, first + i);
  }
}
static_assert(sizeof(Batch) <= 32764);

}  // namespace

void launch_pack(const std::vector<PackJob>& jobs, Stream stream) {
  Batch batch;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].words > 0) {
      batch.jobs[batch.count] = jobs[i];
      batch.block_begin[batch.count + 1] =
          batch.block_begin[batch.count] + ceil_div(jobs[i].words, kWordsPerBlock);
      ++batch.count;
    }
    if (batch.count > 0 && (batch.count == kJobs || i + 1 == jobs.size())) {
      LTH_LAUNCH(pack_kernel, dim3(batch.block_begin[batch.count]), dim3(kThreads), 0, stream,
                 batch);
      batch = Batch();
    }
  }
}

}  // namespace lth::cuda::conv
