#include "core/memory_plan.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace lth {
namespace {

constexpr size_t kAlignment = 64;

size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

size_t plan_memory(std::vector<PlannedBlock>& blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<size_t> placed;  // by ascending offset
  size_t total = 0;
  for (size_t index : order) {
    PlannedBlock& block = blocks[index];
    const size_t bytes = padded(block.bytes);
    size_t end = 0;  // of the blocks seen so far that live at the same time
    size_t best_gap = SIZE_MAX;
    size_t best = SIZE_MAX;
    for (size_t other_index : placed) {
      const PlannedBlock& other = blocks[other_index];
      if (other.last < block.first || block.last < other.first) continue;
      if (other.offset >= end) {
        const size_t gap = other.offset - end;
        if (gap >= bytes && gap < best_gap) {
          best_gap = gap;
          best = end;
        }
      }
      end = std::max(end, other.offset + padded(other.bytes));
    }
    block.offset = best == SIZE_MAX ? end : best;
    total = std::max(total, block.offset + bytes);
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), block.offset,
        [&](size_t offset, size_t other) { return offset < blocks[other].offset; });
    placed.insert(at, index);
  }
  return total;
}

}  // namespace lth
