#pragma once

#include <vector>

#include "cuda/conv1d_index.h"

namespace lth::cuda::conv {

/// One array of packed weights, made from a weight [Cout, Cin, K].
struct PackJob {
  enum class Kind { tf32, bf16, simt, gather };
  Kind kind;
  const float* weight;
  uint32_t* target;          ///< [words]; gather: the second words of [words] pairs
  int words;
  const int32_t* index;      ///< gather: [words] places in the weight
  const int32_t* out_list;   ///< rows -> output channels of the pass, null: all
  const int32_t* in_list;    ///< likewise for input channels
  int rows, channels;        ///< lengths of the lists
  int out_stride, in_stride; ///< of the weight, per channel of the pass
  int in_step;
  TapSet taps;
  StageCut cut;
};

/// Makes as many launches, in order, as the jobs' descriptions need.
void launch_pack(const std::vector<PackJob>& jobs, Stream stream);

}  // namespace lth::cuda::conv
