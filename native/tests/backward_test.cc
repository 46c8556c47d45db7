#include <algorithm>

#include "tests/net_reference.h"

/// The derived backward pass: of a network that joins and splits in every way, against finite differences
/// of the same network in float64; of which ops it is made; what it refuses.

using namespace lth;
using namespace lth::test;

namespace {

constexpr int kChannels = 2;

/// Values are read by one op and by many: `n` by a convolution, a shortcut, a norm and as two residuals,
/// `e` by shortcuts alone, `d` by one convolution as its input and as its residual, `t` also by an op whose
/// result nobody reads. Recorded and in float64 alike.
template <class Recorder, class Signal>
Signal tangled_network(Recorder& r, const Signal& x) {
  const Signal a = r.conv("a", x, 3, 3, 1, nullptr);
  const Signal n = r.norm("n", a);
  const Signal s = r.shortcut(n, 1, 3);
  const Signal b = r.conv("b", n, 3, 4, 1, &s);
  const Signal m = r.norm("m", b);
  const Signal c = r.conv("c", m, 3, 3, 1, &n);
  const Signal d = r.conv("d", c, 3, 3, 1, &n);
  const Signal t = r.norm("t", n);
  r.conv("unused", t, 2, 3, 1, nullptr);
  const Signal e = r.conv("e", d, 3, 1, 1, &d);
  const Signal p = r.shortcut(e, 2, 3);
  const Signal q = r.shortcut(e, 2, 3);
  const Signal u = r.conv("u", t, 3, 2, 2, &p);
  const Signal v = r.conv("v", u, 3, 3, 1, &q);
  return r.conv("head", r.norm("last", v), kNetClasses, 1, 1, nullptr);
}

/// The names and shapes of its parameters.
struct Declaring {
  std::vector<std::pair<std::string, std::vector<int>>> parameters;

  int conv(const std::string& name, int channels, int out, int kernel, int, const int*) {
    parameters.push_back({name + ".weight", {out, channels, kernel}});
    parameters.push_back({name + ".bias", {out}});
    return out;
  }
  int norm(const std::string& name, int channels) {
    parameters.push_back({name + ".gamma", {channels}});
    parameters.push_back({name + ".beta", {channels}});
    return channels;
  }
  int shortcut(int, int, int channels) { return channels; }
};

struct Recording {
  ProgramBuilder& builder;
  std::map<std::string, std::shared_ptr<Parameter>>& parameters;
  std::map<std::string, std::shared_ptr<Buffer>>& buffers;

  Value conv(const std::string& name, Value x, int, int, int stride, const Value* add) {
    builder.label(name);
    return builder.conv1d(x, parameters.at(name + ".weight"), parameters.at(name + ".bias"),
                          stride, add ? *add : -1);
  }
  Value norm(const std::string& name, Value x) {
    builder.label(name);
    return builder.norm(x, {parameters.at(name + ".gamma"), parameters.at(name + ".beta"),
                            buffers.at(name + ".mean"), buffers.at(name + ".variance"),
                            kNetEpsilon, 0.1f, true, true, 0});
  }
  Value shortcut(Value x, int stride, int channels) {
    builder.label("shortcut");
    return builder.shortcut(x, stride, channels);
  }
};

struct Computing {
  const ExactParameters& w;

  Exact conv(const std::string& name, const Exact& x, int, int, int stride, const Exact* add) {
    return exact_conv(x, w.at(name + ".weight"), w.at(name + ".bias"), stride, add);
  }
  Exact norm(const std::string& name, const Exact& x) {
    return exact_norm(x, w.at(name + ".gamma"), w.at(name + ".beta"), 0, 0, 0);
  }
  Exact shortcut(const Exact& x, int stride, int channels) {
    return exact_shortcut(x, stride, channels);
  }
};

/// The network on a backend, with its input.
struct Tangle {
  explicit Tangle(std::shared_ptr<Backend> device) : backend(std::move(device)) {
    Declaring declaring;
    tangled_network(declaring, kChannels);
    Random random(31);
    for (const auto& [name, shape] : declaring.parameters) {
      const auto parameter = std::make_shared<Parameter>(*backend, shape);
      const bool gamma = name.ends_with(".gamma");
      parameter->write(Slot::value,
                       random.floats(parameter->size(), gamma ? 0.5 : -0.6, gamma ? 1.5 : 0.6)
                           .data());
      parameters[name] = parameter;
      if (!gamma) continue;
      const std::string norm = name.substr(0, name.size() - 6);
      const std::vector<float> statistics(parameter->size(), 1.0f);
      for (const char* statistic : {".mean", ".variance"}) {
        buffers[norm + statistic] = std::make_shared<Buffer>(*backend, parameter->size());
        buffers[norm + statistic]->write(statistics.data());
      }
    }
    lengths = ragged(kNetRecords, kNetLength, random);
    for (int n = 0; n < kNetRecords; ++n) labels.push_back(random.integer(0, kNetClasses - 1));
    host = random.floats(size_t(kNetRecords) * kChannels * kNetLength, -1, 1);
    for (int n = 0; n < kNetRecords; ++n) {
      for (int c = 0; c < kChannels; ++c) {
        for (int l = lengths[size_t(n)]; l < kNetLength; ++l) {
          host[At{kChannels, kNetLength}(n, c, l)] = 0;
        }
      }
    }
  }

  /// Loss and gradients; @param planned_first plan the memory before the backward pass is recorded
  StepResult run(bool planned_first) {
    ProgramBuilder builder(backend, kNetRecords, kNetLength, 0);
    const Value x = builder.input(kChannels, kNetLength);
    ::Recording recorder{builder, parameters, buffers};
    const Value logits = tangled_network(recorder, x);
    const Value dlogits = builder.cross_entropy(logits);
    if (planned_first) builder.planned_bytes();
    const Value dx = builder.backward(logits, dlogits, {.inputs = {x}})[0];
    builder.output(dx);
    const auto program = builder.build();
    profile = program->profile();
    program->write_value(x, host, lengths, labels);
    const StepResult result = program->run({});
    input_gradient.resize(host.size());
    program->read_value(dx, input_gradient);
    return result;
  }

  std::vector<float> gradient(const std::string& name) const {
    std::vector<float> values(parameters.at(name)->size());
    parameters.at(name)->read(Slot::gradient, values.data());
    return values;
  }

  std::shared_ptr<Backend> backend;
  std::map<std::string, std::shared_ptr<Parameter>> parameters;
  std::map<std::string, std::shared_ptr<Buffer>> buffers;
  std::vector<int32_t> lengths, labels;
  std::vector<float> host, input_gradient;
  std::vector<OpProfile> profile;
};

/// The mean cross-entropy in float64.
double exact_loss(const Tangle& tangle, const ExactParameters& w, const Exact& x) {
  Computing computing{w};
  const Exact logits = tangled_network(computing, x);
  double loss = 0, valid = 0;
  for (int n = 0; n < kNetRecords; ++n) {
    for (int p = 0; p < logits.lengths[size_t(n)]; ++p) {
      double sum = 0;
      for (int c = 0; c < kNetClasses; ++c) sum += std::exp(logits.at(n, c, p));
      loss += std::log(sum) - logits.at(n, tangle.labels[size_t(n)], p);
      valid += 1;
    }
  }
  return loss / valid;
}

/// Central differences in float64, as in gradient_test.cc, with its tolerance.
constexpr double kStep = 1e-5;

double tolerance(const std::vector<double>& exact) {
  double largest = 0;
  for (double g : exact) largest = std::max(largest, std::fabs(g));
  return 2e-6 * largest + 0.45 * kTolerance;
}

void test_gradients() {
  ExactParameters exact;       // gradients, found once
  std::vector<double> exact_x;  // of every kSkip-th element of the input
  constexpr size_t kSkip = 41;
  double loss = 0;
  for_each_backend([&](const std::shared_ptr<Backend>& backend, int) {
    Tangle tangle(backend);
    if (exact.empty()) {
      ExactParameters w;
      for (const auto& [name, parameter] : tangle.parameters) {
        std::vector<float> values(parameter->size());
        parameter->read(Slot::value, values.data());
        w[name].assign(values.begin(), values.end());
      }
      Exact x(kChannels, kNetLength, {tangle.lengths.begin(), tangle.lengths.end()});
      x.values.assign(tangle.host.begin(), tangle.host.end());
      loss = exact_loss(tangle, w, x);
      const auto difference = [&](double& value) {
        const double center = value;
        value = center + kStep;
        const double above = exact_loss(tangle, w, x);
        value = center - kStep;
        const double below = exact_loss(tangle, w, x);
        value = center;
        return (above - below) / (2 * kStep);
      };
      for (auto& [name, values] : w) {
        for (double& value : values) exact[name].push_back(difference(value));
      }
      for (size_t i = 0; i < x.values.size(); i += kSkip) {
        exact_x.push_back(difference(x.values[i]));
      }
    }
    CHECK_NEAR(tangle.run(false).loss, loss, 1e-6);
    for (const auto& [name, want] : exact) {
      const std::vector<float> got = tangle.gradient(name);
      for (size_t i = 0; i < got.size(); ++i) {
        context = name + "[" + std::to_string(i) + "]";
        CHECK_NEAR(got[i], want[i], tolerance(want));
      }
    }
    for (size_t i = 0; i < exact_x.size(); ++i) {
      context = "x[" + std::to_string(i * kSkip) + "]";
      const size_t at = i * kSkip;
      const int n = int(at / (kChannels * kNetLength)), l = int(at % kNetLength);
      const double want = l < tangle.lengths[size_t(n)] ? exact_x[i] : 0;
      CHECK_NEAR(tangle.input_gradient[at], want, tolerance(exact_x));
    }
  });
  context.clear();
}

/// A plan made before the backward pass is recorded does not change it.
void test_planned_first(const std::shared_ptr<Backend>& backend) {
  std::vector<std::vector<float>> results;
  for (bool planned_first : {false, true}) {
    Tangle tangle(backend);
    tangle.run(planned_first);
    results.push_back(tangle.input_gradient);
    for (const auto& [name, parameter] : tangle.parameters) {
      const std::vector<float> gradient = tangle.gradient(name);
      results.back().insert(results.back().end(), gradient.begin(), gradient.end());
    }
  }
  CHECK(same_bits(results[0], results[1]));
}

int count(const std::vector<OpProfile>& profile, const char* op, const char* label) {
  return int(std::count_if(profile.begin(), profile.end(), [&](const OpProfile& entry) {
    return entry.op == op && (label == nullptr || entry.label == label);
  }));
}

void test_ops(const std::shared_ptr<Backend>& backend) {
  Tangle tangle(backend);
  tangle.run(false);
  for (const char* name : {"a", "b", "c", "d", "e", "u", "v", "head"}) {
    CHECK_EQ(count(tangle.profile, "conv1d_wgrad", name), 1);
    CHECK_EQ(count(tangle.profile, "conv1d_dgrad", name), 1);
  }
  CHECK_EQ(count(tangle.profile, "norm_backward", nullptr), 4);
  CHECK_EQ(count(tangle.profile, "conv1d_wgrad", "unused"), 0);
  CHECK_EQ(count(tangle.profile, "conv1d_dgrad", "unused"), 0);
  // Three shortcuts, and one addition: `n` has two gradients that are there already.
  CHECK_EQ(count(tangle.profile, "shortcut_backward", nullptr), 4);

  Net net(backend);
  const auto program = net.build({});
  const std::vector<OpProfile> profile = program->profile();
  CHECK_EQ(count(profile, "conv1d_dgrad", "stem"), 0);  // nothing is trained before it
  CHECK_EQ(count(profile, "conv1d_wgrad", "stem"), 1);
  CHECK_EQ(count(profile, "conv1d_dgrad", nullptr), 5);
  CHECK_EQ(count(profile, "norm_backward", "block1.pre"), 1);
}

/// A residual block whose shortcut is recorded before its branch or behind it: the same bits.
void test_order_of_readers(const std::shared_ptr<Backend>& backend) {
  std::vector<std::vector<float>> results;
  Random random(8);
  const std::vector<float> host = random.floats(4 * 3 * 20, -1, 1);
  const std::vector<float> host_dy = random.floats(4 * 3 * 10, -1, 1);
  for (bool shortcut_first : {false, true}) {
    const auto parameter = [&](std::vector<int> shape, uint32_t seed) {
      const auto p = std::make_shared<Parameter>(*backend, std::move(shape));
      p->write(Slot::value, Random(seed).floats(p->size(), -1, 1).data());
      return p;
    };
    const auto buffer = [&] { return std::make_shared<Buffer>(*backend, 3); };
    ProgramBuilder b(backend, 4, 20, 0);
    const Value input = b.input(3, 20), dy = b.input(3, 10);
    const Value x = b.conv1d(input, parameter({3, 3, 3}, 1), parameter({3}, 2), 1, -1);
    Value s = shortcut_first ? b.shortcut(x, 2, 3) : -1;
    const Value n = b.norm(x, {parameter({3}, 3), parameter({3}, 4), buffer(), buffer(), 1e-3f,
                               0.1f, true, true, 0});
    const Value c = b.conv1d(n, parameter({3, 3, 3}, 5), parameter({3}, 6), 2, -1);
    if (!shortcut_first) s = b.shortcut(x, 2, 3);
    const Value y = b.conv1d(c, parameter({3, 3, 1}, 7), parameter({3}, 8), 1, s);
    const std::vector<Value> gradients = b.backward(y, dy, {.inputs = {input, x}});
    for (Value gradient : gradients) b.output(gradient);
    const auto program = b.build();
    program->write_value(input, host, {}, {});
    program->write_value(dy, host_dy, {}, {});
    program->run({});
    for (Value gradient : gradients) {
      results.emplace_back(host.size());
      program->read_value(gradient, results.back());
    }
  }
  CHECK(same_bits(results[0], results[2]));
  CHECK(same_bits(results[1], results[3]));
  CHECK(!same_bits(results[0], results[1]));
}

/// Gradients that are given are summands too; those of values without readers come back as they are.
void test_given(const std::shared_ptr<Backend>& backend) {
  ProgramBuilder b(backend, 1, 4, 0);
  const Value x = b.input(1, 4), dy = b.input(2, 2), more = b.input(1, 4), z = b.input(1, 4);
  const Value y = b.shortcut(x, 2, 2);
  const std::vector<Value> gradients =
      b.backward(y, dy, {.inputs = {x, z}, .also = {{x, more}, {x, more}, {z, more}}});
  CHECK_EQ(gradients.size(), size_t(2));
  CHECK_EQ(gradients[1], more);
  b.output(gradients[0]);
  const auto program = b.build();
  program->write_value(x, std::vector<float>{1, 2, 4, 3}, {}, {});
  program->write_value(dy, std::vector<float>{10, 20, 7, 7}, {}, {});
  program->write_value(more, std::vector<float>{1, 2, 3, 4}, {}, {});
  program->write_value(z, std::vector<float>(4), {}, {});
  program->run({});
  std::vector<float> got(4);
  program->read_value(gradients[0], got);
  CHECK(got == std::vector<float>({2, 14, 26, 8}));
}

void test_errors() {
  const std::shared_ptr<Backend> backend = make_cpu_backend({.threads = 1});
  const auto parameter = [&](std::vector<int> shape) {
    return std::make_shared<Parameter>(*backend, std::move(shape));
  };
  const auto buffer = [&] { return std::make_shared<Buffer>(*backend, 3); };
  ProgramBuilder b(backend, 2, 8, 0);
  const Value x = b.input(3, 8), dy = b.input(3, 8), other = b.input(3, 8);
  const Value moved = b.shortcut(x, 1, 3);
  CHECK_THROWS(range, "depends on no parameter and on no input", b.backward(moved, dy));
  CHECK_THROWS(range, "depends on no parameter and on no input", b.backward(x, dy));
  CHECK_THROWS(range, "has no gradient", b.backward(moved, dy, {.inputs = {x, other}}));
  CHECK_THROWS(range, "does not exist", b.backward(moved, dy, {.inputs = {x + 100}}));
  CHECK_THROWS(range, "Its gradient must have shape [2, 3, 8], got [2, 3, 4]",
               b.backward(moved, dy, {.inputs = {x}, .also = {{x, b.shortcut(x, 2, 3)}}}));
  // A weight that two layers share would get the gradient of one of them.
  const auto weight = parameter({3, 3, 3}), bias = parameter({3}), second = parameter({3});
  b.label("first");
  const Value one = b.conv1d(moved, weight, bias, 1, -1);
  b.label("second");
  const Value two = b.conv1d(one, weight, second, 1, -1);
  const size_t bytes = b.planned_bytes();
  CHECK_THROWS(state, "already computed by the op labelled \"second\"", b.backward(two, dy));
  CHECK_EQ(b.planned_bytes(), bytes);  // nothing of it was recorded
  b.label("fixed");
  const Value fixed = b.norm(one, {parameter({3}), parameter({3}), buffer(), buffer(), 1e-3f, 0.1f,
                                   false, true, 0});
  CHECK_THROWS(state, "labelled \"fixed\"", b.backward(fixed, dy));
  // The gradients themselves have no derivative.
  const Value dx = b.backward(one, dy, {.inputs = {x}})[0];
  const Value again = b.conv1d(dx, parameter({3, 3, 1}), parameter({3}), 1, -1);
  CHECK_THROWS(state, "no derivative of shortcut_backward", b.backward(again, dy));
  b.optimizer({weight, bias}, {});
  CHECK_THROWS(state, "after the optimizer", b.backward(one, dy));
  b.build();
  CHECK_THROWS(state, "has been built", b.backward(one, dy));
}

}  // namespace

int main() {
  test_gradients();
  for_each_kind(test_planned_first);
  for_each_kind(test_ops);
  for_each_kind(test_order_of_readers);
  for_each_kind(test_given);
  test_errors();
  return finish();
}
