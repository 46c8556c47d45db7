#pragma once

#include <cstddef>
#include <vector>

#include "lth/inference.h"

namespace lth::inference {

/// A value of a network: the record (0) or the output of a node (node + 1).
struct Value {
  int channels = 1;
  int level = 0;             ///< log2 of the samples per position
  std::vector<int> readers;  ///< nodes that read or add it, ascending
};

/// The values of a network. Throws Error(range) unless nodes, shapes and tensors fit each other and
/// all numbers are finite.
std::vector<Value> checked_values(const InferenceGraph& graph);

/// Positions of a value of this level for a record of `length` samples: halved, rounded up.
int length_at(int length, int level);

}  // namespace lth::inference
