#include <bit>
#include <cmath>
#include <string>

#include "inference/values.h"
#include "lth/error.h"
#include "lth/number_text.h"

namespace lth::inference {
namespace {

using Op = InferenceNode::Op;

constexpr int kMostChannels = 1 << 16;
constexpr int kMostKernel = 1 << 10;
constexpr int kMostLevel = 20;

void check_tensor(std::span<const float> data, size_t size, const std::string& name) {
  if (data.size() != size) {
    throw_range(name + " must have " + std::to_string(size) +
                (size == 1 ? " element, got " : " elements, got ") + std::to_string(data.size()));
  }
  for (size_t i = 0; i < size; ++i) {
    if (!std::isfinite(data[i])) {
      throw_range(name + " must be finite, but element " + std::to_string(i) + " is " +
                  number_text(data[i]));
    }
  }
}

void check_extent(int value, int max, const std::string& name) {
  if (value < 1 || value > max) {
    throw_range(name + " must be from 1 to " + std::to_string(max) + ", got " +
                std::to_string(value));
  }
}

void check_conv(const InferenceNode& node, int in_channels) {
  check_extent(node.kernel, kMostKernel, node.name + ".kernel");
  const size_t weights = size_t(in_channels) * size_t(node.channels) * size_t(node.kernel);
  check_tensor(node.conv.weight, weights, node.name + ".weight");
  check_tensor(node.conv.bias, size_t(node.channels), node.name + ".bias");
}

void check_norm(const InferenceNode& node, int channels) {
  const NormTensors& norm = node.norm;
  check_tensor(norm.gamma, size_t(channels), node.name + ".gamma");
  check_tensor(norm.beta, size_t(channels), node.name + ".beta");
  check_tensor(norm.mean, size_t(channels), node.name + ".running_mean");
  check_tensor(norm.variance, size_t(channels), node.name + ".running_variance");
  for (size_t c = 0; c < norm.variance.size(); ++c) {
    if (norm.variance[c] < 0) {
      throw_range(node.name + ".running_variance must not be negative, but element " +
                  std::to_string(c) + " is " + number_text(norm.variance[c]));
    }
  }
}

/// The output of a node with these sizes.
Value value_of(const InferenceNode& node, const Value& input) {
  if (node.op == Op::norm) return {input.channels, input.level, {}};
  check_extent(node.channels, kMostChannels, node.name + ".channels");
  if (node.stride < 1 || !std::has_single_bit(unsigned(node.stride))) {
    throw_range(node.name + ".stride must be a power of two, got " + std::to_string(node.stride));
  }
  const int level = input.level + std::countr_zero(unsigned(node.stride));
  if (level > kMostLevel) {
    throw_range("Strides up to " + node.name + " must multiply to at most " +
                std::to_string(1 << kMostLevel));
  }
  if (node.op == Op::shortcut && node.channels < input.channels) {
    throw_range(node.name + ".channels must be at least the " + std::to_string(input.channels) +
                " that it reads, got " + std::to_string(node.channels));
  }
  return {node.channels, level, {}};
}

}  // namespace

int length_at(int length, int level) {
  return int((int64_t(length) + (int64_t(1) << level) - 1) >> level);
}

std::vector<Value> checked_values(const InferenceGraph& graph) {
  if (!(graph.epsilon > 0) || !std::isfinite(graph.epsilon)) {
    throw_range("epsilon must be positive and finite, got " + number_text(graph.epsilon));
  }
  std::vector<Value> values(1);
  const auto read = [&](int value, const std::string& what) -> Value& {
    if (value < 0 || size_t(value) >= values.size()) {
      throw_range(what + " must be a value from 0 to " + std::to_string(values.size() - 1) +
                  ", got " + std::to_string(value));
    }
    return values[size_t(value)];
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const InferenceNode& node = graph.nodes[i];
    Value& input = read(node.input, node.name + ".input");
    input.readers.push_back(int(i));
    Value value = value_of(node, input);
    if (node.op == Op::conv) check_conv(node, input.channels);
    if (node.op == Op::norm) check_norm(node, input.channels);
    if (node.op == Op::conv && node.add != -1) {
      Value& added = read(node.add, node.name + ".add");
      if (added.channels != value.channels || added.level != value.level) {
        throw_range(node.name + " gives " + std::to_string(value.channels) + " channels, one position per " +
                    std::to_string(1 << value.level) + " samples; what it adds has " +
                    std::to_string(added.channels) + " and one per " +
                    std::to_string(1 << added.level));
      }
      if (node.add != node.input) added.readers.push_back(int(i));
    }
    values.push_back(std::move(value));
  }
  if (graph.nodes.empty() || graph.nodes.back().op != Op::conv) {
    throw_range("The last node must be a convolution");
  }
  return values;
}

}  // namespace lth::inference
