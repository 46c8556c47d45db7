#pragma once

#include "lth/inference.h"

namespace lth::inference {

/// Throws Error(range) unless all tensors have the shapes of the network and are finite.
void check_network(const NetworkTensors& tensors);

/// The input channels, output channels and kernel of each convolution, in order.
struct ConvExtent {
  int in_channels, out_channels, kernel, stride;
};
ConvExtent conv_extent(const NetworkShape& shape, int index);

}  // namespace lth::inference
