#include "bench/random_pattern.h"
#include "lth/isa.h"
#include "tests/fixtures.h"

/// Convolutions of every CPU kernel that read through a norm have the bits of those that read its
/// result. Rows are long enough for several windows and for all ways to end.

using namespace lth;
using namespace lth::test;

namespace {

struct Case {
  int in, out, kernel, stride, length;
  double density;  ///< 1: no pattern
  bool training, relu;
};

const Case kCases[] = {
    {32, 24, 16, 1, 700, 1, true, true},    {32, 24, 16, 1, 700, 0.6, true, true},
    {32, 24, 16, 1, 700, 0.1, true, true},  {32, 24, 16, 1, 700, 0.01, true, false},
    {32, 8, 16, 2, 431, 1, true, true},     {32, 8, 16, 2, 431, 0.1, false, true},
    {80, 20, 5, 1, 130, 0.3, false, false}, {3, 5, 4, 2, 31, 0.5, true, true},
    {5, 3, 1, 1, 90, 1, false, true},       {1, 2, 7, 1, 9, 1, true, true},
    {2, 2, 16, 1, 3, 0.2, true, true},      {4, 3, 16, 1, 5000, 0.1, true, true},
};

void test_case(Backend& backend, const Case& k) {
  Random random(uint32_t(k.in * 131 + k.length));
  constexpr int kRecords = 33;
  const std::vector<int32_t> lengths = ragged(kRecords, k.length, random);
  std::vector<int32_t> out_lengths;
  for (int32_t length : lengths) out_lengths.push_back(same_output_length(length, k.stride));
  const Conv1dDesc desc{k.in, k.out, k.kernel, k.stride,
                        same_pad_left(k.length, k.kernel, k.stride)};
  const int out_length = same_output_length(k.length, k.stride), halo = conv_halo(desc);
  const ActivationShape in{kRecords, k.in, k.length, halo}, out{kRecords, k.out, out_length, halo};

  DeviceActivation x(backend, in, lengths), normalized(backend, in, lengths);
  x.write(random.floats(size_t(kRecords) * size_t(k.in) * size_t(k.length), -1, 3));
  DeviceActivation dy(backend, out, out_lengths), add(backend, out, out_lengths);
  const size_t results = size_t(kRecords) * size_t(k.out) * size_t(out_length);
  dy.write(random.floats(results, -1, 1));
  add.write(random.floats(results, -1, 1));
  const size_t channels = size_t(k.in);
  const Device<float> gamma(backend, random.floats(channels, -2, 2));
  const Device<float> beta(backend, random.floats(channels, -1, 1));
  const std::vector<float> old_mean = random.floats(channels, -1, 1);
  const std::vector<float> old_variance = random.floats(channels, 0.5, 2);
  Device<float> mean(backend, old_mean), variance(backend, old_variance);
  Device<float> saved_mean(backend, channels), saved_inv_std(backend, channels);
  NormForward norm{x.get(), normalized.get(), gamma.get(), beta.get(), mean.get(), variance.get(),
                   saved_mean.get(), saved_inv_std.get(), 1e-3f, 0.1f, k.training, k.relu, {}};

  const SparsePattern pattern = bench::random_pattern(k.out, k.in * k.kernel, k.density);
  const std::vector<float> drawn = random.floats(size_t(desc.weight_count()), -1, 1);
  std::vector<float> kept(drawn.size());
  for (int r = 0; r < pattern.rows; ++r) {
    for (int e = pattern.row_begin[size_t(r)]; e < pattern.row_begin[size_t(r) + 1]; ++e) {
      const size_t at = size_t(r) * size_t(pattern.columns) + size_t(pattern.column[size_t(e)]);
      kept[at] = drawn[at];
    }
  }
  const Device<float> weight(backend, kept);
  const Device<float> bias(backend, random.floats(size_t(k.out), -1, 1));
  const auto plan = backend.plan_conv1d(desc, k.density == 1 ? nullptr : &pattern);

  SameBits same;
  const auto convolve = [&](const Activation& input, const NormForward* folded) {
    DeviceActivation y(backend, out, out_lengths);
    Device<float> dweight(backend, kept.size()), dbias(backend, size_t(k.out));
    backend.conv1d_forward({.plan = plan.get(),
                            .weight = weight.get(),
                            .bias = bias.get(),
                            .x = input,
                            .add = &add.get(),
                            .y = y.get(),
                            .folded = folded});
    backend.conv1d_wgrad({.plan = plan.get(),
                          .x = input,
                          .dy = dy.get(),
                          .dweight = dweight.get(),
                          .dbias = dbias.get(),
                          .folded = folded});
    same.check("y", y.read());
    same.check("dweight", dweight.values());
    same.check("dbias", dbias.values());
  };
  backend.norm_forward(norm);
  convolve(normalized.get(), nullptr);

  // Folded, the norm has the same statistics and leaves its result alone.
  DeviceActivation untouched(backend, in, lengths);
  const std::vector<float> marked(size_t(kRecords) * channels * size_t(k.length), 7);
  untouched.write(marked);
  const std::vector<float> before = untouched.read();
  Device<float> running_mean(backend, old_mean), running_variance(backend, old_variance);
  Device<float> mean_again(backend, channels), inv_std_again(backend, channels);
  NormForward folded = norm;
  folded.y = untouched.get();
  folded.running_mean = running_mean.get();
  folded.running_variance = running_variance.get();
  folded.saved_mean = mean_again.get();
  folded.saved_inv_std = inv_std_again.get();
  folded.folded = true;
  backend.norm_forward(folded);
  CHECK(same_bits(untouched.read(), before));
  CHECK(same_bits(running_mean.values(), mean.values()));
  CHECK(same_bits(running_variance.values(), variance.values()));
  CHECK_EQ(same_bits(running_mean.values(), old_mean), !k.training);
  if (k.training) {
    CHECK(same_bits(mean_again.values(), saved_mean.values()));
    CHECK(same_bits(inv_std_again.values(), saved_inv_std.values()));
  }
  // Several times, so that near the break-even density both the sparse and the dense kernel run.
  for (int run = 0; run < 3; ++run) convolve(x.get(), &folded);
}

void test_backend(const CpuOptions& options) {
  context = std::string(isa_text(options.isa)) +
            (options.precision == Precision::bf16 ? ", bf16" : "");
  const auto backend = make_cpu_backend(options);
  for (const Case& k : kCases) test_case(*backend, k);
  context.clear();
}

}  // namespace

int main() {
  for (Isa isa : machine_isas()) {
    for (Precision precision : {Precision::fp32, Precision::bf16}) {
      if (!precision_refusal(isa, precision).empty()) continue;
      for (int threads : {1, 3}) {
        test_backend({.threads = threads, .isa = isa, .precision = precision});
      }
    }
  }
  return finish();
}
