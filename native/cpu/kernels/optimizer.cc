#include <cmath>

#include "cpu/kernels/bits.h"
#include "cpu/kernels/flat.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Sixteen elements of a parameter. An update leaves elements whose four numbers are 0 at 0.
struct State {
  Vec value;
  Vec gradient;
  Vec moment1;
  Vec moment2;
};

/// Kingma & Ba 2015, algorithm 1.
struct Adam {
  explicit Adam(const OptimizerStep& args, float clip)
      : clip(Vec::broadcast(clip)),
        decay(Vec::broadcast(args.weight_decay)),
        beta1(Vec::broadcast(args.beta1)),
        beta2(Vec::broadcast(args.beta2)),
        rest1(Vec::broadcast(float(1.0 - double(args.beta1)))),
        rest2(Vec::broadcast(float(1.0 - double(args.beta2)))),
        rate(Vec::broadcast(float(double(args.learning_rate) /
                                  (1.0 - std::pow(double(args.beta1), double(args.step)))))),
        correct2(Vec::broadcast(
            float(1.0 / (1.0 - std::pow(double(args.beta2), double(args.step)))))),
        epsilon(Vec::broadcast(args.epsilon)) {}

  void operator()(State& s) const {
    const Vec g = fma(s.gradient, clip, decay * s.value);
    s.moment1 = fma(beta1, s.moment1, rest1 * g);
    s.moment2 = fma(beta2, s.moment2, rest2 * (g * g));
    s.value = s.value - rate * s.moment1 / (sqrt(s.moment2 * correct2) + epsilon);
  }
  static constexpr bool uses_moment2 = true;

  Vec clip, decay, beta1, beta2, rest1, rest2, rate, correct2, epsilon;
};

/// Loshchilov & Hutter 2019, algorithm 2: as Adam, but the decay is no part of the gradient.
struct AdamW {
  AdamW(const OptimizerStep& args, float clip, bool decays)
      : adam(without_decay(args), clip),
        keep(Vec::broadcast(
            decays ? float(1.0 - double(args.learning_rate) * double(args.weight_decay)) : 1.0f)) {}

  void operator()(State& s) const {
    s.value = s.value * keep;
    adam(s);
  }
  static constexpr bool uses_moment2 = true;

  static OptimizerStep without_decay(OptimizerStep args) {
    args.weight_decay = 0;
    return args;
  }

  Adam adam;
  Vec keep;
};

/// m = momentum * m + g; w -= lr * m.
struct Sgd {
  explicit Sgd(const OptimizerStep& args, float clip)
      : clip(Vec::broadcast(clip)),
        decay(Vec::broadcast(args.weight_decay)),
        momentum(Vec::broadcast(args.beta1)),
        rate(Vec::broadcast(args.learning_rate)) {}

  void operator()(State& s) const {
    const Vec g = fma(s.gradient, clip, decay * s.value);
    s.moment1 = fma(momentum, s.moment1, g);
    s.value = s.value - rate * s.moment1;
  }
  static constexpr bool uses_moment2 = false;

  Vec clip, decay, momentum, rate;
};

template <class Rule>
void update_elements(const ParameterView& p, size_t begin, size_t end, const Rule& rule) {
  size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    State s{Vec::load(p.value + i), Vec::load(p.gradient + i), Vec::load(p.moment1 + i),
            Rule::uses_moment2 ? Vec::load(p.moment2 + i) : Vec::zero()};
    rule(s);
    s.value.store(p.value + i);
    s.moment1.store(p.moment1 + i);
    if constexpr (Rule::uses_moment2) s.moment2.store(p.moment2 + i);
  }
  if (i == end) return;
  const size_t count = end - i;
  alignas(64) float rest[4][kLanes] = {};
  float* const arrays[4] = {p.value + i, p.gradient + i, p.moment1 + i, p.moment2 + i};
  for (int a = 0; a < 4; ++a) std::memcpy(rest[a], arrays[a], count * sizeof(float));
  State s{Vec::load(rest[0]), Vec::load(rest[1]), Vec::load(rest[2]), Vec::load(rest[3])};
  rule(s);
  s.value.store(rest[0]);
  s.moment1.store(rest[2]);
  s.moment2.store(rest[3]);
  for (int a : {0, 2, 3}) std::memcpy(arrays[a], rest[a], count * sizeof(float));
}

/// The survivors in rows [begin, end), sixteen at a time.
template <class Rule>
void update_survivors(const ParameterView& p, size_t begin, size_t end, const Rule& rule) {
  alignas(64) float packed[4][kLanes] = {};
  float* const arrays[4] = {p.value, p.gradient, p.moment1, p.moment2};
  size_t index[kLanes];
  int filled = 0;
  const auto flush = [&] {
    State s{Vec::load(packed[0]), Vec::load(packed[1]), Vec::load(packed[2]),
            Vec::load(packed[3])};
    rule(s);
    s.value.store(packed[0]);
    s.moment1.store(packed[2]);
    s.moment2.store(packed[3]);
    for (int a : {0, 2, 3}) {
      for (int i = 0; i < filled; ++i) arrays[a][index[i]] = packed[a][i];
    }
    filled = 0;
  };
  for_each_survivor(*p.pattern, begin, end, [&](size_t at) {
    for (int a = 0; a < 4; ++a) packed[a][filled] = arrays[a][at];
    index[filled] = at;
    if (++filled == kLanes) flush();
  });
  if (filled > 0) flush();
}

/// @param rule_of the rule of a parameter
template <class RuleOf>
void update(const OptimizerStep& args, const RuleOf& rule_of, ThreadPool& pool) {
  const std::vector<FlatUnit> units = flat_units(args.parameters);
  pool.parallel_for(int(units.size()), [&](int index, int) {
    const FlatUnit& unit = units[size_t(index)];
    const ParameterView& parameter = args.parameters[unit.parameter];
    const auto& rule = rule_of(parameter);
    if (unit.listed) {
      update_survivors(parameter, unit.begin, unit.end, rule);
    } else {
      update_elements(parameter, unit.begin, unit.end, rule);
    }
  });
}

}  // namespace

void optimizer_step(const OptimizerStep& args, ThreadPool& pool) {
  if (args.norm && !std::isfinite(args.norm[0])) return;
  float clip = 1;
  if (args.clip_norm > 0 && args.norm[0] > double(args.clip_norm)) {
    clip = float(double(args.clip_norm) / args.norm[0]);
  }
  const auto all = [&](const auto& rule) {
    update(args, [&](const ParameterView&) -> const auto& { return rule; }, pool);
  };
  switch (args.kind) {
    case OptimizerKind::adam:
      return all(Adam(args, clip));
    case OptimizerKind::sgd:
      return all(Sgd(args, clip));
    case OptimizerKind::adamw: {
      const AdamW decaying(args, clip, true), other(args, clip, false);
      return update(
          args,
          [&](const ParameterView& p) -> const AdamW& { return p.decays ? decaying : other; },
          pool);
    }
  }
}

}  // namespace lth::cpu::LTH_ISA
