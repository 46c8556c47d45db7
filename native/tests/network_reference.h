#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "lth/conv1d_desc.h"
#include "lth/inference.h"

namespace lth::test {

using Op = InferenceNode::Op;
using Nodes = std::vector<InferenceNode>;

/// Size of the residual network (src/model/networks/resnet1d.ts): a stem, blocks of two convolutions
/// of which the odd ones halve the length, a head of kernel 1. Filters double every
/// `blocks_per_stage`.
struct ResNetShape {
  int filters = 0;
  int kernel = 0;
  int blocks = 0;
  int blocks_per_stage = 0;
  int classes = 0;

  int convolutions() const { return 2 * blocks + 2; }
};

/// Appends nodes; each call gives the value that it makes.
struct NodeList {
  Nodes nodes;

  int conv(int input, int channels, int kernel, int stride = 1, int add = -1) {
    InferenceNode node;
    node.op = Op::conv;
    node.add = add;
    node.channels = channels;
    node.kernel = kernel;
    node.stride = stride;
    return push(node, "conv", input);
  }
  int norm(int input, bool relu = true) {
    InferenceNode node;
    node.op = Op::norm;
    node.relu = relu;
    return push(node, "norm", input);
  }
  int shortcut(int input, int channels, int stride) {
    InferenceNode node;
    node.op = Op::shortcut;
    node.channels = channels;
    node.stride = stride;
    return push(node, "shortcut", input);
  }

 private:
  int push(InferenceNode& node, const char* what, int input) {
    node.name = what + std::to_string(nodes.size());
    node.input = input;
    nodes.push_back(node);
    return int(nodes.size());
  }
};

/// Convolutions in the order stem, block0.conv1, block0.conv2, ..., head; norms: stem, block0.norm2,
/// block1.norm1, block1.norm2, ..., head.
inline Nodes resnet_nodes(const ResNetShape& shape) {
  NodeList list;
  int value = list.norm(list.conv(0, shape.filters, shape.kernel)), channels = shape.filters;
  for (int i = 0; i < shape.blocks; ++i) {
    const int width = shape.filters << (i / shape.blocks_per_stage), stride = i % 2 + 1;
    const int active = i == 0 ? value : list.norm(value);
    const int inner = list.norm(list.conv(active, width, shape.kernel, stride));
    const bool plain = stride == 1 && width == channels;
    const int add = plain ? value : list.shortcut(value, width, stride);
    value = list.conv(inner, width, shape.kernel, 1, add);
    channels = width;
  }
  list.conv(list.norm(value), shape.classes, 1);
  return list.nodes;
}

/// A network with made-up numbers that owns its tensors.
struct MadeNetwork {
  Nodes nodes;
  float epsilon = 1e-3f;
  /// By convolution and by norm, in the order of the nodes.
  std::vector<std::vector<float>> weights, biases;
  std::vector<std::vector<float>> gammas, betas, means, variances;
  std::vector<int> conv_in_channels, conv_kernels;

  MadeNetwork(const ResNetShape& shape, double density, unsigned seed)
      : MadeNetwork(resnet_nodes(shape), density, seed) {}

  /// `density` of the weights survive.
  MadeNetwork(const Nodes& network, double density, unsigned seed) : nodes(network) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
    std::vector<int> channels{1};
    for (const InferenceNode& node : nodes) {
      const int in = channels[size_t(node.input)];
      channels.push_back(node.op == Op::norm ? in : node.channels);
      if (node.op != Op::conv) continue;
      const int fan_in = in * node.kernel;
      conv_in_channels.push_back(in);
      conv_kernels.push_back(node.kernel);
      std::vector<float>& weight = weights.emplace_back(size_t(fan_in) * size_t(node.channels));
      const float spread = std::sqrt(2.0f / float(std::max(1.0, fan_in * density)));
      for (float& w : weight) w = uniform(random) < density ? normal(random) * spread : 0.0f;
      std::vector<float>& bias = biases.emplace_back(size_t(node.channels));
      for (float& b : bias) b = 0.3f * normal(random);
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].op != Op::norm) continue;
      const size_t count = size_t(channels[i + 1]);
      for (auto* tensors : {&gammas, &betas, &means, &variances}) tensors->emplace_back(count);
      for (size_t c = 0; c < count; ++c) {
        gammas.back()[c] = 1.0f + 0.3f * normal(random);
        betas.back()[c] = 0.3f * normal(random);
        means.back()[c] = 0.3f * normal(random);
        variances.back()[c] = 0.5f + uniform(random);
      }
    }
  }

  int classes() const { return nodes.back().channels; }

  InferenceGraph graph() {
    size_t conv = 0, norm = 0;
    for (InferenceNode& node : nodes) {
      if (node.op == Op::conv) {
        node.conv = {weights[conv], biases[conv]};
        ++conv;
      } else if (node.op == Op::norm) {
        node.norm = {gammas[norm], betas[norm], means[norm], variances[norm]};
        ++norm;
      }
    }
    return {epsilon, nodes};
  }
};

/// [C][L]
using Rows = std::vector<std::vector<double>>;

inline Rows reference_conv(const InferenceNode& node, const Rows& x) {
  const int length = int(x[0].size()), kernel = node.kernel, stride = node.stride;
  const int out_length = same_output_length(length, stride);
  const int pad = same_pad_left(length, kernel, stride);
  Rows y(size_t(node.channels), std::vector<double>(size_t(out_length)));
  for (size_t co = 0; co < y.size(); ++co) {
    for (int p = 0; p < out_length; ++p) {
      double sum = node.conv.bias[co];
      for (size_t ci = 0; ci < x.size(); ++ci) {
        for (int k = 0; k < kernel; ++k) {
          const int q = p * stride + k - pad;
          if (q < 0 || q >= length) continue;
          sum += double(node.conv.weight[(co * x.size() + ci) * size_t(kernel) + size_t(k)]) *
                 x[ci][size_t(q)];
        }
      }
      y[co][size_t(p)] = sum;
    }
  }
  return y;
}

inline Rows reference_norm(const InferenceNode& node, double epsilon, Rows x) {
  for (size_t c = 0; c < x.size(); ++c) {
    const double scale =
        double(node.norm.gamma[c]) / std::sqrt(double(node.norm.variance[c]) + epsilon);
    for (double& v : x[c]) {
      v = (v - double(node.norm.mean[c])) * scale + double(node.norm.beta[c]);
      if (node.relu) v = std::max(0.0, v);
    }
  }
  return x;
}

inline Rows reference_shortcut(const InferenceNode& node, const Rows& x) {
  const size_t length = x[0].size(), stride = size_t(node.stride);
  const size_t out_length = (length + stride - 1) / stride;
  Rows y(size_t(node.channels), std::vector<double>(out_length, 0.0));
  for (size_t c = 0; c < x.size(); ++c) {
    for (size_t p = 0; p < out_length; ++p) {
      double largest = -std::numeric_limits<double>::infinity();
      for (size_t q = p * stride; q < std::min(length, (p + 1) * stride); ++q) {
        largest = std::max(largest, x[c][q]);
      }
      y[c][p] = largest;
    }
  }
  return y;
}

/// The definition of a network in float64. Returns logits [classes][T].
inline Rows reference_network(MadeNetwork& net, const std::vector<float>& samples) {
  const InferenceGraph graph = net.graph();
  std::vector<Rows> values{{std::vector<double>(samples.begin(), samples.end())}};
  for (const InferenceNode& node : graph.nodes) {
    const Rows& x = values[size_t(node.input)];
    Rows y = node.op == Op::conv     ? reference_conv(node, x)
             : node.op == Op::norm   ? reference_norm(node, double(graph.epsilon), x)
                                     : reference_shortcut(node, x);
    if (node.op == Op::conv && node.add >= 0) {
      const Rows& added = values[size_t(node.add)];
      for (size_t c = 0; c < y.size(); ++c) {
        for (size_t p = 0; p < y[c].size(); ++p) y[c][p] += added[c][p];
      }
    }
    values.push_back(std::move(y));
  }
  return values.back();
}

}  // namespace lth::test
