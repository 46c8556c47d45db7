#pragma once

#include <cstdint>
#include <vector>

#include "lth/inference.h"

namespace lth::inference {

/// A surviving weight after folding. Channel `in_channels` is the row of ones: 1 inside the record
/// and 0 outside, which carries what constant input channels add.
struct FoldedTap {
  int32_t channel;
  int32_t tap;  ///< 0 .. K - 1
  float value;
};

/// One output channel: v = bias + taps (+ shortcut); raw = v; active = relu(scale * v + shift).
struct FoldedRow {
  int channel = 0;
  size_t begin = 0, mid = 0, end = 0;  ///< taps: [begin, mid) of inputs, [mid, end) of the ones
  float edge_bias = 0;                 ///< with all taps
  float inner_bias = 0;                ///< without the ones, where all of them fall inside
  float scale = 1, shift = 0;
  bool add_shortcut = false;
  bool store_raw = false;
  bool store_active = false;
};

/// One convolution with everything up to the next one's input.
struct FoldedConv {
  int in_channels = 0, out_channels = 0, kernel = 0, stride = 1;
  std::vector<FoldedTap> taps;
  std::vector<FoldedRow> rows;  ///< the needed ones, channels ascending
  bool uses_ones() const;
};

/// A network as the sequence of work that is left of it.
struct FoldedNetwork {
  NetworkShape shape;
  FoldedConv stem, head;
  struct Block {
    FoldedConv first, second;
    std::vector<int> shortcut;  ///< input channels that the shortcut reads, ascending
  };
  std::vector<Block> blocks;
};

/// Folds norms, constants and whatever nothing reads out of a network.
/// Throws Error(range) for shapes that do not fit or numbers that are not finite.
FoldedNetwork fold(const NetworkTensors& tensors);

}  // namespace lth::inference
