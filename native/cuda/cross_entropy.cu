#include "cuda/element.h"
#include "cuda/ops.h"
#include "cuda/reduce.h"
#include "cuda/rows.h"

namespace lth::cuda {
namespace {

/// The contribution of one block to the result.
struct Part {
  double loss, correct;
};

struct CrossEntropyArguments {
  Rows logits, dlogits;
  const int32_t* labels;
  double* result;
  Part* parts;  ///< [blocks]
  unsigned* ticket;
  float label_smoothing, focal;
  const float* class_weights;
  const int32_t* second_labels;
  const float* shares;
  Rows teachers[kMostTeachers];
  int teacher_count;
  float temperature, teacher_weight;
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

/// softmax(logits / temperature) of one step.
template <class T>
struct Softmax {
  const T* first;  ///< logit of class 0
  size_t stride;   ///< elements from one class to the next
  double temperature;
  int best = 0;    ///< lowest of the classes with the largest logit
  double highest = 0, sum = 0;

  __device__ Softmax(const T* first, size_t stride, int classes, double temperature)
      : first(first), stride(stride), temperature(temperature) {
    for (int c = 1; c < classes; ++c) {
      if (logit(c) > logit(best)) best = c;
    }
    highest = logit(best);
    for (int c = 0; c < classes; ++c) sum += exp((logit(c) - highest) / temperature);
  }

  __device__ double logit(int c) const { return double(load1(first + size_t(c) * stride)); }
  __device__ double share(int c) const { return exp((logit(c) - highest) / temperature) / sum; }
};

/// The target of a class from one label of a record.
__device__ double label_target(const CrossEntropyArguments& a, int label, double share, int c) {
  const double smoothing = double(a.label_smoothing);
  if (a.class_weights) share *= double(a.class_weights[label]);
  return share * ((c == label ? 1.0 - smoothing : 0.0) + smoothing / a.logits.channels);
}

__device__ double target_of(const CrossEntropyArguments& a, int n, int c) {
  if (!a.second_labels) return label_target(a, a.labels[n], 1.0, c);
  const double first = double(a.shares[n]);
  return label_target(a, a.labels[n], first, c) +
         label_target(a, a.second_labels[n], 1.0 - first, c);
}

/// Loss of one class and how it pulls at its logit: the gradient is p_c (sum of pulls) - pull_c.
struct Term {
  double loss, pull;
};

template <class T>
__device__ Term term_of(const CrossEntropyArguments& a, const Softmax<T>& own, double target, int c) {
  if (target == 0) return {0, 0};
  const double loss = target * (log(own.sum) + own.highest - own.logit(c));
  const double focal = double(a.focal);
  if (!(focal > 0)) return {loss, target};
  const double p = own.share(c), rest = 1.0 - p, factor = pow(rest, focal);
  const double bend = rest > 0 ? focal * p * pow(rest, focal - 1.0) * loss : 0.0;
  return {loss * factor, target * factor + bend};
}

/// Mean over the teachers of softmax(teacher / temperature) at one step.
template <class T>
__device__ double taught_share(const CrossEntropyArguments& a, int group, int p, int lane, int c) {
  const int classes = a.logits.channels;
  double mean = 0;
  for (int k = 0; k < a.teacher_count; ++k) {
    const Rows& rows = a.teachers[k];
    const Softmax<T> teacher(rows.position<T>(group * classes, p) + lane,
                             size_t(rows.positions()) * kLanes, classes, double(a.temperature));
    mean += teacher.share(c) / double(a.teacher_count);
  }
  return mean;
}

/// One valid step of record n = group * 16 + lane; out points to the gradient of class 0.
template <class T>
__device__ void step(const CrossEntropyArguments& a, int group, int p, int lane, T* out,
                     size_t out_stride, double weight, double (&sums)[2]) {
  const int classes = a.logits.channels, n = group * kLanes + lane;
  const T* const in = a.logits.position<T>(group * classes, p) + lane;
  const size_t in_stride = size_t(a.logits.positions()) * kLanes;
  const Softmax<T> own(in, in_stride, classes, 1.0);
  double loss = 0, pulls = 0;
  for (int c = 0; c < classes; ++c) {
    const Term term = term_of(a, own, target_of(a, n, c), c);
    loss += term.loss;
    pulls += term.pull;
  }
  const double teacher_weight = double(a.teacher_weight), hard = 1.0 - teacher_weight;
  for (int c = 0; c < classes; ++c) {
    const double pull = term_of(a, own, target_of(a, n, c), c).pull;
    double slope = (own.share(c) * pulls - pull) * hard;
    if (a.teacher_count > 0) {
      const double temperature = double(a.temperature), scale = teacher_weight * temperature;
      const Softmax<T> soft(in, in_stride, classes, temperature);
      const double q = taught_share<T>(a, group, p, lane, c);
      const double log_own = (soft.logit(c) - soft.highest) / temperature - log(soft.sum);
      slope += scale * (soft.share(c) - q);
      if (q > 0) sums[0] += scale * temperature * q * (log(q) - log_own);
    }
    store1(out + size_t(c) * out_stride, float(slope * weight));
  }
  sums[0] += loss * hard;
  sums[1] += own.best == a.labels[n] ? 1.0 : 0.0;
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
  const size_t out_stride = size_t(positions) * kLanes;
  double sums[2] = {0, 0};
  if (at < positions) {
    T* const out = a.dlogits.position<T>(group * classes, p) + lane;
    if (p >= 0 && p < a.logits.lengths[n]) {
      step(a, group, p, lane, out, out_stride, weight, sums);
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
  CrossEntropyArguments a{logits, dlogits, args.labels, args.result, parts, context.ticket,
                          args.label_smoothing, args.focal, args.class_weights,
                          args.second_labels, args.shares, {}, int(args.teachers.size()),
                          args.temperature, args.teacher_weight};
  for (size_t k = 0; k < args.teachers.size(); ++k) a.teachers[k] = rows_of(args.teachers[k]);
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((cross_entropy_kernel<decltype(element)>), blocks, kRowThreads, 0, context.stream,
               a);
  });
}

}  // namespace lth::cuda
