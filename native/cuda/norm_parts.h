#pragma once

#include "cuda/device.h"

/// A norm over a batch has three steps. (1) Partial sums of each channel, over the values as they
/// are stored, are computed by a separate kernel or by the convolution that writes the values. (2)
/// Their total gives an affine map of each channel. (3) The map is applied by a separate kernel or
/// by the op that reads the values.
namespace lth::cuda {

/// The contribution of some of a channel's valid elements to its sums. Sums are stored as float,
/// because many are written and read; they are formed and added in double.
struct alignas(16) NormPart {
  float first;   ///< forward: of x - pilot; backward: of g, the gradient behind ReLU and dropout
  float second;  ///< forward: of (x - pilot)^2; backward: of g * (x - mean)
  float pilot;   ///< forward: near the values, so that their squares do not cancel
  int count;     ///< of elements
};

/// Parts of a channel, for all of them [C][count].
struct NormParts {
  NormPart* data = nullptr;
  int count = 0;
};

/// How many parts of a channel the kernels below make.
int own_parts(const Activation& x);
inline size_t parts_bytes(const Activation& x, int count) {
  return size_t(x.shape.channels) * size_t(count) * sizeof(NormPart);
}

/// Forward: the parts of the batch statistics of x.
void measure_statistics(const NormForward& args, Precision precision, NormPart* parts,
                        Stream stream);
/// Moves the running statistics and writes the saved ones and the map.
/// @param parts without data: the map uses the running statistics, which do not change
/// @param map [C][4] as NormForward::map
void fold_statistics(const NormForward& args, const NormParts& parts, float* map, Stream stream);

/// Backward: the parts of the sums over x and dy.
void measure_gradient(const NormBackward& args, Precision precision, NormPart* parts,
                      Stream stream);
/// Writes dgamma, dbeta and the map.
/// @param map [C][4] as NormBackward::map
void fold_gradient(const NormBackward& args, const NormParts& parts, float* map, Stream stream);

}  // namespace lth::cuda
