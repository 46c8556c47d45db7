#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "inference/absorbed.h"
#include "inference/arena.h"
#include "inference/compiled.h"

namespace lth::inference {

/// A network compiled for one instruction set.
struct CompiledNetwork : Wiring {
  std::vector<CompiledConv> convs;  ///< by step
};

/// One step of a plan. Buffers are places in Plan::buffers.
struct PlannedStep {
  Layout input;       ///< how the value lies that taps read
  Layout in;          ///< how taps read it: as it lies, or split
  Layout out;
  Layout pool_input;  ///< how the value lies that is pooled
  /// The shortcut is pooled as it is added; else before, into `shortcut`.
  bool pools_on_add = false;
  size_t from = 0, split = 0, shortcut = 0, raw = 0, active = 0, pool_from = 0;
  std::vector<Entry> entries;
  int inner_begin = 0, inner_end = 0;
};

/// Everything that depends on the record's length.
struct Plan {
  Plan(const CompiledNetwork& net, int length, const Kernels& kernels);

  int length;
  std::vector<PlannedStep> steps;
  std::vector<Buffer> buffers;
  size_t record = 0, scratch = 0, sums = 0;  ///< buffers: the samples, one row, sums of a tile's rows
  Layout record_layout;
  std::unique_ptr<Arena> arena;

  size_t bytes() const;
};

}  // namespace lth::inference
