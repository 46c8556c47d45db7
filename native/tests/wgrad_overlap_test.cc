#include "tests/small_net.h"

/// A weight gradient that runs beside the ops after it still sees its own operands.

using namespace lth;
using namespace lth::test;

namespace {

/// The weight gradient of a convolution whose operands nobody reads after it, while other values are
/// written that would fit in their place.
std::vector<float> weight_gradient(const std::shared_ptr<Backend>& backend) {
  const auto parameter = [&](std::vector<int> shape) {
    return std::make_shared<Parameter>(*backend, std::move(shape));
  };
  const auto weight = parameter({2, 2, 3}), later = parameter({2, 2, 3});
  ProgramBuilder b(backend, 3, 10, 0);
  const Value x = b.input(2, 10), g = b.input(2, 10);
  const Value a = b.shortcut(x, 1, 2), d = b.shortcut(g, 1, 2);
  const Value y = b.conv1d(a, weight, parameter({2}), 1, -1);
  const Value z = b.conv1d(g, later, parameter({2}), 1, -1);
  b.backward(y, d);
  // Their places are free now, unless the gradient is still to be computed.
  const Value first = b.shortcut(x, 1, 2), second = b.shortcut(first, 1, 2);
  b.output(second);
  b.backward(z, g);
  const auto program = b.build();
  std::vector<float> values(60), gradients(60), result(weight->size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = float(i % 7) - 3;
    gradients[i] = float(i % 5) - 2;
  }
  for (int run = 0; run < 3; ++run) {  // op by op, captured, replayed
    program->write_value(x, values, {}, {});
    program->write_value(g, gradients, {}, {});
    program->run({});
  }
  weight->read(Slot::gradient, result.data());
  return result;
}

}  // namespace

int main() {
  const std::vector<float> want = weight_gradient(make_cpu_backend({.threads = 1}));
  CHECK(std::any_of(want.begin(), want.end(), [](float v) { return v != 0; }));
  for_each_kind([&](const std::shared_ptr<Backend>& backend) {
    CHECK(weight_gradient(backend) == want);  // whole numbers: exact in any order
  });
  return finish();
}
