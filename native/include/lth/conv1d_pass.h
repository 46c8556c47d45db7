#pragma once

#include "lth/conv1d_desc.h"
#include "lth/random.h"

/// Forward and dgrad are one operation, a pass:
///   out[o, out_first + j * out_step] = bias[o] + add[o, same position] +
///       sum over i, t of weight(o, i, k(t)) * in[i, base + j * in_step + t]
/// over one or, for the gradient of a strided convolution, two sets of taps t. j is a step.
namespace lth {

struct TapSet {
  int out_first;  ///< first output position
  int taps;       ///< T; may be 0
  int base;       ///< input position of tap 0 for step 0
  int k_first;    ///< kernel index of tap 0
  int k_step;     ///< kernel index step from tap to tap

  LTH_HOST_DEVICE constexpr int kernel_index(int tap) const { return k_first + k_step * tap; }
  /// Past the last input position that steps before `end` read.
  LTH_HOST_DEVICE constexpr int inputs_end(int end, int in_step) const {
    return (end - 1) * in_step + base + taps;
  }
};

struct PassGeometry {
  int in_channels;
  int out_channels;
  int kernel;    ///< K
  int in_step;   ///< 1 or 2
  int out_step;  ///< 1 or 2
  int set_count;
  TapSet sets[2];
  int weight_out_stride;  ///< of weight [Cout, Cin, K], per output channel of this pass
  int weight_in_stride;
};

// Each translation unit has a copy of its own (static): they are compiled for different instruction
// sets, and the linker would keep any one of them for all.

static inline PassGeometry forward_geometry(const Conv1dDesc& d) {
  return {d.in_channels, d.out_channels, d.kernel, d.stride, 1, 1,
          {{0, d.kernel, -d.pad_left, 0, 1}, {}},
          d.in_channels * d.kernel, d.kernel};
}

/// dx[q] takes weight k from dy[(q + pad - k) / stride] where that is whole: for stride 2, even and
/// odd q use disjoint taps.
static inline PassGeometry dgrad_geometry(const Conv1dDesc& d) {
  PassGeometry g{d.out_channels, d.in_channels, d.kernel, 1, d.stride, d.stride, {},
                 d.kernel, d.in_channels * d.kernel};
  for (int r = 0; r < d.stride; ++r) {
    int last = d.kernel - 1;
    if (d.stride == 2 && ((r + d.pad_left - last) & 1)) --last;
    const int taps = last < 0 ? 0 : last / d.stride + 1;
    g.sets[r] = {r, taps, taps ? (r + d.pad_left - last) / d.stride : 0, last, -d.stride};
  }
  return g;
}

}  // namespace lth
