#include <limits>

#include "tests/small_net.h"

using namespace lth;
using namespace lth::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using ParameterPointer = std::shared_ptr<Parameter>;
using BufferPointer = std::shared_ptr<Buffer>;

struct Fixture {
  std::shared_ptr<Backend> backend = make_cpu_backend({.threads = 1});
  std::shared_ptr<Backend> other = make_cpu_backend({.threads = 1});
  ProgramBuilder b{backend, 4, 20, 1};
  ParameterPointer weight = parameter({5, 3, 4});
  ParameterPointer bias = parameter({5});
  ParameterPointer gamma = parameter({3});
  ParameterPointer beta = parameter({3});
  BufferPointer mean = std::make_shared<Buffer>(*backend, 3);
  BufferPointer variance = std::make_shared<Buffer>(*backend, 3);
  Value x = b.input(3, 20);

  ParameterPointer parameter(std::vector<int> shape) const {
    return std::make_shared<Parameter>(*backend, std::move(shape));
  }
  ProgramBuilder::Norm norm() const {
    return {gamma, beta, mean, variance, 1e-3f, 0.1f, true, true, 0.2};
  }
  std::shared_ptr<ResidentDataset> dataset(int label) const {
    const std::vector<int16_t> samples(10);
    const std::vector<int64_t> offsets = {0};
    const std::vector<int32_t> lengths = {10}, labels = {label};
    return std::make_shared<ResidentDataset>(*backend, samples, offsets, lengths, labels);
  }
};

void test_builder() {
  const std::shared_ptr<Backend> backend = make_cpu_backend({.threads = 1});
  CHECK_THROWS(type, "needs a backend", ProgramBuilder(nullptr, 1, 1, 0));
  CHECK_THROWS(range, "got 0", ProgramBuilder(backend, 0, 1, 0));
  CHECK_THROWS(range, "got -5", ProgramBuilder(backend, -5, 1, 0));
  CHECK_THROWS(range, "length of a batch", ProgramBuilder(backend, 1, 0, 0));
  CHECK_THROWS(range, "got 2147483647", ProgramBuilder(backend, 1, 2147483647, 0));
  ProgramBuilder empty(backend, 1, 1, 0);
  CHECK_THROWS(state, "without any op", empty.build());
  ProgramBuilder big(backend, 1 << 20, 1 << 28, 0);
  const Value x = big.input(1 << 20, 1 << 28);
  big.shortcut(x, 1, 1 << 20);
  CHECK_THROWS(state, "bytes", big.build());
  // Kernels count the floats of sixteen records in 32 bits.
  ProgramBuilder wide(backend, 16, 1 << 20, 0);
  wide.shortcut(wide.input(1 << 7, 1 << 20), 1, 1 << 7);
  CHECK_THROWS(range, "sixteen records of it are 2147483648 numbers", wide.build());
  // Addressable, but more than there is.
  ProgramBuilder large(backend, 1 << 14, 1 << 19, 0);
  large.shortcut(large.input(1 << 7, 1 << 19), 1, 1 << 7);
  CHECK_THROWS(state, "its activations need 8796", large.build());
}

void test_values() {
  Fixture f;
  ProgramBuilder second(f.backend, 4, 20, 1);
  const Value foreign = second.input(3, 20);
  CHECK(foreign != f.x);
  CHECK_THROWS(type, "belongs to another", f.b.shortcut(foreign, 1, 3));
  CHECK_THROWS(range, "not negative", f.b.shortcut(-1, 1, 3));
  CHECK_THROWS(range, "does not exist", f.b.shortcut(f.x + 1, 1, 3));
  CHECK_THROWS(range, "channels of an input", f.b.input(0, 5));
  CHECK_THROWS(range, "length of an input", f.b.input(1, 0));
  CHECK_THROWS(range, "does not exist", f.b.output(f.x + 3));
}

void test_gather() {
  Fixture f;
  CHECK_THROWS(type, "got none", f.b.gather(nullptr, 0, 1, false));
  ProgramBuilder foreign(f.other, 1, 1, 0);
  CHECK_THROWS(type, "another backend", foreign.gather(f.dataset(0), 0, 1, false));
  for (float std : {0.0f, -1.0f, kInfinity, kNaN, 1e-45f}) {
    CHECK_THROWS(range, "std must be", f.b.gather(f.dataset(0), 0, std, false));
  }
  CHECK_THROWS(range, "mean must be finite", f.b.gather(f.dataset(0), kNaN, 1, false));
  const auto refuse = [&](const char* message, const Augmentation& augment) {
    CHECK_THROWS(range, message, f.b.gather(f.dataset(0), 0, 1, false, augment));
  };
  refuse("hop of an augmentation must be from 1", {.hop = 0});
  refuse("stretch of an augmentation must be two numbers, the first not above the second",
         {.stretch = {2, 1}});
  refuse("from 0.0625 to 16, got 0 to 1", {.stretch = {0, 1}});
  refuse("got NaN to 1", {.stretch = {kNaN, 1}});
  refuse("amplitude must be two numbers", {.log2_amplitude = {-17, 0}});
  refuse("amplitude of an augmentation's wander", {.wander_amplitude = {-1, 0}});
  refuse("frequency of an augmentation's wander", {.wander_frequency = {0, 0.6f}});
  refuse("noise of an augmentation", {.noise = {0, kInfinity}});
  refuse("probability of a burst", {.burst_probability = 1});
  refuse("length of a burst must be from 1 to 4096, got 5000", {.burst_length = 5000});
  refuse("masks of an augmentation must be from 0 to 8, got 9", {.masks = 9});
  refuse("length of a mask", {.mask_length = 0});
  refuse("mixup of an augmentation must be 0 or from 0.05 to 2, got 3", {.mixup = 3});
  const Value x = f.b.gather(f.dataset(3), 0, 1, false);
  CHECK_THROWS(state, "has a gather already", f.b.gather(f.dataset(0), 0, 1, false));
  CHECK_THROWS(range, "1 classes", f.b.cross_entropy(x));
}

void test_conv() {
  Fixture f;
  CHECK_THROWS(type, "weight must be a parameter", f.b.conv1d(f.x, nullptr, f.bias, 1, -1));
  CHECK_THROWS(type, "bias must be a parameter", f.b.conv1d(f.x, f.weight, nullptr, 1, -1));
  const auto foreign = std::make_shared<Parameter>(*f.other, std::vector<int>{5, 3, 4});
  CHECK_THROWS(type, "another backend", f.b.conv1d(f.x, foreign, f.bias, 1, -1));
  CHECK_THROWS(range, "got [3]", f.b.conv1d(f.x, f.gamma, f.bias, 1, -1));
  CHECK_THROWS(range, "[Cout, 3, K]", f.b.conv1d(f.x, f.parameter({5, 2, 4}), f.bias, 1, -1));
  CHECK_THROWS(range, "shape [5], got [3]", f.b.conv1d(f.x, f.weight, f.gamma, 1, -1));
  for (int stride : {0, -1, 3}) {
    CHECK_THROWS(range, "stride must be 1 or 2, got " + std::to_string(stride),
                 f.b.conv1d(f.x, f.weight, f.bias, stride, -1));
  }
  CHECK_THROWS(range, "[4, 5, 10], got [4, 3, 20]", f.b.conv1d(f.x, f.weight, f.bias, 2, f.x));
  const Value y = f.b.conv1d(f.x, f.weight, f.bias, 2, -1);
  CHECK_THROWS(range, "dy must have shape [4, 5, 10], got [4, 3, 20]", f.b.backward(y, f.x));
  f.b.backward(y, y);
  CHECK_THROWS(state, "already computed", f.b.backward(y, y));
}

void test_norm() {
  Fixture f;
  const auto refuse = [&f](ErrorKind kind, const char* part, auto change) {
    ProgramBuilder::Norm settings = f.norm();
    change(settings);
    static Site site{__FILE__, __LINE__};
    check_throws(site, kind, part, "norm", [&] { f.b.norm(f.x, settings); });
  };
  using Norm = ProgramBuilder::Norm;
  refuse(ErrorKind::type, "gamma must be a parameter", [](Norm& n) { n.gamma = nullptr; });
  refuse(ErrorKind::range, "beta must have shape [3]", [&f](Norm& n) { n.beta = f.bias; });
  refuse(ErrorKind::type, "running mean must be a buffer",
         [](Norm& n) { n.running_mean = nullptr; });
  refuse(ErrorKind::range, "3 elements, got 4", [&f](Norm& n) {
    n.running_variance = std::make_shared<Buffer>(*f.backend, 4);
  });
  refuse(ErrorKind::type, "another backend", [&f](Norm& n) {
    n.running_variance = std::make_shared<Buffer>(*f.other, 3);
  });
  refuse(ErrorKind::range, "two buffers", [](Norm& n) { n.running_variance = n.running_mean; });
  refuse(ErrorKind::range, "epsilon", [](Norm& n) { n.epsilon = 0; });
  refuse(ErrorKind::range, "momentum", [](Norm& n) { n.momentum = 1.5f; });
  for (double rate : {-0.1, 1.0, double(kNaN)}) {
    refuse(ErrorKind::range, "dropout must be", [rate](Norm& n) { n.dropout = rate; });
  }
  ProgramBuilder::Norm evaluation = f.norm();
  evaluation.training = false;
  const Value fixed = f.b.norm(f.x, evaluation);
  CHECK_THROWS(state, "training on", f.b.backward(fixed, f.x));
  const Value y = f.b.norm(f.x, f.norm());
  const Value wide = f.b.shortcut(f.x, 1, 4);
  CHECK_THROWS(range, "dy must have shape", f.b.backward(y, wide));
  f.b.backward(y, f.x);
  CHECK_THROWS(state, "already computed", f.b.backward(y, f.x));
  CHECK_THROWS(range, "stride must be", f.b.shortcut(f.x, 3, 3));
  CHECK_THROWS(range, "cannot drop channels", f.b.shortcut(f.x, 1, 2));
}

void test_optimizer() {
  Fixture f;
  const Value y = f.b.conv1d(f.x, f.weight, f.bias, 1, -1);
  f.b.cross_entropy(y);
  CHECK_THROWS(state, "one loss", f.b.cross_entropy(y));
  f.b.backward(y, y);
  const OptimizerSettings good;
  CHECK_THROWS(range, "at least one", f.b.optimizer({}, good));
  CHECK_THROWS(type, "Parameter 1 of the optimizer", f.b.optimizer({f.weight, nullptr}, good));
  CHECK_THROWS(range, "listed twice", f.b.optimizer({f.weight, f.weight}, good));
  CHECK_THROWS(state, "has no gradient", f.b.optimizer({f.weight, f.gamma}, good));
  const auto refuse = [&f](const char* part, OptimizerSettings settings) {
    static Site site{__FILE__, __LINE__};
    check_throws(site, ErrorKind::range, part, "optimizer",
                 [&] { f.b.optimizer({f.weight}, settings); });
  };
  refuse("beta1", {.beta1 = 1});
  refuse("momentum", {.kind = OptimizerKind::sgd, .beta1 = -1});
  refuse("beta2", {.beta2 = kNaN});
  refuse("epsilon", {.epsilon = 0});
  refuse("weight decay", {.weight_decay = -1});
  refuse("clip norm", {.clip_norm = kInfinity});
  f.b.optimizer({f.weight}, good);
  CHECK_THROWS(state, "one optimizer", f.b.optimizer({f.weight}, good));
  CHECK_THROWS(state, "after the optimizer", f.b.backward(y, y));
  const auto program = f.b.build();
  CHECK_THROWS(state, "has been built", f.b.input(1, 1));
  CHECK_THROWS(state, "has been built", f.b.label("x"));
  CHECK_THROWS(state, "has been built", f.b.build());
  program->write_value(f.x, std::vector<float>(240, 0.0f), {}, {});
  CHECK_THROWS(range, "learning rate", program->run({.learning_rate = kNaN}));
  CHECK_THROWS(range, "learning rate", program->run({.learning_rate = -1}));
  CHECK_THROWS(range, "first step is 1, got 0", program->run({.optimizer_step = 0}));
}

void test_program() {
  Fixture f;
  const Value x = f.b.gather(f.dataset(1), 0, 1, false);
  const Value y = f.b.shortcut(x, 1, 2);
  f.b.cross_entropy(y);
  const auto program = f.b.build();
  const std::vector<float> host(240);
  std::vector<float> out(240);
  CHECK_THROWS(range, "not an input", program->write_value(y, host, {}, {}));
  CHECK_THROWS(range, "takes 240 numbers, got 3",
               program->write_value(f.x, std::span(host).first(3), {}, {}));
  CHECK_THROWS(range, "as many lengths, got 2",
               program->write_value(f.x, host, std::vector<int32_t>{1, 2}, {}));
  CHECK_THROWS(range, "record 3 must be from 0 to 20, got 21",
               program->write_value(f.x, host, std::vector<int32_t>{0, 1, 2, 21}, {}));
  CHECK_THROWS(range, "record 0 must be from 0 to 20, got -1",
               program->write_value(f.x, host, std::vector<int32_t>{-1, 1, 2, 3}, {}));
  CHECK_THROWS(range, "as many labels",
               program->write_value(f.x, host, {}, std::vector<int32_t>{1}));
  CHECK_THROWS(range, "from 0 to 1, got 2",
               program->write_value(f.x, host, {}, std::vector<int32_t>{0, 1, 1, 2}));
  program->write_value(f.x, host, {}, {});
  CHECK_THROWS(range, "mark it as an output", program->read_value(y, out));
  CHECK_THROWS(range, "got room for 1", program->read_value(f.x, std::span(out).first(1)));
  CHECK_THROWS(range, "4 records a step, got 0", program->run({}));
  CHECK_THROWS(range, "Record 1 in slot 2",
               program->run({.records = std::vector<int32_t>{0, -1, 1, 0}}));
  CHECK_THROWS(range, "Record -2 in slot 0",
               program->run({.records = std::vector<int32_t>{-2, 0, 0, 0}}));
  program->run({.records = std::vector<int32_t>{0, -1, 0, 0}});
}

}  // namespace

int main() {
  test_builder();
  test_values();
  test_gather();
  test_conv();
  test_norm();
  test_optimizer();
  test_program();
  return finish();
}
