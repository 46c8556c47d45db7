#pragma once

#include <string>

namespace lth {

/// Geometry of a 1-D convolution (cross-correlation, as in every framework):
///   y[n, co, p] = bias[co] + sum over ci, k of weight[co, ci, k] * x[n, ci, q],
///   q = p * stride + k - pad_left,
/// with x zero outside the record. TensorFlow's SAME padding: output length ceil(L / stride), total
/// padding max((Lout - 1) * stride + K - L, 0), pad_left = total / 2 rounded down.
struct Conv1dDesc {
  int in_channels = 0;   ///< Cin
  int out_channels = 0;  ///< Cout
  int kernel = 0;        ///< K
  int stride = 1;        ///< 1 or 2
  int pad_left = 0;

  int weight_count() const { return out_channels * in_channels * kernel; }
  bool operator==(const Conv1dDesc&) const = default;
};

inline int same_output_length(int length, int stride) { return (length + stride - 1) / stride; }

inline int same_pad_left(int length, int kernel, int stride) {
  const int total = (same_output_length(length, stride) - 1) * stride + kernel - length;
  return total > 0 ? total / 2 : 0;
}

/// Positions outside [0, L) that a convolution of this geometry (forward and dgrad) may touch,
/// and so the least halo of its input and of its output's gradient.
inline int conv_halo(const Conv1dDesc& d) { return d.kernel; }

}  // namespace lth
