#include <array>
#include <cmath>
#include <limits>

#include "cuda/port.h"
#include "lth/program.h"
#include "tests/small_net.h"

/// The CUDA backend's bf16 beside its fp32, which the other tests compare with float64. Activations
/// lie in memory in half the bytes, and that is all that differs outside of convolutions: of inputs
/// that both can keep, every op makes in bf16 its result of fp32 rounded to nearest even, and the
/// same bits of whatever is no activation. So an op is as near to float64 as in fp32, and one
/// rounding. Only a norm's sums are of the same values in another order.

using namespace lth;
using namespace lth::test;

namespace {

std::vector<float> rounded(std::vector<float> values) {
  for (float& v : values) v = std::bit_cast<float>(cuda::to_bf16(v) << 16);
  return values;
}

/// An op's results: of activations what they keep, of all else the bits.
struct Results {
  std::vector<std::vector<float>> activations;
  std::vector<std::vector<float>> numbers;
};

/// Compares what body(backend) returns of both precisions.
template <class Body>
void compare(const std::string& what, const Body& body) {
  context = what;
  const auto fp32 = make_cuda_backend({0, Precision::fp32});
  const auto bf16 = make_cuda_backend({0, Precision::bf16});
  const Results want = body(*fp32), got = body(*bf16);
  CHECK(got.activations.size() == want.activations.size());
  CHECK(got.numbers.size() == want.numbers.size());
  for (size_t i = 0; i < got.activations.size(); ++i) {
    CHECK(same_bits(got.activations[i], rounded(want.activations[i])));
  }
  for (size_t i = 0; i < got.numbers.size(); ++i) {
    CHECK(same_bits(got.numbers[i], want.numbers[i]));
  }
  context.clear();
}

constexpr int kRecords = 37, kChannels = 3, kLength = 300;  // more than a chunk of a row
const ActivationShape kShape{kRecords, kChannels, kLength, 3};

std::vector<float> numbers(Random& random, const ActivationShape& shape) {
  return rounded(
      random.floats(size_t(shape.records) * size_t(shape.channels) * size_t(shape.length), -1, 2));
}

/// What storing does: nearest even, NaN and infinities as they are.
void test_storing() {
  const float infinity = std::numeric_limits<float>::infinity();
  const auto of = [](uint32_t bits) { return std::bit_cast<float>(bits); };
  const std::vector<std::array<float, 2>> cases = {
      {1.0f, 1.0f},
      {of(0x3f808000), of(0x3f800000)},  // a tie, to even below
      {of(0x3f818000), of(0x3f820000)},  // and above
      {of(0x3f808001), of(0x3f810000)},
      {of(0xbf807fff), of(0xbf800000)},
      {of(0x7f7fffff), infinity},
      {-infinity, -infinity},
      {of(0x00000001), 0.0f},
      {of(0x00018000), of(0x00020000)},  // subnormal
      {-0.0f, -0.0f}};
  const auto backend = make_cuda_backend({0, Precision::bf16});
  const int count = int(cases.size());
  DeviceActivation x(*backend, {1, 1, count + 1, 0}, {count + 1});
  std::vector<float> host, want, loaded(cases.size() + 1);
  for (const auto& [value, kept] : cases) {
    host.push_back(value);
    want.push_back(kept);
  }
  host.push_back(std::numeric_limits<float>::quiet_NaN());
  x.write(host);
  const std::vector<float> got = x.read();
  backend->load_activation(x.get(), loaded.data());
  CHECK(same_bits(got, loaded));
  CHECK(std::isnan(got.back()));
  CHECK(same_bits({got.begin(), got.end() - 1}, want));
}

void test_gather() {
  compare("gather", [](Backend& backend) {
    const NetData data;
    const ResidentDataset dataset(backend, data.samples, data.offsets, data.lengths, data.labels);
    std::vector<int32_t> indices(kRecords, -1);
    for (int n = 0; n < kRecords; ++n) indices[size_t(n)] = n % 9 == 4 ? -1 : n * 7 % 25;
    const Device<int32_t> device_indices(backend, indices);
    Device<int32_t> labels(backend, 48);
    DeviceActivation x(backend, {kRecords, 1, kLength, 5}, std::vector<int32_t>(kRecords, -1));
    backend.gather({&dataset.view(), device_indices.get(), 3, 1 / 41.0f, true, 9, 2, x.get(),
                    const_cast<int32_t*>(x->lengths), labels.get()});
    x.fetch_lengths();
    return Results{{x.read()}, {}};
  });
}

/// With its statistics given, as a map. bf16 sums them in another order: they are compared below.
void test_norm(bool training, bool relu, double rate) {
  compare("norm, training " + std::to_string(training) + ", relu " + std::to_string(relu) +
              ", rate " + std::to_string(rate),
          [&](Backend& backend) {
            Random random(4);
            const std::vector<int32_t> lengths = ragged(kRecords, kLength, random);
            DeviceActivation x(backend, kShape, lengths), y(backend, kShape, lengths),
                add(backend, kShape, lengths), dy(backend, kShape, lengths),
                dx(backend, kShape, lengths);
            x.write(numbers(random, kShape));
            add.write(numbers(random, kShape));
            dy.write(numbers(random, kShape));
            Device<float> map(backend, random.floats(4 * kChannels, -1, 1));
            NormForward forward{};
            forward.x = x.get();
            forward.y = y.get();
            forward.training = training;
            forward.relu = relu;
            forward.dropout = {rate, 7, 1, 2};
            forward.map = map.get();
            forward.measured = true;
            backend.norm_forward(forward);
            const std::vector<float> results = y.read();
            // The result of fp32 is one that bf16 cannot keep: both take the same.
            y.write(rounded(results));
            NormBackward backward{};
            backward.x = x.get();
            backward.y = y.get();
            backward.dy = dy.get();
            backward.add = &add.get();
            backward.dx = dx.get();
            backward.relu = relu;
            backward.dropout_rate = rate;
            backward.map = map.get();
            backward.measured = true;
            backend.norm_backward(backward);
            const std::vector<float> gradient = dx.read();
            backward.add = nullptr;
            backward.dx = dy.get();  // in place
            backend.norm_backward(backward);
            return Results{{results, gradient, dy.read()}, {}};
          });
}

/// Sums over the same values: as near to those of fp32 as float sums in two orders are.
void test_norm_sums(bool relu, double rate) {
  context = "sums of a norm, relu " + std::to_string(relu) + ", rate " + std::to_string(rate);
  std::vector<float> got[2];
  for (const int i : {0, 1}) {
    const auto backend = make_cuda_backend({0, i == 0 ? Precision::fp32 : Precision::bf16});
    Random random(8);
    const std::vector<int32_t> lengths = ragged(kRecords, kLength, random);
    DeviceActivation x(*backend, kShape, lengths), y(*backend, kShape, lengths),
        dy(*backend, kShape, lengths), dx(*backend, kShape, lengths);
    x.write(numbers(random, kShape));
    dy.write(numbers(random, kShape));
    const Device<float> gamma(*backend, random.floats(kChannels, 0.5, 2)),
        beta(*backend, random.floats(kChannels, -1, 1));
    Device<float> mean(*backend, random.floats(kChannels, -1, 1)),
        variance(*backend, random.floats(kChannels, 0.5, 2)), saved_mean(*backend, kChannels),
        saved_inv_std(*backend, kChannels), dgamma(*backend, kChannels), dbeta(*backend, kChannels);
    backend->norm_forward({x.get(), y.get(), gamma.get(), beta.get(), mean.get(), variance.get(),
                           saved_mean.get(), saved_inv_std.get(), 1e-3f, 0.1f, true, relu,
                           Dropout{rate, 7, 1, 2}});
    backend->norm_backward({x.get(), y.get(), dy.get(), nullptr, dx.get(), gamma.get(), beta.get(),
                            saved_mean.get(), saved_inv_std.get(), dgamma.get(), dbeta.get(), relu,
                            rate});
    for (const Device<float>* array :
         {&mean, &variance, &saved_mean, &saved_inv_std, &dgamma, &dbeta}) {
      for (float value : array->values()) got[i].push_back(value);
    }
  }
  // dgamma and dbeta have terms of at most 2 / (1 - rate) each.
  const double terms = kRecords * kLength * 2 / (1 - rate);
  for (size_t i = 0; i < got[0].size(); ++i) {
    const bool statistic = i < 4 * kChannels;
    CHECK_NEAR(got[1][i], got[0][i], kTolerance * (statistic ? 2 : 2 * terms));
  }
  context.clear();
}

void test_shortcut(int stride) {
  compare("shortcut, stride " + std::to_string(stride), [=](Backend& backend) {
    Random random(5);
    const std::vector<int32_t> lengths = ragged(kRecords, kLength, random);
    std::vector<int32_t> out_lengths;
    for (int32_t length : lengths) out_lengths.push_back(same_output_length(length, stride));
    const ActivationShape out{kRecords, kChannels + 2, same_output_length(kLength, stride), 1};
    DeviceActivation x(backend, kShape, lengths), dx(backend, kShape, lengths),
        y(backend, out, out_lengths), dy(backend, out, out_lengths);
    x.write(numbers(random, kShape));
    dy.write(numbers(random, out));
    backend.shortcut_forward({x.get(), y.get(), stride});
    backend.shortcut_backward({x.get(), dy.get(), nullptr, dx.get(), stride});
    return Results{{y.read(), dx.read()}, {}};
  });
}

void test_cross_entropy() {
  compare("cross_entropy", [](Backend& backend) {
    Random random(6);
    const std::vector<int32_t> lengths = ragged(kRecords, kLength, random);
    DeviceActivation logits(backend, kShape, lengths), dlogits(backend, kShape, lengths);
    logits.write(numbers(random, kShape));
    std::vector<int32_t> host_labels(48);
    for (int32_t& label : host_labels) label = random.integer(0, kChannels - 1);
    const Device<int32_t> labels(backend, host_labels);
    Device<double> result(backend, 3);
    backend.cross_entropy({logits.get(), labels.get(), dlogits.get(), result.get()});
    std::vector<float> bits(6);
    std::memcpy(bits.data(), result.values().data(), 3 * sizeof(double));
    return Results{{dlogits.read()}, {bits}};
  });
}

/// A training program takes half of the memory, and its profile counts half of the bytes.
void test_memory() {
  const OptimizerSettings adam{.kind = OptimizerKind::adam, .clip_norm = 1.0f};
  size_t arena[2];
  std::vector<OpProfile> profile[2];
  for (int i : {0, 1}) {
    const std::shared_ptr<Backend> backend =
        make_cuda_backend({0, i == 0 ? Precision::fp32 : Precision::bf16});
    for (const ActivationShape& shape :
         {ActivationShape{1, 1, 1, 0}, ActivationShape{17, 3, 10, 4}, kShape}) {
      CHECK_EQ(backend->activation_bytes(shape),
               (Activation{shape, nullptr, nullptr}.elements() * (i == 0 ? 4 : 2)));
    }
    Net net(backend);
    const auto program = net.build({.optimizer = &adam});
    arena[i] = program->arena_bytes();
    profile[i] = program->profile();
  }
  std::printf("a small program's arena: %zu bytes of float, %zu of bf16\n", arena[0], arena[1]);
  CHECK_EQ(arena[0], 2 * arena[1]);
  CHECK_EQ(profile[0].size(), profile[1].size());
  int halved = 0;
  for (size_t i = 0; i < profile[0].size(); ++i) {
    const std::string& op = profile[0][i].op;
    const double fp32 = profile[0][i].bytes, bf16 = profile[1][i].bytes;
    if (op.starts_with("norm") || op.starts_with("shortcut") || op == "cross_entropy") {
      CHECK_EQ(fp32, 2 * bf16);
      ++halved;
    } else if (op.starts_with("conv1d")) {
      CHECK(bf16 < fp32 && bf16 > fp32 / 2);  // weights stay float
    } else if (op == "gradient_norm" || op == "optimizer_step") {
      CHECK_EQ(fp32, bf16);
    }
  }
  CHECK(halved > 0);
}

}  // namespace

int main() {
  if (cuda_families().empty()) {
    CHECK(true && "nothing to compare: there is no CUDA here");
    return finish();
  }
  test_storing();
  test_gather();
  for (const bool relu : {false, true}) {
    for (const double rate : {0.0, 0.3}) {
      test_norm(true, relu, rate);
      test_norm(false, relu, rate);
      test_norm_sums(relu, rate);
    }
  }
  test_shortcut(1);
  test_shortcut(2);
  test_cross_entropy();
  test_memory();
  return finish();
}
