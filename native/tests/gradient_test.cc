#include "tests/net_reference.h"

using namespace lth;
using namespace lth::test;

namespace {

constexpr uint32_t kStream = 12;

/// Central differences in float64. With step h the truncation error is of order h^2, the rounding
/// error of order 1e-16 / h; both are far below the float error of the program.
constexpr double kStep = 1e-5;

/// Gradients of the loss come out of some 20 float ops in a row, each adding rounding errors of
/// order 2^-24 relative to the terms of its sums: 2e-6 of the tensor's largest gradient is a few
/// roundings per op. Where the terms cancel (a bias ahead of a norm has gradient 0) their own size
/// counts: in this net they add up to at most 0.45 in magnitude.
double tolerance(const std::vector<double>& exact) {
  double largest = 0;
  for (double g : exact) largest = std::max(largest, std::fabs(g));
  return 2e-6 * largest + 0.45 * kTolerance;
}

ExactParameters exact_parameters(const Net& net) {
  ExactParameters exact;
  for (const std::string& name : net.order) {
    const std::vector<float> values = net.read(name, Slot::value);
    exact[name].assign(values.begin(), values.end());
  }
  return exact;
}

std::vector<double> differences(ExactParameters& w, const std::string& name) {
  std::vector<double> result;
  for (double& value : w.at(name)) {
    const double center = value;
    value = center + kStep;
    const double above = exact_loss(w, kStream);
    value = center - kStep;
    const double below = exact_loss(w, kStream);
    value = center;
    result.push_back((above - below) / (2 * kStep));
  }
  return result;
}

void prune(Net& net) {
  Random random(4);
  for (const char* name : {"block0.conv1.weight", "block1.conv1.weight", "block1.conv2.weight"}) {
    Parameter& parameter = *net.parameters.at(name);
    std::vector<uint8_t> mask(parameter.size());
    for (uint8_t& kept : mask) kept = random.uniform() < 0.3;
    parameter.set_mask(mask.data());
  }
}

void test_gradients(bool pruned) {
  std::map<std::string, std::vector<double>> exact;  // found once, the same for all backends
  double loss = 0;
  for_each_backend([&](const std::shared_ptr<Backend>& backend, int) {
    Net net(backend);
    if (pruned) prune(net);
    if (exact.empty()) {
      ExactParameters w = exact_parameters(net);
      loss = exact_loss(w, kStream);
      for (const std::string& name : net.order) exact[name] = differences(w, name);
    }
    const auto program = net.build({});
    const std::vector<int32_t> batch = net_batch();
    const StepResult result = program->run({.records = batch, .stream = kStream});
    CHECK_NEAR(result.loss, loss, 1e-6);
    for (const std::string& name : net.order) {
      const std::vector<float> got = net.read(name, Slot::gradient);
      const Parameter& parameter = *net.parameters.at(name);
      std::vector<uint8_t> mask(parameter.size());
      parameter.read_mask(mask.data());
      for (size_t i = 0; i < got.size(); ++i) {
        context = name + "[" + std::to_string(i) + "]";
        if (mask[i]) {
          CHECK_NEAR(got[i], exact[name][i], tolerance(exact[name]));
        } else {
          CHECK_EQ(got[i], 0.0f);
        }
      }
    }
  });
}

}  // namespace

int main() {
  test_gradients(false);
  test_gradients(true);
  return finish();
}
