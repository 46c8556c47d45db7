#include <algorithm>

#include "cuda/norm_view.h"
#include "cuda/ops.h"
#include "cuda/port.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWordsPerBlock = 4 * kThreads;
constexpr int kJobs = 64;  // what a kernel's 4 KiB of arguments hold

/// The job of one norm. All norms share the seed, stream and step of their program.
struct KeepJob {
  uint16_t* keep;  ///< Dropout::keep
  uint32_t per_record;  ///< elements, [C][L]
  uint32_t threshold, layer;
  int words;       ///< groups * per_record
};

struct KeepBatch {
  int count = 0;
  int block_begin[kJobs + 1] = {};
  uint64_t seed = 0;
  uint32_t stream = 0;
  const StepValues* step_values = nullptr;
  KeepJob jobs[kJobs] = {};
};
static_assert(sizeof(KeepBatch) <= 4096);

/// A thread makes a word: one element of each of a group's records.
__global__ void __launch_bounds__(kThreads) keep_kernel(const KeepBatch batch) {
  int j = 0;
  while (int(blockIdx.x) >= batch.block_begin[j + 1]) ++j;
  const KeepJob& job = batch.jobs[j];
  const RandomKey key = random_key(
      batch.seed, batch.step_values ? batch.step_values->stream : batch.stream, job.layer);
  const int first = (int(blockIdx.x) - batch.block_begin[j]) * kWordsPerBlock;
  const int end = min(first + kWordsPerBlock, job.words);
  for (int word = first + int(threadIdx.x); word < end; word += kThreads) {
    const uint32_t group = uint32_t(word) / job.per_record;
    const uint32_t place = uint32_t(word) - group * job.per_record;
    uint32_t bits = 0;
    LTH_UNROLL
    for (int i = 0; i < kLanes; ++i) {
      const uint32_t index = (group * kLanes + uint32_t(i)) * job.per_record + place;
      bits |= uint32_t(keeps(key, index, job.threshold)) << i;
    }
    job.keep[word] = uint16_t(bits);
  }
}

}  // namespace

void prepare_dropout(std::span<const NormForward> norms, Stream stream) {
  for (size_t first = 0; first < norms.size(); first += kJobs) {
    const auto part = norms.subspan(first, std::min<size_t>(kJobs, norms.size() - first));
    KeepBatch batch;
    const Dropout& common = part[0].dropout;
    batch.seed = common.seed;
    batch.stream = common.stream;
    batch.step_values = common.step_values;
    for (const NormForward& norm : part) {
      const uint32_t per_record = uint32_t(norm.x.shape.channels) * uint32_t(norm.x.shape.length);
      const int words = norm.x.groups() * int(per_record);
      batch.jobs[batch.count] = {norm.dropout.keep, per_record,
                                 dropout_threshold(norm.dropout.rate), norm.dropout.layer, words};
      batch.block_begin[batch.count + 1] =
          batch.block_begin[batch.count] + (words + kWordsPerBlock - 1) / kWordsPerBlock;
      ++batch.count;
    }
    LTH_LAUNCH(keep_kernel, unsigned(batch.block_begin[batch.count]), kThreads, 0, stream, batch);
  }
}

}  // namespace lth::cuda
