#include "lth/random.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

struct Case {
  int records, channels, length;
  bool full;      // all records of full length
  double offset;  // of x, to see whether the variance survives a large mean
};

const Case kCases[] = {{1, 1, 1, true, 0},     {3, 2, 5, false, 0},    {16, 3, 200, true, 0},
                       {17, 5, 131, false, 0}, {33, 4, 300, false, 0}, {16, 2, 257, true, 1000},
                       {5, 3, 7, false, 0},    {2, 2, 64, true, 0}};

/// Float64 statistics of channel c.
struct Moments {
  double mean = 0, variance = 0, absolute = 0;
  int64_t count = 0;
};

Moments moments(const std::vector<float>& x, const Case& k, const DeviceActivation& shape, int c) {
  const At at{k.channels, k.length};
  Moments m;
  for (int n = 0; n < k.records; ++n) {
    for (int l = 0; l < shape.length(n); ++l) {
      m.mean += double(x[at(n, c, l)]);
      m.absolute += std::fabs(double(x[at(n, c, l)]));
      ++m.count;
    }
  }
  if (m.count == 0) return m;
  m.mean /= double(m.count);
  m.absolute /= double(m.count);
  for (int n = 0; n < k.records; ++n) {
    for (int l = 0; l < shape.length(n); ++l) {
      m.variance += std::pow(double(x[at(n, c, l)]) - m.mean, 2);
    }
  }
  m.variance /= double(m.count);
  return m;
}

constexpr float kEpsilon = 1e-3f;
constexpr float kMomentum = 0.1f;

void test_forward(Backend& backend, const Case& k, bool training, bool relu, double rate,
                  SameBits& same) {
  Random random(uint32_t(k.records * 131 + k.length));
  const std::vector<int32_t> lengths = k.full ? std::vector<int32_t>(size_t(k.records), k.length)
                                              : ragged(k.records, k.length, random);
  const At at{k.channels, k.length};
  const std::vector<float> host = random.floats(at(k.records, 0, 0), k.offset - 1, k.offset + 2);
  DeviceActivation x(backend, {k.records, k.channels, k.length, 0}, lengths);
  DeviceActivation y(backend, {k.records, k.channels, k.length, 3}, lengths);
  x.write(host);
  const size_t channels = size_t(k.channels);
  const std::vector<float> gamma = random.floats(channels, -2, 2);
  const std::vector<float> beta = random.floats(channels, -1, 1);
  const Device<float> device_gamma(backend, gamma), device_beta(backend, beta);
  const std::vector<float> old_mean = random.floats(channels, -1, 1);
  const std::vector<float> old_variance = random.floats(channels, 0.5, 2);
  Device<float> device_mean(backend, old_mean), device_variance(backend, old_variance);
  Device<float> device_saved_mean(backend, channels), device_saved_inv_std(backend, channels);
  const Dropout dropout{rate, 77, 5, 2};
  backend.norm_forward({x.get(), y.get(), device_gamma.get(), device_beta.get(),
                        device_mean.get(), device_variance.get(), device_saved_mean.get(),
                        device_saved_inv_std.get(), kEpsilon, kMomentum, training, relu,
                        dropout});
  const std::vector<float> got = y.read();
  const std::vector<float> mean = device_mean.values(), variance = device_variance.values();
  const std::vector<float> saved_mean = device_saved_mean.values();
  const std::vector<float> saved_inv_std = device_saved_inv_std.values();
  same.check("y", got);
  same.check("running mean", mean);
  same.check("running variance", variance);

  const RandomKey key = random_key(dropout.seed, dropout.stream, dropout.layer);
  for (int c = 0; c < k.channels; ++c) {
    const size_t i = size_t(c);
    Moments m = moments(host, k, x, c);
    if (training) {
      const double spread = m.absolute + std::fabs(m.mean);
      CHECK_NEAR(saved_mean[i], m.mean, kTolerance * spread);
      const double inv_std = 1 / std::sqrt(m.variance + double(kEpsilon));
      // The variance is found about a pilot, so its error does not grow with the mean's square.
      CHECK_NEAR(saved_inv_std[i], inv_std, 4 * kTolerance * inv_std * (1 + spread * inv_std));
      const double unbiased =
          m.count > 1 ? m.variance * double(m.count) / double(m.count - 1) : m.variance;
      const double weight = m.count == 0 ? 0 : double(kMomentum);
      const double want_mean = double(old_mean[i]) + weight * (m.mean - double(old_mean[i]));
      const double want_variance =
          double(old_variance[i]) + weight * (unbiased - double(old_variance[i]));
      CHECK_NEAR(mean[i], want_mean, kTolerance * (1 + spread));
      CHECK_NEAR(variance[i], want_variance, kTolerance * (2 + unbiased + spread));
    } else {
      m.mean = double(old_mean[i]);
      m.variance = double(old_variance[i]);
      CHECK_EQ(mean[i], old_mean[i]);
      CHECK_EQ(variance[i], old_variance[i]);
    }
    const double factor = double(gamma[i]) / std::sqrt(m.variance + double(kEpsilon));
    for (int n = 0; n < k.records; ++n) {
      for (int l = 0; l < y.length(n); ++l) {
        const double value = double(host[at(n, c, l)]);
        double want = (value - m.mean) * factor + double(beta[i]);
        double terms = (std::fabs(value) + std::fabs(m.mean)) * std::fabs(factor) +
                       std::fabs(double(beta[i]));
        if (relu) want = std::max(want, 0.0);
        if (training && rate > 0) {
          const bool kept =
              random_bits(key, uint32_t(at(n, c, l))) >= dropout_threshold(rate);
          want = kept ? want / (1 - rate) : 0;
          terms /= 1 - rate;
        }
        CHECK_NEAR(got[at(n, c, l)], want, 2 * kTolerance * terms);
      }
    }
  }
}

void test_in_place(Backend& backend) {
  Random random(3);
  const std::vector<int32_t> lengths = ragged(18, 37, random);
  const At at{2, 37};
  const std::vector<float> host = random.floats(at(18, 0, 0), -1, 1);
  DeviceActivation x(backend, {18, 2, 37, 4}, lengths), y(backend, {18, 2, 37, 0}, lengths);
  x.write(host);
  Device<float> gamma(backend, {1.5f, -1}), beta(backend, {0.25f, 0.5f});
  Device<float> mean(backend, {0.1f, -0.2f}), variance(backend, {1.0f, 0.3f});
  NormForward args{x.get(), y.get(), gamma.get(), beta.get(), mean.get(), variance.get(), nullptr,
                   nullptr, kEpsilon, kMomentum, false, true, {}};
  backend.norm_forward(args);
  args.y = x.get();
  backend.norm_forward(args);
  CHECK(same_bits(x.read(), y.read()));
}

/// Dropout keeps exactly the elements that random_bits says: with so many, some share the upper half
/// of their bits with the threshold, and indices in a row differ in their upper halves.
void test_dropout(Backend& backend, double rate) {
  const ActivationShape shape{17, 2, 70001, 0};
  std::vector<int32_t> lengths(17, 70001);
  lengths[5] = 69000;
  const At at{2, 70001};
  DeviceActivation x(backend, shape, lengths), y(backend, shape, lengths);
  x.write(Random(9).floats(at(17, 0, 0), -1, 1));
  Device<float> gamma(backend, {1, 1}), beta(backend, {100, 100});  // far from 0
  Device<float> mean(backend, {0, 0}), variance(backend, {1, 1});
  Device<float> saved_mean(backend, 2), saved_inv_std(backend, 2);
  const Dropout dropout{rate, 77, 5, 2};
  backend.norm_forward({x.get(), y.get(), gamma.get(), beta.get(), mean.get(), variance.get(),
                        saved_mean.get(), saved_inv_std.get(), kEpsilon, kMomentum, true, true,
                        dropout});
  const std::vector<float> got = y.read();
  const RandomKey key = random_key(dropout.seed, dropout.stream, dropout.layer);
  const uint32_t threshold = dropout_threshold(rate);
  int wrong = 0, ties = 0;
  for (int n = 0; n < shape.records; ++n) {
    for (int c = 0; c < shape.channels; ++c) {
      for (int l = 0; l < lengths[size_t(n)]; ++l) {
        const uint32_t bits = random_bits(key, uint32_t(at(n, c, l)));
        wrong += (got[at(n, c, l)] != 0) != (bits >= threshold);
        ties += bits >> 16 == threshold >> 16;
      }
    }
  }
  CHECK_EQ(wrong, 0);
  CHECK(ties > 0);
}

/// A result larger than the caches is stored past them; the bits are the same.
void test_streaming(Backend& backend) {
  const ActivationShape shape{17, 1, 140001, 1};
  const std::vector<int32_t> lengths = [] {
    std::vector<int32_t> lengths(17, 140001);
    lengths[3] = 139990;
    return lengths;
  }();
  DeviceActivation x(backend, shape, lengths), y(backend, shape, lengths);
  x.write(Random(8).floats(size_t(17) * 140001, -1, 1));
  Device<float> gamma(backend, std::vector<float>{1.5f}), beta(backend, std::vector<float>{0.25f});
  Device<float> mean(backend, std::vector<float>{0.1f});
  Device<float> variance(backend, std::vector<float>{1.0f});
  NormForward args{x.get(), y.get(), gamma.get(), beta.get(), mean.get(), variance.get(), nullptr,
                   nullptr, kEpsilon, kMomentum, false, true, {}};
  backend.norm_forward(args);
  args.y = x.get();
  backend.norm_forward(args);
  CHECK(same_bits(x.read(), y.read()));
}

enum class Gate { none, relu, dropout, both };

void test_backward(Backend& backend, const Case& k, Gate gate, bool with_add, bool in_place,
                   SameBits& same) {
  Random random(uint32_t(k.records * 17 + k.length));
  const std::vector<int32_t> lengths = k.full ? std::vector<int32_t>(size_t(k.records), k.length)
                                              : ragged(k.records, k.length, random);
  const At at{k.channels, k.length};
  const size_t size = at(k.records, 0, 0), channels = size_t(k.channels);
  const std::vector<float> host_x = random.floats(size, k.offset - 1, k.offset + 2);
  const std::vector<float> host_dy = random.floats(size, -1, 1.5);
  const std::vector<float> host_add = random.floats(size, -1, 1);
  std::vector<float> host_y = random.floats(size, gate == Gate::dropout ? -1 : 0, 1);
  if (gate != Gate::none) {
    for (float& value : host_y) value = random.uniform() < 0.4 ? 0.0f : value;
  }
  const ActivationShape shape{k.records, k.channels, k.length, 2};
  DeviceActivation x(backend, {k.records, k.channels, k.length, 1}, lengths);
  DeviceActivation y(backend, shape, lengths), dy(backend, shape, lengths);
  DeviceActivation add(backend, {k.records, k.channels, k.length, 0}, lengths);
  DeviceActivation other(backend, shape, lengths);
  x.write(host_x);
  y.write(host_y);
  dy.write(host_dy);
  add.write(host_add);
  DeviceActivation& dx = in_place ? dy : other;
  const std::vector<float> gamma = random.floats(channels, -2, 2);
  const Device<float> device_gamma(backend, gamma);
  std::vector<float> mean(channels), inv_std(channels);
  for (size_t i = 0; i < channels; ++i) {
    const Moments m = moments(host_x, k, x, int(i));
    mean[i] = float(m.mean);
    inv_std[i] = float(1 / std::sqrt(m.variance + double(kEpsilon)));
  }
  // Some results are 0 but for rounding: both passes must agree on their sign.
  std::vector<float> beta(channels);
  for (size_t i = 0; i < channels; ++i) {
    beta[i] = -(host_x[at(0, int(i), 0)] - mean[i]) * (gamma[i] * inv_std[i]);
  }
  const Device<float> device_beta(backend, beta);
  Device<float> device_mean(backend, mean), device_inv_std(backend, inv_std);
  Device<float> device_dgamma(backend, channels), device_dbeta(backend, channels);
  const bool relu = gate == Gate::relu || gate == Gate::both;
  const double rate = gate == Gate::dropout || gate == Gate::both ? 0.3 : 0;
  const bool given = gate != Gate::relu || backend.norm_backward_reads_relu();
  if (!given) {
    backend.norm_forward({.x = x.get(),
                          .y = y.get(),
                          .gamma = device_gamma.get(),
                          .beta = device_beta.get(),
                          .running_mean = nullptr,
                          .running_variance = nullptr,
                          .saved_mean = device_mean.get(),
                          .saved_inv_std = device_inv_std.get(),
                          .epsilon = kEpsilon,
                          .momentum = kMomentum,
                          .training = true,
                          .relu = true,
                          .dropout = {},
                          .measured = true});
    host_y = y.read();
  }
  backend.norm_backward({x.get(), given ? y.get() : Activation{}, dy.get(),
                         with_add ? &add.get() : nullptr, dx.get(), device_gamma.get(),
                         device_beta.get(), device_mean.get(), device_inv_std.get(),
                         device_dgamma.get(), device_dbeta.get(), relu, rate});
  const std::vector<float> got = dx.read();
  const std::vector<float> dgamma = device_dgamma.values(), dbeta = device_dbeta.values();
  const std::string name = with_add ? " with add" : "";
  same.check("dx" + name, got);
  same.check("dgamma" + name, dgamma);
  same.check("dbeta" + name, dbeta);

  const auto passed_gradient = [&](size_t i) {
    const bool open = gate == Gate::none || (relu ? host_y[i] > 0 : host_y[i] != 0);
    return open ? double(host_dy[i]) / (1 - rate) : 0.0;
  };
  for (int c = 0; c < k.channels; ++c) {
    const size_t i = size_t(c);
    const double m = double(mean[i]), s = double(inv_std[i]);
    double sum_g = 0, sum_gx = 0, terms_g = 0, terms_gx = 0;
    int64_t count = 0;
    for (int n = 0; n < k.records; ++n) {
      for (int l = 0; l < x.length(n); ++l, ++count) {
        const double value = double(host_x[at(n, c, l)]), g = passed_gradient(at(n, c, l));
        sum_g += g;
        sum_gx += g * (value - m) * s;
        terms_g += std::fabs(g);
        terms_gx += std::fabs(g) * (std::fabs(value) + std::fabs(m)) * s;
      }
    }
    CHECK_NEAR(dbeta[i], sum_g, kTolerance * terms_g);
    CHECK_NEAR(dgamma[i], sum_gx, kTolerance * terms_gx);
    const double a = double(gamma[i]) * s;
    for (int n = 0; n < k.records; ++n) {
      for (int l = 0; l < x.length(n); ++l) {
        const double value = double(host_x[at(n, c, l)]), g = passed_gradient(at(n, c, l));
        const double normal = (value - m) * s;
        double want = a * (g - sum_g / double(count) - normal * sum_gx / double(count));
        double terms = std::fabs(a) * (std::fabs(g) + terms_g / double(count) +
                                       (std::fabs(value) + std::fabs(m)) * s * terms_gx /
                                           double(count));
        if (with_add) {
          want += double(host_add[at(n, c, l)]);
          terms += std::fabs(double(host_add[at(n, c, l)]));
        }
        CHECK_NEAR(got[at(n, c, l)], want, kTolerance * terms);
      }
    }
  }
}

}  // namespace

int main() {
  for (const Family& family : families()) {
    std::vector<SameBits> same(2 * std::size(kCases) * 16);
    for (const Family::Member& member : family.members) {
      const auto backend = member.make();
      size_t index = 0;
      for (const Case& k : kCases) {
        context = member.name + ", N " + std::to_string(k.records) + " C " +
                  std::to_string(k.channels) + " L " + std::to_string(k.length);
        test_forward(*backend, k, true, true, 0.2, same[index++]);
        test_forward(*backend, k, true, true, 0, same[index++]);
        test_forward(*backend, k, true, false, 0.5, same[index++]);
        test_forward(*backend, k, true, false, 0, same[index++]);
        test_forward(*backend, k, false, true, 0.2, same[index++]);
        test_forward(*backend, k, false, false, 0, same[index++]);
        for (Gate gate : {Gate::none, Gate::relu, Gate::dropout, Gate::both}) {
          SameBits& bits = same[index++];  // in place or not, the bits are the same
          for (bool in_place : {false, true}) {
            test_backward(*backend, k, gate, false, in_place, bits);
            test_backward(*backend, k, gate, true, in_place, bits);
          }
        }
      }
      test_in_place(*backend);
      if (member.threads == 2) {
        test_streaming(*backend);
        for (double rate : {0.2, 0.75, 1e-12}) test_dropout(*backend, rate);
      }
    }
  }
  context.clear();
  return finish();
}
