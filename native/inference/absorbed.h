#pragma once

#include <cstdint>
#include <vector>

#include "inference/values.h"

namespace lth::inference {

/// A surviving weight, times the scale of a norm that was absorbed. Channel `in_channels` is the
/// row of ones: 1 inside the record and 0 outside, which carries what constant input channels add.
struct Tap {
  int32_t channel;
  int32_t tap;  ///< 0 .. K - 1
  float value;
};

/// One output channel: v = bias + taps (+ shortcut); raw = v; active = max(floor, scale * v +
/// shift).
struct Row {
  int channel = 0;
  size_t begin = 0, mid = 0, end = 0;  ///< taps: [begin, mid) of inputs, [mid, end) of the ones
  float edge_bias = 0;                 ///< with all taps
  float inner_bias = 0;                ///< without the ones, where all of them fall inside
  float scale = 1, shift = 0;
  float floor = 0;  ///< 0 with ReLU, else minus infinity
  bool add_shortcut = false;
  bool store_raw = false;
  bool store_active = false;
};

/// The sums of a convolution, or of a norm that stands alone: one weight per channel.
struct SparseConv {
  int in_channels = 0, out_channels = 0, kernel = 0, stride = 1;
  std::vector<Tap> taps;
  std::vector<Row> rows;  ///< the needed ones, channels ascending
  bool uses_ones() const;
};

/// A max-pooling.
struct Pool {
  int input = 0;              ///< value
  int stride = 1;
  std::vector<int> channels;  ///< those that are read, ascending
};

/// One piece of work: a convolution, which `conv` of the same place has the numbers of, or a
/// pooling. Members are values as in InferenceNode; -1: none.
struct Step {
  bool is_conv = true;
  int input = -1;     ///< conv: what taps read
  int shortcut = -1;  ///< conv: what rows add, unless it is pooled on the way
  bool pools = false;  ///< conv: rows add `pool`; always for a pooling, which writes it to `raw`
  Pool pool{};
  int raw = -1;     ///< the sums
  int active = -1;  ///< the activated sums
};

/// A network as a sequence of steps.
struct Wiring {
  std::vector<Value> values;
  std::vector<Step> steps;
  /// By value: the value whose memory it lies in; itself, or one that it is a view of or replaces.
  std::vector<int> home;
  std::vector<bool> convolved;  ///< by home: taps read it, so zeros must surround it
  int kernel = 1;               ///< the widest of all convolutions

  int output() const { return int(values.size()) - 1; }
};

/// The network that remains after absorption.
struct AbsorbedNetwork : Wiring {
  std::vector<SparseConv> convs;  ///< by step; without rows if nothing is left of it
};

/// Absorbs norms and constants, and drops what nothing reads. Throws Error(range) like
/// checked_values.
AbsorbedNetwork absorb(const InferenceGraph& graph);

/// Removes the rows and channels that nothing reads, from the head backwards.
void drop_unread(AbsorbedNetwork& net);

}  // namespace lth::inference
