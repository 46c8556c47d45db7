// The inference engine against the definition of the network in float64.

#include <cstring>

#include "check.h"
#include "inference/arena.h"
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
  InferenceNetwork engine(net.graph(), isa);
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
  const size_t row = size_t(net.conv_in_channels[size_t(conv)]) *
                     size_t(net.conv_kernels[size_t(conv)]);
  for (int c : channels) {
    std::fill_n(net.weights[size_t(conv)].begin() + ptrdiff_t(size_t(c) * row), row, 0.0f);
  }
}

void test_densities() {
  const ResNetShape shape{6, 16, 6, 2, 4};
  for (double density : {1.0, 0.7, 0.3, 0.05, 0.005}) {
    MadeNetwork net(shape, density, unsigned(density * 1000));
    check_network(net, "density " + std::to_string(density), {1, 7, 64, 511, 1000, 1024, 2049});
  }
}

void test_shapes() {
  const ResNetShape shapes[] = {
      {1, 1, 1, 1, 1}, {3, 5, 3, 2, 4}, {4, 2, 5, 1, 2}, {2, 16, 16, 4, 4}, {5, 9, 4, 3, 7},
      {2, 40, 3, 2, 3}, {9, 3, 2, 1, 5},
  };
  unsigned seed = 1;
  for (const ResNetShape& shape : shapes) {
    for (double density : {1.0, 0.2}) {
      MadeNetwork net(shape, density, ++seed);
      check_network(net, "shape " + std::to_string(seed), {1, 3, 200, 257, 1280, 2500});
    }
  }
}

/// Whole rows, columns and layers without survivors: what is constant, and what nothing reads.
void test_dead_parts() {
  const ResNetShape shape{4, 16, 6, 2, 3};
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
    InferenceNetwork engine(net.graph(), Isa::automatic);
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
  const ResNetShape shape{4, 3, 2, 2, 2};
  MadeNetwork net(shape, 1.0, 15);
  const int64_t all = InferenceNetwork(net.graph(), Isa::automatic).macs(64);
  // Nothing reads channel 1 of block 0's first convolution.
  for (int co = 0; co < 4; ++co) {
    for (int k = 0; k < 3; ++k) net.weights[2][size_t((co * 4 + 1) * 3 + k)] = 0;
  }
  const int64_t fewer = InferenceNetwork(net.graph(), Isa::automatic).macs(64);
  CHECK_EQ(all - fewer, int64_t(64 * (4 * 3 + 4 * 3)));
  check_network(net, "unread", {64, 65});
}

/// Buffers in use at the same time do not overlap, and none lies outside.
void test_buffers() {
  std::mt19937 random(19);
  for (int round = 0; round < 200; ++round) {
    std::vector<inference::Buffer> buffers(1 + random() % 12);
    for (inference::Buffer& each : buffers) {
      each.floats = random() % 1000;
      each.first = int(random() % 10);
      each.last = each.first + int(random() % 4);
    }
    const size_t floats = inference::place_buffers(buffers);
    size_t all = 0;
    for (const inference::Buffer& a : buffers) {
      all += a.floats + 96;
      CHECK(a.at % 16 == 0 && a.at + a.floats <= floats);
      for (const inference::Buffer& b : buffers) {
        const bool together = a.first <= b.last && b.first <= a.last;
        if (&a == &b || !together) continue;
        CHECK(a.at + a.floats <= b.at || b.at + b.floats <= a.at);
      }
    }
    CHECK(floats <= all + 64);
  }
  // Two that follow one another share a place.
  std::vector<inference::Buffer> buffers{{500, 0, 1}, {500, 2, 3}, {100, 1, 2}};
  inference::place_buffers(buffers);
  CHECK_EQ(buffers[0].at, buffers[1].at);
}

/// The same record gives the same bits, whatever was run before it.
void test_repeatable() {
  MadeNetwork net({4, 16, 6, 2, 3}, 0.2, 16);
  InferenceNetwork engine(net.graph(), Isa::automatic);
  const std::vector<float> samples = noise(1024), longer = noise(1536);
  std::vector<float> first(3 * 128), again(3 * 128), other(3 * 192);
  engine.run(samples, first);
  engine.run(longer, other);
  engine.run(samples, again);
  CHECK(std::memcmp(first.data(), again.data(), first.size() * sizeof(float)) == 0);
}

void test_misuse() {
  MadeNetwork net({4, 3, 2, 2, 2}, 1.0, 17);
  InferenceNetwork engine(net.graph(), Isa::automatic);
  std::vector<float> samples(64), logits(2 * 32);
  CHECK_THROWS(range, "logits must have 64 elements, got 63",
               engine.run(samples, std::span(logits).first(63)));
  CHECK_THROWS(range, "got 0", engine.run({}, logits));
  net.weights[1][5] = NAN;
  CHECK_THROWS(range, "conv2.weight must be finite, but element 5 is NaN",
               InferenceNetwork(net.graph(), Isa::automatic));
  net.weights[1].pop_back();
  CHECK_THROWS(range, "conv2.weight must have 48 elements, got 47",
               InferenceNetwork(net.graph(), Isa::automatic));
}

/// A network of which `spoil` changes one field is refused in a sentence.
void test_bad_graphs() {
  const auto refused = [](const char* message, void (*spoil)(Nodes& nodes)) {
    NodeList list;
    const int first = list.norm(list.conv(0, 3, 5));
    const int inner = list.norm(list.conv(first, 3, 5, 2));
    const int add = list.shortcut(first, 3, 2);
    list.conv(list.norm(list.conv(inner, 3, 3, 1, add)), 2, 1);
    MadeNetwork net(list.nodes, 1.0, 18);
    InferenceNetwork(net.graph(), Isa::automatic);
    spoil(net.nodes);
    CHECK_THROWS(range, message, InferenceNetwork({net.epsilon, net.nodes}, Isa::automatic));
  };
  refused("conv2.input must be a value from 0 to 2, got 3", [](Nodes& n) { n[2].input = 3; });
  refused("conv2.add must be a value from 0 to 2, got -2", [](Nodes& n) { n[2].add = -2; });
  refused("conv2.stride must be a power of two, got 3", [](Nodes& n) { n[2].stride = 3; });
  refused("conv2.kernel must be from 1 to 1024, got 0", [](Nodes& n) { n[2].kernel = 0; });
  refused("conv2.channels must be from 1 to 65536, got -1", [](Nodes& n) { n[2].channels = -1; });
  refused("shortcut4.channels must be at least the 3 that it reads, got 2",
          [](Nodes& n) { n[4].channels = 2; });
  refused("conv5 gives 3 channels, one position per 2 samples; what it adds has 3 and one per 4",
          [](Nodes& n) { n[4].stride = 4; });
  refused("Strides up to conv0 must multiply to at most 1048576",
          [](Nodes& n) { n[0].stride = 1 << 21; });
  refused("The last node must be a convolution", [](Nodes& n) { n.pop_back(); });
}

/// Networks that are no residual one, or one of another make. Every way of the engine to read, pool,
/// add and normalise a value is in one of them.
Nodes other_network(int which) {
  NodeList list;
  if (which == 0) {  // plain, strides of 4 and 2, no norm before the head
    int value = list.norm(list.conv(0, 6, 16, 4));
    value = list.norm(list.conv(value, 5, 7, 2));
    value = list.norm(list.conv(value, 8, 5, 4), false);
    list.conv(value, 3, 3);
  } else if (which == 1) {  // a norm without ReLU, read by two; sums from far away; kernel 1 inside
    const int stem = list.conv(0, 4, 9);
    const int active = list.norm(stem, false);
    const int first = list.conv(active, 4, 5);
    const int second = list.conv(active, 4, 1, 1, first);
    const int third = list.conv(list.norm(first), 4, 3, 1, stem);
    const int pooled = list.shortcut(second, 6, 4);
    const int strided = list.conv(list.norm(third), 6, 8, 4, pooled);
    const int again = list.conv(list.norm(strided), 6, 3, 1, list.shortcut(stem, 6, 4));
    list.conv(list.norm(again), 2, 2);
  } else if (which == 2) {  // convolutions read sums, poolings and the record; norms of anything
    const int record = list.norm(0);
    const int first = list.conv(0, 3, 4, 1, -1);
    const int sum = list.conv(record, 3, 4, 1, first);
    const int pooled = list.shortcut(sum, 5, 2);
    const int normed = list.norm(pooled);
    const int twice = list.norm(normed, false);
    const int third = list.conv(pooled, 5, 3, 1, twice);
    const int fourth = list.conv(third, 5, 3, 1, third);
    const int two = list.norm(fourth), other = list.norm(fourth, false);
    const int fifth = list.conv(two, 5, 6, 2, list.shortcut(other, 5, 2));
    list.conv(list.shortcut(fifth, 7, 8), 2, 3, 1);
  } else {  // views, a sum that is read after it could be replaced, a head that adds
    const int first = list.norm(list.conv(0, 3, 5, 2));
    const int sum = list.conv(first, 3, 5, 1, first);
    const int wide = list.shortcut(sum, 6, 1);
    const int next = list.conv(list.norm(wide), 6, 3, 1, wide);
    const int late = list.conv(list.norm(next), 6, 3, 1, list.shortcut(sum, 6, 1));
    const int more = list.conv(list.norm(late), 6, 3, 2, list.shortcut(next, 6, 2));
    const int last = list.conv(list.norm(more), 6, 3, 1, more);
    list.conv(list.norm(last), 4, 1, 1, list.shortcut(list.conv(more, 2, 1), 4, 1));
  }
  return list.nodes;
}

void test_other_networks() {
  for (int which = 0; which < 4; ++which) {
    const Nodes nodes = other_network(which);
    for (double density : {1.0, 0.4, 0.08}) {
      MadeNetwork net(nodes, density, unsigned(100 + which));
      const std::string name = "network " + std::to_string(which) + ", density " +
                               std::to_string(density);
      check_network(net, name, {1, 2, 31, 64, 255, 1000, 1024, 2051, 4099});
    }
    // Every layer without survivors once, then every other row.
    for (size_t conv = 0; conv < MadeNetwork(nodes, 1, 1).weights.size(); ++conv) {
      MadeNetwork net(nodes, 0.6, unsigned(200 + which));
      std::fill(net.weights[conv].begin(), net.weights[conv].end(), 0.0f);
      check_network(net, "network " + std::to_string(which) + " without layer " +
                             std::to_string(conv), {3, 515, 1024, 2051});
    }
    MadeNetwork net(nodes, 0.6, unsigned(300 + which));
    for (size_t conv = 0; conv < net.weights.size(); ++conv) {
      const size_t row = size_t(net.conv_in_channels[conv]) * size_t(net.conv_kernels[conv]);
      for (size_t at = conv % 2 * row; at < net.weights[conv].size(); at += 2 * row) {
        std::fill_n(net.weights[conv].begin() + ptrdiff_t(at), row, 0.0f);
      }
    }
    check_network(net, "network " + std::to_string(which) + ", every other row", {7, 777, 2051});
  }
}

}  // namespace
}  // namespace lth::test

int main() {
  lth::test::test_densities();
  lth::test::test_shapes();
  lth::test::test_dead_parts();
  lth::test::test_unread_channels();
  lth::test::test_buffers();
  lth::test::test_repeatable();
  lth::test::test_other_networks();
  lth::test::test_misuse();
  lth::test::test_bad_graphs();
  return lth::test::finish();
}
