#include <cmath>
#include <vector>

#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// The contribution of one group of records to the result.
struct Part {
  double loss = 0;
  double correct = 0;
};

/// The logits of one step.
struct Logits {
  const float* first;  ///< of class 0
  size_t stride;       ///< floats from one class to the next

  double operator[](int c) const { return double(first[size_t(c) * stride]); }
};

/// The lowest of the classes with the largest logit.
int argmax(const Logits& logits, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c) {
    if (logits[c] > logits[best]) best = c;
  }
  return best;
}

/// exps[c] = exp((logits[c] - highest) / temperature); returns their sum.
double exponentials(const Logits& logits, int classes, double highest, double temperature,
                    double* exps) {
  double sum = 0;
  for (int c = 0; c < classes; ++c) {
    exps[c] = std::exp((logits[c] - highest) / temperature);
    sum += exps[c];
  }
  return sum;
}

/// The loss of one valid step after the other, with room for the numbers of its classes.
class StepLoss {
 public:
  StepLoss(const CrossEntropy& args, double weight)
      : args_(args),
        classes_(args.logits.shape.channels),
        weight_(weight),
        exps_(size_t(classes_)),
        target_(size_t(classes_)),
        pull_(size_t(classes_)) {
    if (args.teachers.empty()) return;
    soft_.resize(size_t(classes_));
    teacher_.resize(size_t(classes_));
  }

  /// @param offset of the step's class 0 from its group's and lane's row, in floats
  void operator()(int group, int lane, size_t offset, Part& part) {
    const Activation& dlogits = args_.dlogits;
    const size_t n = size_t(group) * kLanes + size_t(lane);
    const Logits logits = at(args_.logits, group, lane, offset);
    float* const out = dlogits.row(group, 0) + lane + offset;
    const int best = argmax(logits, classes_);
    const double highest = logits[best];
    const double sum = exponentials(logits, classes_, highest, 1, exps_.data());
    set_target(n);
    double pulls = 0;
    const double own = hard_loss(logits, highest, sum, pulls);
    const double share = 1.0 - double(args_.teacher_weight);
    double taught = 0;
    if (!args_.teachers.empty()) taught = soft_loss(logits, highest, group, lane, offset);
    for (int c = 0; c < classes_; ++c) {
      double slope = (exps_[size_t(c)] / sum * pulls - pull_[size_t(c)]) * share;
      if (!args_.teachers.empty()) slope += soft_[size_t(c)];
      out[size_t(c) * dlogits.row_stride()] = float(slope * weight_);
    }
    part.loss += own * share + taught;
    part.correct += best == args_.labels[n] ? 1.0 : 0.0;
  }

 private:
  static Logits at(const Activation& x, int group, int lane, size_t offset) {
    return {x.row(group, 0) + lane + offset, x.row_stride()};
  }

  void add_target(int label, double share) {
    const double smoothing = double(args_.label_smoothing);
    if (args_.class_weights) share *= double(args_.class_weights[label]);
    for (int c = 0; c < classes_; ++c) {
      const double own = c == label ? 1.0 - smoothing : 0.0;
      target_[size_t(c)] += share * (own + smoothing / classes_);
    }
  }

  void set_target(size_t n) {
    std::fill(target_.begin(), target_.end(), 0.0);
    const double first = args_.second_labels ? double(args_.shares[n]) : 1.0;
    add_target(args_.labels[n], first);
    if (args_.second_labels) add_target(args_.second_labels[n], 1.0 - first);
  }

  /// Of the labels. pull_[c] is what pulls at the logit of class c, `pulls` their sum: the gradient
  /// is p_c pulls - pull_c.
  double hard_loss(const Logits& logits, double highest, double sum, double& pulls) {
    const double log_sum = std::log(sum) + highest, focal = double(args_.focal);
    double loss = 0;
    for (int c = 0; c < classes_; ++c) {
      double& pull = pull_[size_t(c)];
      pull = target_[size_t(c)];
      if (pull == 0) continue;
      double term = pull * (log_sum - logits[c]);
      if (focal > 0) {
        const double p = exps_[size_t(c)] / sum, rest = 1.0 - p;
        const double factor = std::pow(rest, focal);
        const double bend = rest > 0 ? focal * p * std::pow(rest, focal - 1.0) * term : 0.0;
        pull = pull * factor + bend;
        term *= factor;
      }
      loss += term;
      pulls += pull;
    }
    return loss;
  }

  /// Of the teachers; soft_[c] becomes its gradient.
  double soft_loss(const Logits& logits, double highest, int group, int lane, size_t offset) {
    const double temperature = double(args_.temperature);
    std::vector<double>& mean = teacher_;
    std::fill(mean.begin(), mean.end(), 0.0);
    for (const Activation& teacher : args_.teachers) {
      const Logits taught = at(teacher, group, lane, offset);
      const double top = taught[argmax(taught, classes_)];
      const double sum = exponentials(taught, classes_, top, temperature, soft_.data());
      for (int c = 0; c < classes_; ++c) {
        mean[size_t(c)] += soft_[size_t(c)] / sum / double(args_.teachers.size());
      }
    }
    const double sum = exponentials(logits, classes_, highest, temperature, soft_.data());
    const double scale = double(args_.teacher_weight) * temperature;
    double divergence = 0;
    for (int c = 0; c < classes_; ++c) {
      const double q = mean[size_t(c)];
      const double log_own = (logits[c] - highest) / temperature - std::log(sum);
      if (q > 0) divergence += q * (std::log(q) - log_own);
      soft_[size_t(c)] = scale * (soft_[size_t(c)] / sum - q);
    }
    return scale * temperature * divergence;
  }

  const CrossEntropy& args_;
  const int classes_;
  const double weight_;
  std::vector<double> exps_, target_, pull_;  // [classes]
  std::vector<double> soft_, teacher_;        // [classes] with teachers
};

}  // namespace

void cross_entropy(const CrossEntropy& args, ThreadPool& pool) {
  const Activation& logits = args.logits;
  const Activation& dlogits = args.dlogits;
  const int classes = logits.shape.channels;
  const double valid = double(valid_positions(logits));
  const double weight = valid > 0 ? 1.0 / valid : 0.0;
  std::vector<Part> parts{size_t(logits.groups())};
  std::vector<StepLoss> losses(size_t(pool.threads()), StepLoss(args, weight));
  pool.parallel_for(logits.groups(), [&](int group, int thread) {
    for (int c = 0; c < classes; ++c) zero_outside(dlogits, group, c, 0);
    for (int lane = 0; lane < kLanes; ++lane) {
      const int steps = logits.lengths[size_t(group) * kLanes + size_t(lane)];
      for (int p = 0; p < steps; ++p) {
        losses[size_t(thread)](group, lane, size_t(p) * kLanes, parts[size_t(group)]);
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
