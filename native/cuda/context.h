#pragma once

#include "cuda/device.h"

namespace lth::cuda {

/// The context of an op, in addition to its arguments.
struct Context {
  Stream stream;
  Workspace& workspace;
  int sm_count;
  unsigned* ticket;  ///< device memory, [1], 0 between ops: counts the blocks that are done
  Precision precision = Precision::fp32;  ///< decides what activations are kept as: cuda/element.h
};

}  // namespace lth::cuda
