#include <cmath>
#include <vector>

#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// What one group of records adds to the result.
struct Part {
  double loss = 0;
  double correct = 0;
};

/// One valid step. logits and dlogits point to its class 0; classes are `stride` floats apart.
void step(const float* logits, float* dlogits, size_t stride, size_t dstride, int classes,
          int label, double weight, double* exps, Part& part) {
  int best = 0;
  for (int c = 1; c < classes; ++c) {
    if (logits[size_t(c) * stride] > logits[size_t(best) * stride]) best = c;
  }
  const double highest = double(logits[size_t(best) * stride]);
  double sum = 0;
  for (int c = 0; c < classes; ++c) {
    exps[c] = std::exp(double(logits[size_t(c) * stride]) - highest);
    sum += exps[c];
  }
  for (int c = 0; c < classes; ++c) {
    const double target = c == label ? 1.0 : 0.0;
    dlogits[size_t(c) * dstride] = float((exps[c] / sum - target) * weight);
  }
  part.loss += std::log(sum) + highest - double(logits[size_t(label) * stride]);
  part.correct += best == label ? 1.0 : 0.0;
}

}  // namespace

void cross_entropy(const CrossEntropy& args, ThreadPool& pool) {
  const Activation& logits = args.logits;
  const Activation& dlogits = args.dlogits;
  const int classes = logits.shape.channels;
  const double valid = double(valid_positions(logits));
  const double weight = valid > 0 ? 1.0 / valid : 0.0;
  std::vector<Part> parts{size_t(logits.groups())};
  std::vector<double> exps(size_t(pool.threads()) * size_t(classes));
  pool.parallel_for(logits.groups(), [&](int group, int thread) {
    double* scratch = exps.data() + size_t(thread) * size_t(classes);
    for (int c = 0; c < classes; ++c) zero_outside(dlogits, group, c, 0);
    for (int lane = 0; lane < kLanes; ++lane) {
      const size_t n = size_t(group) * kLanes + size_t(lane);
      const float* in = logits.row(group, 0) + lane;
      float* out = dlogits.row(group, 0) + lane;
      for (int p = 0; p < logits.lengths[n]; ++p) {
        const size_t at = size_t(p) * kLanes;
        step(in + at, out + at, logits.row_stride(), dlogits.row_stride(), classes,
             args.labels[n], weight, scratch, parts[size_t(group)]);
      }
    }
  });
  Part total;
  for (const Part& part : parts) {
    total.loss += part.loss;
    total.correct += part.correct;
  }
  args.result[0] = total.loss * weight;
  args.result[1] = valid;
  args.result[2] = total.correct;
}

}  // namespace lth::cpu::LTH_ISA
