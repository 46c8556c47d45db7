#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "lth/backend.h"

namespace lth {

/// A convolution's weight [Cout, Cin, K], exact zeros where pruned, and bias [Cout].
struct ConvTensors {
  std::span<const float> weight;
  std::span<const float> bias;
};

/// A batch normalisation's four [C] tensors; mean and variance are the running ones.
struct NormTensors {
  std::span<const float> gamma, beta, mean, variance;
};

/// One node of a network (src/model/graph.ts). Values are numbered: 0 is the record [1, L], i + 1 is
/// what node i gives; a node reads values of earlier nodes.
struct InferenceNode {
  enum class Op {
    conv,      ///< SAME convolution with bias, plus the value `add`
    norm,      ///< batch normalisation, then ReLU
    shortcut,  ///< max-pool by `stride` (its last window may be shorter), then channels of zeros
  };
  Op op = Op::conv;
  std::string name;  ///< for messages
  int input = 0;     ///< the value that it reads
  int add = -1;      ///< conv: the value that it adds; -1: none
  int channels = 0;  ///< conv, shortcut: of the output
  int kernel = 1;    ///< conv: K
  int stride = 1;    ///< conv, shortcut: a power of two
  bool relu = true;  ///< norm
  ConvTensors conv;
  NormTensors norm;
};

/// A trained network. The last node is the head: a convolution that nothing reads.
struct InferenceGraph {
  float epsilon = 0;  ///< added to every running variance
  std::span<const InferenceNode> nodes;
};

/// A finished network for one record at a time on the calling thread. Batch norms are absorbed into
/// the convolutions; weights that are 0, channels that nothing reads and channels that are constant
/// cost nothing. Outside the record every node sees zeros, as in training.
class InferenceNetwork {
 public:
  /// Copies what it needs. Throws Error(range) for nodes and shapes that do not fit or numbers that
  /// are not finite, Error(state) if the machine lacks the instruction set.
  InferenceNetwork(const InferenceGraph& graph, Isa isa);
  ~InferenceNetwork();
  InferenceNetwork(const InferenceNetwork&) = delete;
  InferenceNetwork& operator=(const InferenceNetwork&) = delete;

  /// E.g. "AVX-512, 1 thread".
  std::string description() const;
  int classes() const;
  /// Outputs for a record of `length` samples: divided by the product of the strides, rounded up.
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
