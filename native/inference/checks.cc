#include "inference/checks.h"

#include <cmath>
#include <string>

#include "lth/error.h"

namespace lth::inference {
namespace {

void check_tensor(std::span<const float> data, size_t size, const std::string& name) {
  if (data.size() != size) {
    throw_range(name + " must have " + std::to_string(size) + " elements, got " +
                std::to_string(data.size()));
  }
  for (size_t i = 0; i < size; ++i) {
    if (!std::isfinite(data[i])) {
      throw_range(name + " must be finite, but element " + std::to_string(i) + " is " +
                  std::to_string(data[i]));
    }
  }
}

void check_extent(int value, int max, const char* name) {
  if (value < 1 || value > max) {
    throw_range(std::string("shape.") + name + " must be from 1 to " + std::to_string(max) +
                ", got " + std::to_string(value));
  }
}

}  // namespace

ConvExtent conv_extent(const NetworkShape& shape, int index) {
  if (index == 0) return {1, shape.filters, shape.kernel, 1};
  const int last = shape.channels(shape.blocks - 1);
  if (index == shape.convolutions() - 1) return {last, shape.classes, 1, 1};
  const int block = (index - 1) / 2;
  const int out = shape.channels(block);
  if (index % 2 == 0) return {out, out, shape.kernel, 1};
  const int in = block == 0 ? shape.filters : shape.channels(block - 1);
  return {in, out, shape.kernel, block % 2 == 1 ? 2 : 1};
}

void check_network(const NetworkTensors& tensors) {
  const NetworkShape& shape = tensors.shape;
  check_extent(shape.filters, 1 << 12, "filters");
  check_extent(shape.kernel, 1 << 10, "kernel");
  check_extent(shape.blocks, 1 << 10, "blocks");
  check_extent(shape.blocks_per_stage, 1 << 10, "blocksPerStage");
  check_extent(shape.classes, 1 << 12, "classes");
  const int doublings = (shape.blocks - 1) / shape.blocks_per_stage;
  if (doublings > 12 || (int64_t(shape.filters) << doublings) > (1 << 16)) {
    throw_range("shape.filters must not double beyond 65536 channels, got " +
                std::to_string(shape.filters) + " doubled " + std::to_string(doublings) +
                " times");
  }
  if (!(tensors.epsilon > 0) || !std::isfinite(tensors.epsilon)) {
    throw_range("epsilon must be positive, got " + std::to_string(tensors.epsilon));
  }
  if (tensors.convolutions.size() != size_t(shape.convolutions()) ||
      tensors.norms.size() != size_t(shape.norms())) {
    throw_range("A network of " + std::to_string(shape.blocks) + " blocks has " +
                std::to_string(shape.convolutions()) + " convolutions and " +
                std::to_string(shape.norms()) + " norms, got " +
                std::to_string(tensors.convolutions.size()) + " and " +
                std::to_string(tensors.norms.size()));
  }
  for (int i = 0; i < shape.convolutions(); ++i) {
    const ConvExtent e = conv_extent(shape, i);
    const std::string name = "convolutions[" + std::to_string(i) + "]";
    const size_t weights = size_t(e.in_channels) * e.out_channels * e.kernel;
    check_tensor(tensors.convolutions[i].weight, weights, name + ".weight");
    check_tensor(tensors.convolutions[i].bias, size_t(e.out_channels), name + ".bias");
  }
  for (int i = 0; i < shape.norms(); ++i) {
    // Norm i feeds convolution i + 1: the head's comes last.
    const size_t channels = size_t(conv_extent(shape, i + 1).in_channels);
    const std::string name = "norms[" + std::to_string(i) + "]";
    const NormTensors& norm = tensors.norms[i];
    check_tensor(norm.gamma, channels, name + ".gamma");
    check_tensor(norm.beta, channels, name + ".beta");
    check_tensor(norm.mean, channels, name + ".mean");
    check_tensor(norm.variance, channels, name + ".variance");
    for (size_t c = 0; c < channels; ++c) {
      if (norm.variance[c] < 0) {
        throw_range(name + ".variance must not be negative, but element " + std::to_string(c) +
                    " is " + std::to_string(norm.variance[c]));
      }
    }
  }
}

}  // namespace lth::inference
