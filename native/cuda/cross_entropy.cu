#include "cuda/element.h"
#include "cuda/ops.h"
#include "cuda/reduce.h"
#include "cuda/rows.h"

namespace lth::cuda {
namespace {

/// What one block adds to the result.
struct Part {
  double loss, correct;
};

struct CrossEntropyArguments {
  Rows logits, dlogits;
  const int32_t* labels;
  double* result;
  Part* parts;  ///< [blocks]
  unsigned* ticket;
};

/// Valid positions of the batch, in all threads.
__device__ double valid_positions(const Rows& x) {
  double count[1] = {0};
  for (int n = int(threadIdx.x); n < x.groups * kLanes; n += kRowThreads) {
    count[0] += double(x.lengths[n]);
  }
  block_sum(count);
  return count[0];
}

/// One valid step of one record; in and out point to its class 0.
template <class T>
__device__ void step(const T* in, T* out, size_t in_stride, size_t out_stride, int classes,
                     int label, double weight, double (&sums)[2]) {
  const auto logit = [&](int c) { return load1(in + size_t(c) * in_stride); };
  int best = 0;
  for (int c = 1; c < classes; ++c) {
    if (logit(c) > logit(best)) best = c;
  }
  const double highest = double(logit(best));
  double sum = 0;
  for (int c = 0; c < classes; ++c) sum += exp(double(logit(c)) - highest);
  for (int c = 0; c < classes; ++c) {
    const double share = exp(double(logit(c)) - highest) / sum;
    store1(out + size_t(c) * out_stride, float((share - (c == label ? 1.0 : 0.0)) * weight));
  }
  sums[0] += log(sum) + highest - double(logit(label));
  sums[1] += best == label ? 1.0 : 0.0;
}

/// Blocks by (group, stretch of kRowThreads / 16 positions); a thread has one position of one
/// record, all classes.
template <class T>
__global__ void __launch_bounds__(kRowThreads) cross_entropy_kernel(CrossEntropyArguments a) {
  const double valid = valid_positions(a.logits);
  const double weight = valid > 0 ? 1.0 / valid : 0.0;
  const int classes = a.logits.channels;
  constexpr int kPositions = kRowThreads / kLanes;
  const int positions = a.dlogits.length + 2 * a.dlogits.halo;
  const int per_group = (positions + kPositions - 1) / kPositions;
  const int group = int(blockIdx.x) / per_group;
  const int lane = int(threadIdx.x) % kLanes;
  const int at = int(blockIdx.x) % per_group * kPositions + int(threadIdx.x) / kLanes;
  const int p = at - a.dlogits.halo, n = group * kLanes + lane;
  const size_t in_stride = size_t(a.logits.length + 2 * a.logits.halo) * kLanes;
  const size_t out_stride = size_t(positions) * kLanes;
  double sums[2] = {0, 0};
  if (at < positions) {
    T* const out = a.dlogits.position<T>(group * classes, p) + lane;
    if (p >= 0 && p < a.logits.lengths[n]) {
      step(a.logits.position<T>(group * classes, p) + lane, out, in_stride, out_stride, classes,
           a.labels[n], weight, sums);
    } else {
      for (int c = 0; c < classes; ++c) store1(out + size_t(c) * out_stride, 0);
    }
  }
  block_sum(sums);
  if (threadIdx.x == 0) a.parts[blockIdx.x] = {sums[0], sums[1]};
  if (!is_last_block(a.ticket)) return;
  double totals[2] = {0, 0};
  for (unsigned i = threadIdx.x; i < gridDim.x; i += kRowThreads) {
    totals[0] += a.parts[i].loss;
    totals[1] += a.parts[i].correct;
  }
  block_sum(totals);
  if (threadIdx.x == 0) {
    a.result[0] = totals[0] * weight;
    a.result[1] = valid;
    a.result[2] = totals[1];
  }
}

}  // namespace

void cross_entropy(const CrossEntropy& args, const Context& context) {
  const Rows logits = rows_of(args.logits), dlogits = rows_of(args.dlogits);
  constexpr int kPositions = kRowThreads / kLanes;
  const int positions = dlogits.length + 2 * dlogits.halo;
  const unsigned blocks = unsigned(logits.groups * ((positions + kPositions - 1) / kPositions));
  auto* parts = static_cast<Part*>(context.workspace.require(blocks * sizeof(Part)));
  const CrossEntropyArguments a{logits, dlogits, args.labels, args.result, parts, context.ticket};
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((cross_entropy_kernel<decltype(element)>), blocks, kRowThreads, 0, context.stream,
               a);
  });
}

}  // namespace lth::cuda
