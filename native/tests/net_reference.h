#pragma once

#include <functional>

#include "lth/random.h"
#include "tests/small_net.h"

/// The forward pass of small_net.h in float64, written from the definitions.
namespace lth::test {

struct Exact {
  int channels = 0;
  int length = 0;
  std::vector<int> lengths;    // of each record
  std::vector<double> values;  // [N, C, L], zero outside the records

  Exact(int channels, int length, std::vector<int> lengths)
      : channels(channels),
        length(length),
        lengths(std::move(lengths)),
        values(size_t(kNetRecords) * size_t(channels) * size_t(length)) {}
  double& at(int n, int c, int l) { return values[At{channels, length}(n, c, l)]; }
  double at(int n, int c, int l) const { return values[At{channels, length}(n, c, l)]; }
};

using ExactParameters = std::map<std::string, std::vector<double>>;

inline std::vector<int> strided(std::vector<int> lengths, int stride) {
  for (int& length : lengths) length = same_output_length(length, stride);
  return lengths;
}

inline Exact exact_conv(const Exact& x, const std::vector<double>& weight,
                        const std::vector<double>& bias, int stride, const Exact* add) {
  const int out = int(bias.size());
  const int kernel = int(weight.size()) / out / x.channels;
  Exact y(out, same_output_length(x.length, stride), strided(x.lengths, stride));
  const int total = std::max((y.length - 1) * stride + kernel - x.length, 0);
  for (int n = 0; n < kNetRecords; ++n) {
    for (int co = 0; co < out; ++co) {
      for (int p = 0; p < y.lengths[size_t(n)]; ++p) {
        double sum = bias[size_t(co)];
        for (int ci = 0; ci < x.channels; ++ci) {
          for (int k = 0; k < kernel; ++k) {
            const int q = p * stride + k - total / 2;
            if (q < 0 || q >= x.lengths[size_t(n)]) continue;
            sum += weight[size_t((co * x.channels + ci) * kernel + k)] * x.at(n, ci, q);
          }
        }
        y.at(n, co, p) = sum + (add ? add->at(n, co, p) : 0);
      }
    }
  }
  return y;
}

/// Training mode with ReLU; `layer` keys the dropout.
inline Exact exact_norm(const Exact& x, const std::vector<double>& gamma,
                        const std::vector<double>& beta, double rate, uint32_t stream,
                        uint32_t layer) {
  Exact y(x.channels, x.length, x.lengths);
  const RandomKey key = random_key(kNetSeed, stream, layer);
  for (int c = 0; c < x.channels; ++c) {
    double sum = 0, square = 0, count = 0;
    const auto each = [&](const std::function<void(int, int)>& body) {
      for (int n = 0; n < kNetRecords; ++n) {
        for (int l = 0; l < x.lengths[size_t(n)]; ++l) body(n, l);
      }
    };
    each([&](int n, int l) {
      sum += x.at(n, c, l);
      count += 1;
    });
    const double mean = sum / count;
    each([&](int n, int l) { square += std::pow(x.at(n, c, l) - mean, 2); });
    const double inv_std = 1 / std::sqrt(square / count + double(kNetEpsilon));
    each([&](int n, int l) {
      const double v =
          gamma[size_t(c)] * (x.at(n, c, l) - mean) * inv_std + beta[size_t(c)];
      const auto index = uint32_t(At{x.channels, x.length}(n, c, l));
      const bool kept = rate == 0 || random_bits(key, index) >= dropout_threshold(rate);
      y.at(n, c, l) = kept ? std::max(v, 0.0) / (1 - rate) : 0;
    });
  }
  return y;
}

inline Exact exact_shortcut(const Exact& x, int stride, int channels) {
  Exact y(channels, same_output_length(x.length, stride), strided(x.lengths, stride));
  for (int n = 0; n < kNetRecords; ++n) {
    for (int c = 0; c < x.channels; ++c) {
      for (int p = 0; p < y.lengths[size_t(n)]; ++p) {
        double best = x.at(n, c, p * stride);
        for (int q = p * stride + 1; q < std::min((p + 1) * stride, x.lengths[size_t(n)]); ++q) {
          best = std::max(best, x.at(n, c, q));
        }
        y.at(n, c, p) = best;
      }
    }
  }
  return y;
}

/// Mean loss of net_batch().
inline double exact_loss(const ExactParameters& w, uint32_t stream) {
  const NetData data;
  const std::vector<int32_t> batch = net_batch();
  std::vector<int> lengths;
  for (int32_t record : batch) {
    lengths.push_back(record < 0 ? 0 : std::min(data.lengths[size_t(record)], kNetLength));
  }
  Exact x(1, kNetLength, lengths);
  const RandomKey key = random_key(kNetSeed, stream, 0);
  for (int n = 0; n < kNetRecords; ++n) {
    const double sign = random_bits(key, uint32_t(n)) & 1U ? -1 : 1;
    for (int l = 0; l < lengths[size_t(n)]; ++l) {
      const int16_t sample = data.samples[size_t(data.offsets[size_t(batch[size_t(n)])] + l)];
      x.at(n, 0, l) = sign * (sample - double(kNetMean)) / double(kNetStd);
    }
  }
  const auto conv = [&](const std::string& name, const Exact& in, int stride, const Exact* add) {
    return exact_conv(in, w.at(name + ".weight"), w.at(name + ".bias"), stride, add);
  };
  const auto norm = [&](const std::string& name, const Exact& in, double rate, uint32_t layer) {
    return exact_norm(in, w.at(name + ".gamma"), w.at(name + ".beta"), rate, stream, layer);
  };
  const Exact a0 = norm("stem.norm", conv("stem", x, 1, nullptr), 0, 1);
  const Exact s0 = exact_shortcut(a0, 1, 3);
  const Exact n0 = norm("block0.norm", conv("block0.conv1", a0, 1, nullptr), kNetDropout, 2);
  const Exact c02 = conv("block0.conv2", n0, 1, &s0);
  const Exact a1 = norm("block1.pre", c02, 0, 3);
  const Exact s1 = exact_shortcut(c02, 2, 5);
  const Exact n1 = norm("block1.norm", conv("block1.conv1", a1, 2, nullptr), kNetDropout, 4);
  const Exact c12 = conv("block1.conv2", n1, 1, &s1);
  const Exact logits = conv("head", norm("head.norm", c12, 0, 5), 1, nullptr);
  double loss = 0, valid = 0;
  for (int n = 0; n < kNetRecords; ++n) {
    for (int p = 0; p < logits.lengths[size_t(n)]; ++p) {
      double sum = 0;
      for (int c = 0; c < kNetClasses; ++c) sum += std::exp(logits.at(n, c, p));
      loss += std::log(sum) - logits.at(n, data.labels[size_t(batch[size_t(n)])], p);
      valid += 1;
    }
  }
  return loss / valid;
}

}  // namespace lth::test
