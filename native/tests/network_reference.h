#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "lth/conv1d_desc.h"
#include "lth/inference.h"

namespace lth::test {

/// A network with made-up numbers that owns its tensors.
struct MadeNetwork {
  NetworkShape shape;
  float epsilon = 1e-3f;
  std::vector<std::vector<float>> weights, biases;
  std::vector<std::vector<float>> gammas, betas, means, variances;
  std::vector<ConvTensors> convolutions;
  std::vector<NormTensors> norms;

  int in_channels(int conv) const {
    if (conv == 0) return 1;
    if (conv == shape.convolutions() - 1) return shape.channels(shape.blocks - 1);
    const int block = (conv - 1) / 2;
    if (conv % 2 == 0) return shape.channels(block);
    return block == 0 ? shape.filters : shape.channels(block - 1);
  }
  int out_channels(int conv) const {
    if (conv == 0) return shape.filters;
    if (conv == shape.convolutions() - 1) return shape.classes;
    return shape.channels((conv - 1) / 2);
  }
  int kernel(int conv) const { return conv == shape.convolutions() - 1 ? 1 : shape.kernel; }
  int stride(int conv) const {
    return conv % 2 == 1 && (conv - 1) / 2 % 2 == 1 && conv < shape.convolutions() - 1 ? 2 : 1;
  }

  /// `density` of the weights survive.
  MadeNetwork(const NetworkShape& network_shape, double density, unsigned seed)
      : shape(network_shape) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
    for (int i = 0; i < shape.convolutions(); ++i) {
      const int fan_in = in_channels(i) * kernel(i);
      std::vector<float>& weight = weights.emplace_back(size_t(fan_in) * out_channels(i));
      const float spread = std::sqrt(2.0f / float(std::max(1.0, fan_in * density)));
      for (float& w : weight) w = uniform(random) < density ? normal(random) * spread : 0.0f;
      std::vector<float>& bias = biases.emplace_back(size_t(out_channels(i)));
      for (float& b : bias) b = 0.3f * normal(random);
    }
    for (int i = 0; i < shape.norms(); ++i) {
      const size_t channels = size_t(in_channels(i + 1));
      for (auto* tensors : {&gammas, &betas, &means, &variances}) tensors->emplace_back(channels);
      for (size_t c = 0; c < channels; ++c) {
        gammas.back()[c] = 1.0f + 0.3f * normal(random);
        betas.back()[c] = 0.3f * normal(random);
        means.back()[c] = 0.3f * normal(random);
        variances.back()[c] = 0.5f + uniform(random);
      }
    }
  }

  NetworkTensors tensors() {
    convolutions.clear();
    norms.clear();
    for (size_t i = 0; i < weights.size(); ++i) convolutions.push_back({weights[i], biases[i]});
    for (size_t i = 0; i < gammas.size(); ++i) {
      norms.push_back({gammas[i], betas[i], means[i], variances[i]});
    }
    return {shape, epsilon, convolutions, norms};
  }
};

/// [C][L]
using Rows = std::vector<std::vector<double>>;

inline Rows reference_conv(const MadeNetwork& net, int i, const Rows& x) {
  const int length = int(x[0].size()), kernel = net.kernel(i), stride = net.stride(i);
  const int out_length = same_output_length(length, stride);
  const int pad = same_pad_left(length, kernel, stride);
  Rows y(size_t(net.out_channels(i)), std::vector<double>(size_t(out_length)));
  for (size_t co = 0; co < y.size(); ++co) {
    for (int p = 0; p < out_length; ++p) {
      double sum = net.biases[size_t(i)][co];
      for (size_t ci = 0; ci < x.size(); ++ci) {
        for (int k = 0; k < kernel; ++k) {
          const int q = p * stride + k - pad;
          if (q < 0 || q >= length) continue;
          sum += double(net.weights[size_t(i)][(co * x.size() + ci) * size_t(kernel) + size_t(k)]) *
                 x[ci][size_t(q)];
        }
      }
      y[co][size_t(p)] = sum;
    }
  }
  return y;
}

inline Rows reference_norm(const MadeNetwork& net, int i, Rows x) {
  for (size_t c = 0; c < x.size(); ++c) {
    const double scale = double(net.gammas[size_t(i)][c]) /
                         std::sqrt(double(net.variances[size_t(i)][c]) + double(net.epsilon));
    for (double& v : x[c]) {
      v = std::max(0.0, (v - double(net.means[size_t(i)][c])) * scale +
                            double(net.betas[size_t(i)][c]));
    }
  }
  return x;
}

/// The definition of the network in float64, straight from src/model. Returns logits [classes][T].
inline Rows reference_network(const MadeNetwork& net, const std::vector<float>& samples) {
  Rows x{std::vector<double>(samples.begin(), samples.end())};
  x = reference_norm(net, 0, reference_conv(net, 0, x));
  for (int b = 0; b < net.shape.blocks; ++b) {
    const Rows active = b == 0 ? x : reference_norm(net, 2 * b, x);
    Rows inner = reference_conv(net, 2 * b + 1, active);
    inner = reference_norm(net, 2 * b + 1, inner);
    Rows y = reference_conv(net, 2 * b + 2, inner);
    const int stride = net.stride(2 * b + 1);
    for (size_t c = 0; c < x.size(); ++c) {
      for (size_t p = 0; p < y[c].size(); ++p) {
        double shortcut = x[c][p * size_t(stride)];
        if (stride == 2 && 2 * p + 1 < x[c].size()) {
          shortcut = std::max(shortcut, x[c][2 * p + 1]);
        }
        y[c][p] += shortcut;
      }
    }
    x = y;
  }
  const int head = net.shape.convolutions() - 1;
  return reference_conv(net, head, reference_norm(net, head - 1, x));
}

}  // namespace lth::test
