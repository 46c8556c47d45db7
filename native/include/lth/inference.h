#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "lth/backend.h"

namespace lth {

/// Size of the residual network (src/model/resnet1d.ts): a stem, blocks of two convolutions of which
/// the odd ones halve the length, a head of kernel 1. Filters double every `blocks_per_stage`.
struct NetworkShape {
  int filters = 0;
  int kernel = 0;
  int blocks = 0;
  int blocks_per_stage = 0;
  int classes = 0;

  int convolutions() const { return 2 * blocks + 2; }
  int norms() const { return 2 * blocks + 1; }
  /// Output channels of block i.
  int channels(int block) const { return filters << (block / blocks_per_stage); }
};

/// A convolution's weight [Cout, Cin, K], exact zeros where pruned, and bias [Cout].
struct ConvTensors {
  std::span<const float> weight;
  std::span<const float> bias;
};

/// A batch normalisation's four [C] tensors; mean and variance are the running ones.
struct NormTensors {
  std::span<const float> gamma, beta, mean, variance;
};

/// A trained network. Order of `convolutions`: stem, block0.conv1, block0.conv2, ..., head. Order of
/// `norms`: stem, block0.norm2, block1.norm1, block1.norm2, ..., head.
struct NetworkTensors {
  NetworkShape shape;
  float epsilon = 0;
  std::span<const ConvTensors> convolutions;
  std::span<const NormTensors> norms;
};

/// A finished network for one record at a time on the calling thread. Batch norms are folded into
/// the convolutions; weights that are 0, channels that nothing reads and channels that are constant
/// cost nothing. Outside the record every layer sees zeros, as in training.
class InferenceNetwork {
 public:
  /// Copies what it needs. Throws Error(range) for shapes that do not fit or numbers that are not
  /// finite, Error(state) if the machine lacks the instruction set.
  InferenceNetwork(const NetworkTensors& tensors, Isa isa);
  ~InferenceNetwork();
  InferenceNetwork(const InferenceNetwork&) = delete;
  InferenceNetwork& operator=(const InferenceNetwork&) = delete;

  /// E.g. "AVX-512, 1 thread".
  std::string description() const;
  int classes() const;
  /// Outputs for a record of `length` samples: halved, rounded up, in every odd block.
  int steps(int length) const;
  /// Multiplications for a record of `length` samples.
  int64_t macs(int length) const;
  /// Bytes of weights, indices and activations held at present.
  size_t bytes() const;

  /// samples [length], normalised; logits [classes, steps(length)].
  void run(std::span<const float> samples, std::span<float> logits);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lth
