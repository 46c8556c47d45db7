#include "core/recording.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "core/format.h"
#include "core/memory_plan.h"
#include "lth/error.h"

namespace lth {
namespace {

/// Throws rather than let a product of extents wrap around. Kernels count the elements of sixteen
/// records in 32 bits.
void check_addressable(const ActivationShape& shape, const Backend& backend) {
  const double groups = (double(shape.records) + kLanes - 1) / kLanes;
  const double group_elements =
      double(kLanes) * shape.channels * (double(shape.length) + 2.0 * shape.halo);
  const double bytes = groups * group_elements * element_bytes(backend);
  if (bytes > 0x1p46) {
    throw_state("Cannot hold an activation " + shape_text(shape) + ": it needs " +
                number_text(bytes) + " bytes");
  }
  if (group_elements > double(INT32_MAX)) {
    throw_range("Cannot compute an activation " + shape_text(shape) +
                ": sixteen records of it are " + number_text(group_elements) +
                " numbers, and at most " + std::to_string(INT32_MAX) + " can be addressed");
  }
}

}  // namespace

double element_bytes(const Backend& backend) {
  return double(backend.activation_bytes({kLanes, 1, 1, 0})) / kLanes;
}

size_t bytes_without_halo(const Recording& recording, ValueIndex value) {
  ActivationShape shape = recording.values[size_t(value)].shape;
  shape.halo = 0;
  return recording.backend->activation_bytes(shape);
}

ValueIndex Recording::index_of(Value handle, const char* role) const {
  const std::string what = std::string(role) + " " + std::to_string(handle);
  if (handle < 0) throw_range(what + " is not a value: handles are not negative");
  if ((handle & ~(kMostValues - 1)) != tag) {
    throw_type(what + " belongs to another builder or program");
  }
  const ValueIndex index = handle & (kMostValues - 1);
  if (index >= ValueIndex(values.size())) {
    throw_range(what + " does not exist: " + std::to_string(values.size()) +
                " values have been recorded");
  }
  return index;
}

size_t plan_values(Recording& recording) {
  fuse_norms(recording);
  std::vector<ValueInfo>& values = recording.values;
  const int end = int(recording.nodes.size());
  struct Life {
    int first, last;
  };
  std::vector<Life> lives(values.size());
  std::vector<bool> held(values.size());  // results of folded ops are not
  for (size_t v = 0; v < values.size(); ++v) {
    held[v] = values[v].input;
    // Inputs are written before a run and keep for all replays, outputs are read after it.
    const bool kept = values[v].input || values[v].output;
    lives[v].first = values[v].producer;  // an input has none: it lives from before op 0
    lives[v].last = kept ? end : values[v].producer;
  }
  for (int node = 0; node < end; ++node) {
    const Op& op = *recording.nodes[size_t(node)].op;
    const OpValues operands = op.values();
    int last = node;  // until which it may run
    if (recording.backend->overlaps_wgrad() && op.is_wgrad()) {
      while (last + 1 < end && !recording.nodes[size_t(last + 1)].op->joins_wgrad()) ++last;
    }
    for (ValueIndex v : operands.reads) {
      if (v != kNone) lives[size_t(v)].last = std::max(lives[size_t(v)].last, last);
    }
    if (operands.write != kNone) held[size_t(operands.write)] = true;
    for (const HaloNeed& need : op.halos()) {
      int& halo = values[size_t(need.value)].shape.halo;
      halo = std::max(halo, need.halo);
    }
  }

  // Values that share a block: each op's result takes over the operand it may overwrite.
  std::vector<ValueIndex> block_of(values.size());
  std::iota(block_of.begin(), block_of.end(), 0);
  std::vector<int> halo_of(values.size());
  for (size_t v = 0; v < values.size(); ++v) halo_of[v] = values[v].shape.halo;
  for (int node = 0; node < end; ++node) {
    const Op& op = *recording.nodes[size_t(node)].op;
    const ValueIndex old = op.overwritable();
    if (old == kNone || lives[size_t(old)].last != node) continue;
    const ValueIndex result = op.values().write;
    const ValueIndex block = block_of[size_t(old)];
    block_of[size_t(result)] = block;
    halo_of[size_t(block)] = std::max(halo_of[size_t(block)], halo_of[size_t(result)]);
    lives[size_t(block)].last = lives[size_t(result)].last;
  }

  std::vector<PlannedBlock> blocks;
  std::vector<int> planned(values.size(), kNone);
  for (size_t v = 0; v < values.size(); ++v) {
    values[v].shape.halo = halo_of[size_t(block_of[v])];
    if (block_of[v] != ValueIndex(v) || !held[v]) continue;
    check_addressable(values[v].shape, *recording.backend);
    planned[v] = int(blocks.size());
    blocks.push_back({recording.backend->activation_bytes(values[v].shape), lives[v].first,
                      lives[v].last, 0});
  }
  const size_t total = plan_memory(blocks);
  for (size_t v = 0; v < values.size(); ++v) {
    if (held[v]) values[v].offset = blocks[size_t(planned[size_t(block_of[v])])].offset;
  }
  return total;
}

}  // namespace lth
