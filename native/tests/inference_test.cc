// The inference engine against the definition of the network in float64.

#include <cstring>

#include "check.h"
#include "lth/isa.h"
#include "network_reference.h"

namespace lth::test {
namespace {

std::vector<float> noise(int length) {
  std::mt19937 random(unsigned(length) + 1);
  std::normal_distribution<float> normal;
  std::vector<float> samples(size_t(length), 0.0f);
  for (float& x : samples) x = normal(random);
  return samples;
}

/// Largest difference over the largest logit.
double error_of(MadeNetwork& net, Isa isa, int length) {
  const std::vector<float> samples = noise(length);
  const Rows expected = reference_network(net, samples);
  InferenceNetwork engine(net.tensors(), isa);
  const size_t steps = expected[0].size();
  CHECK_EQ(size_t(engine.steps(length)), steps);
  std::vector<float> logits(expected.size() * steps, NAN);
  double worst = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time over used memory
    engine.run(samples, logits);
    double largest = 1e-30;
    for (const auto& row : expected) {
      for (double v : row) largest = std::max(largest, std::abs(v));
    }
    for (size_t c = 0; c < expected.size(); ++c) {
      for (size_t p = 0; p < steps; ++p) {
        const double error = std::abs(double(logits[c * steps + p]) - expected[c][p]) / largest;
        worst = error <= worst ? worst : error;  // NaN stays
        if (std::isnan(error)) worst = NAN;
      }
    }
  }
  return worst;
}

std::vector<Isa> sets_of_this_machine() {
  std::vector<Isa> sets{Isa::portable};
  for (Isa isa : {Isa::avx2, Isa::avx512}) {
    try {
      resolve_isa(isa);
      sets.push_back(isa);
    } catch (const Error&) {
    }
  }
  return sets;
}

constexpr double kTolerance = 1e-5;

void check_network(MadeNetwork& net, const std::string& name, std::initializer_list<int> lengths) {
  for (Isa isa : sets_of_this_machine()) {
    for (int length : lengths) {
      if (!chosen()) continue;
      context = name + ", " + isa_name(isa) + ", length " + std::to_string(length);
      const double error = error_of(net, isa, length);
      LTH_REPORT(error < kTolerance, "relative error " + std::to_string(error * 1e6) + "e-6");
    }
  }
  context.clear();
}

void zero_rows(MadeNetwork& net, int conv, std::initializer_list<int> channels) {
  const size_t row = size_t(net.in_channels(conv)) * net.kernel(conv);
  for (int c : channels) {
    std::fill_n(net.weights[size_t(conv)].begin() + ptrdiff_t(size_t(c) * row), row, 0.0f);
  }
}

void test_densities() {
  const NetworkShape shape{6, 16, 6, 2, 4};
  for (double density : {1.0, 0.7, 0.3, 0.05, 0.005}) {
    MadeNetwork net(shape, density, unsigned(density * 1000));
    check_network(net, "density " + std::to_string(density), {1, 7, 64, 511, 1000, 1024, 2049});
  }
}

void test_shapes() {
  const NetworkShape shapes[] = {
      {1, 1, 1, 1, 1}, {3, 5, 3, 2, 4}, {4, 2, 5, 1, 2}, {2, 16, 16, 4, 4}, {5, 9, 4, 3, 7},
      {2, 40, 3, 2, 3}, {9, 3, 2, 1, 5},
  };
  unsigned seed = 1;
  for (const NetworkShape& shape : shapes) {
    for (double density : {1.0, 0.2}) {
      MadeNetwork net(shape, density, ++seed);
      check_network(net, "shape " + std::to_string(seed), {1, 3, 200, 257, 1280, 2500});
    }
  }
}

/// Whole rows, columns and layers without survivors: what is constant, and what nothing reads.
void test_dead_parts() {
  const NetworkShape shape{4, 16, 6, 2, 3};
  {
    MadeNetwork net(shape, 0.4, 11);
    for (int conv = 0; conv < shape.convolutions(); ++conv) {
      zero_rows(net, conv, {0, conv % 3 == 0 ? 1 : 2});
    }
    check_network(net, "dead rows", {1, 333, 640, 1024});
  }
  for (int conv = 0; conv < shape.convolutions(); ++conv) {
    MadeNetwork net(shape, 0.4, 12);
    std::fill(net.weights[size_t(conv)].begin(), net.weights[size_t(conv)].end(), 0.0f);
    check_network(net, "layer " + std::to_string(conv) + " empty", {100, 1024});
    // One survivor, at the kernel's end.
    net.weights[size_t(conv)].back() = 0.7f;
    check_network(net, "layer " + std::to_string(conv) + " with one survivor", {100, 1024});
  }
  {
    MadeNetwork net(shape, 0.0, 13);
    check_network(net, "no survivors at all", {1, 100, 1024});
    InferenceNetwork engine(net.tensors(), Isa::automatic);
    CHECK_EQ(engine.macs(1024), int64_t(0));
  }
  {
    // Dead first convolutions whose constant is far from 0: edges differ from the middle.
    MadeNetwork net(shape, 1.0, 14);
    for (int conv = 1; conv < shape.convolutions() - 1; conv += 2) {
      zero_rows(net, conv, {0, 1, 2, 3});
      for (float& beta : net.betas[size_t(conv)]) beta = 2.0f;
    }
    check_network(net, "constants", {37, 1000, 1024});
  }
}

/// What nothing reads is not computed.
void test_unread_channels() {
  const NetworkShape shape{4, 3, 2, 2, 2};
  MadeNetwork net(shape, 1.0, 15);
  const int64_t all = InferenceNetwork(net.tensors(), Isa::automatic).macs(64);
  // Nothing reads channel 1 of block 0's first convolution.
  for (int co = 0; co < 4; ++co) {
    for (int k = 0; k < 3; ++k) net.weights[2][size_t((co * 4 + 1) * 3 + k)] = 0;
  }
  const int64_t fewer = InferenceNetwork(net.tensors(), Isa::automatic).macs(64);
  CHECK_EQ(all - fewer, int64_t(64 * (4 * 3 + 4 * 3)));
  check_network(net, "unread", {64, 65});
}

/// The same record gives the same bits, whatever was run before it.
void test_repeatable() {
  MadeNetwork net({4, 16, 6, 2, 3}, 0.2, 16);
  InferenceNetwork engine(net.tensors(), Isa::automatic);
  const std::vector<float> samples = noise(1024), longer = noise(1536);
  std::vector<float> first(3 * 128), again(3 * 128), other(3 * 192);
  engine.run(samples, first);
  engine.run(longer, other);
  engine.run(samples, again);
  CHECK(std::memcmp(first.data(), again.data(), first.size() * sizeof(float)) == 0);
}

void test_misuse() {
  MadeNetwork net({4, 3, 2, 2, 2}, 1.0, 17);
  InferenceNetwork engine(net.tensors(), Isa::automatic);
  std::vector<float> samples(64), logits(2 * 32);
  CHECK_THROWS(range, "logits must have 64 elements, got 63",
               engine.run(samples, std::span(logits).first(63)));
  CHECK_THROWS(range, "got 0", engine.run({}, logits));
  net.weights[1][5] = NAN;
  CHECK_THROWS(range, "convolutions[1].weight must be finite, but element 5 is nan",
               InferenceNetwork(net.tensors(), Isa::automatic));
  net.weights[1].pop_back();
  CHECK_THROWS(range, "convolutions[1].weight must have 48 elements, got 47",
               InferenceNetwork(net.tensors(), Isa::automatic));
  net.shape.blocks = 3;
  CHECK_THROWS(range, "A network of 3 blocks has 8 convolutions and 7 norms, got 6 and 5",
               InferenceNetwork(net.tensors(), Isa::automatic));
}

}  // namespace
}  // namespace lth::test

int main() {
  lth::test::test_densities();
  lth::test::test_shapes();
  lth::test::test_dead_parts();
  lth::test::test_unread_channels();
  lth::test::test_repeatable();
  lth::test::test_misuse();
  return lth::test::finish();
}
