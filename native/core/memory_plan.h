#pragma once

#include <cstddef>
#include <vector>

namespace lth {

/// A block of memory in use from op `first` to op `last`, both included.
struct PlannedBlock {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
  size_t offset = 0;  ///< result, a multiple of 64
};

/// Gives blocks whose times overlap disjoint places; returns the bytes needed in all.
/// Largest first, each into the tightest gap between those already placed (Pisarchyk and Lee 2020,
/// "Efficient Memory Management for Deep Neural Net Inference", greedy by size).
size_t plan_memory(std::vector<PlannedBlock>& blocks);

}  // namespace lth
