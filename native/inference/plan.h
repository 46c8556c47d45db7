#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "inference/compiled.h"

namespace lth::inference {

/// A network compiled for one instruction set.
struct CompiledNetwork {
  NetworkShape shape;
  CompiledConv stem, head;
  struct Block {
    CompiledConv first, second;
    std::vector<int> shortcut;  ///< channels that the shortcut reads, ascending
  };
  std::vector<Block> blocks;
};

/// One convolution of a plan.
struct PlannedConv {
  Layout in, out;
  std::vector<int32_t> offset;
  int inner_begin = 0, inner_end = 0;
};

/// The memory of all activations, zeroed.
class Arena {
 public:
  explicit Arena(size_t floats);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  float* data() { return data_; }
  size_t floats() const { return floats_; }

 private:
  void* memory_ = nullptr;
  size_t mapped_ = 0;  ///< bytes at memory_, on Linux
  float* data_ = nullptr;
  size_t floats_;
};

/// Everything that depends on the record's length.
struct Plan {
  Plan(const CompiledNetwork& net, int length, const Kernels& kernels);

  int length;
  int steps;
  std::vector<PlannedConv> convs;  ///< stem, block0.conv1, ..., head
  /// Buffers as floats from the arena's start. outer: [C] rows between blocks, activated; inner:
  /// between a block's convolutions; strided: the stem's input, then even and odd positions; raw:
  /// residuals before and after a pooling; scratch: one row; sums: of a tile's rows.
  size_t outer = 0, inner = 0, strided = 0, raw[2] = {}, scratch = 0, sums = 0;
  std::unique_ptr<Arena> arena;

  size_t bytes() const;
};

/// Positions after every odd block up to `blocks` has halved `length`, rounding up.
int length_after(int length, int blocks);

}  // namespace lth::inference
