#pragma once

#include <cstdint>
#include <vector>

#include "inference/absorbed.h"
#include "inference/kernels.h"
#include "inference/layout.h"

namespace lth::inference {

/// A convolution as the kernels take it, for any length of record.
struct CompiledConv {
  int in_channels = 0, kernel = 0, stride = 1;
  bool dense = false;
  std::vector<RowWork> rows;
  std::vector<float> value;     ///< see ConvWork
  std::vector<int32_t> column;  ///< [entries] channel * K + tap; channel in_channels: the ones
  std::vector<RowGroup> groups;  ///< see ConvWork
  int blocks = 1;
  std::vector<int> reads;       ///< input channels with survivors, ascending
  bool uses_ones = false;
  int64_t multiplications = 0;  ///< per output position

  size_t bytes() const;
};

/// Chooses the dense kernel where enough of the rows times the channels they read survives.
CompiledConv compile(const SparseConv& conv, const Kernels& kernels);

/// The entries for an input that lies like `in`; `ones`: floats from channel 0 of the input
/// to the row of ones, which lies like a channel of it.
std::vector<Entry> entries_at(const CompiledConv& conv, const Layout& in, int pad_left,
                                   ptrdiff_t ones);

}  // namespace lth::inference
