#include "cpu/kernels/conv1d_entries.h"

namespace lth::cpu::LTH_ISA {
namespace {

constexpr int kGatherUnit = 16384;  // entries per unit of parallel work

/// Calls body(entry range) in parallel over all entries.
template <class Body>
void over_entries(size_t count, ThreadPool& pool, const Body& body) {
  const int units = int((count + kGatherUnit - 1) / kGatherUnit);
  pool.parallel_for(units, [&](int unit, int) {
    const size_t begin = size_t(unit) * kGatherUnit;
    body(begin, std::min(count, begin + kGatherUnit));
  });
}

}  // namespace

SparseEntries::SparseEntries(const PassGeometry& g, const SparsePattern& pattern, bool transposed,
                             int block)
    : out_channels_(g.out_channels), block_(block), blocks_(ceil_div(g.in_channels, block)) {
  const size_t nnz = pattern.column.size();
  begin_.resize(size_t(g.set_count) * blocks_ * g.out_channels + 1);
  begin_.fill(0);
  index_.resize(nnz);
  place_.resize(nnz);

  // There are at most K positions, so a place is less than twice the number of weights.
  lowest_ = INT32_MAX;
  int end = INT32_MIN;
  for (int s = 0; s < g.set_count; ++s) {
    if (g.sets[s].taps == 0) continue;
    lowest_ = std::min(lowest_, g.sets[s].base);
    end = std::max(end, g.sets[s].base + g.sets[s].taps);
  }
  while (end - lowest_ > (1 << position_bits_)) ++position_bits_;

  // Counting sort by (set, block, row), stable in the order visited: within a row by input channel,
  // then tap, as the dense kernel adds them. The taps of a transposed pass run against k.
  const auto visit = [&](const auto& body) {
    for (int r = 0; r < pattern.rows; ++r) {
      const int32_t begin = pattern.row_begin[r], end = pattern.row_begin[r + 1];
      for (int32_t i = begin; i < end; ++i) {
        const int32_t e = transposed ? begin + end - 1 - i : i;
        const int c = pattern.column[e] / g.kernel, k = pattern.column[e] % g.kernel;
        int set = 0;
        while ((k - g.sets[set].k_first) % g.sets[set].k_step != 0) ++set;
        const int tap = (k - g.sets[set].k_first) / g.sets[set].k_step;
        const int in = transposed ? r : c, out = transposed ? c : r;
        body((size_t(set) * blocks_ + in / block_) * out_channels_ + out, in,
             g.sets[set].base + tap, r * pattern.columns + pattern.column[e]);
      }
    }
  };
  visit([&](size_t row, int, int, int) { ++begin_[row + 1]; });
  for (size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  Array<int32_t> next(begin_.size());
  std::memcpy(next.data(), begin_.data(), begin_.size() * sizeof(int32_t));
  visit([&](size_t row, int in, int position, int index) {
    const int32_t e = next[row]++;
    index_[e] = index;
    place_[e] = uint32_t(in) << position_bits_ | uint32_t(position - lowest_);
  });
}

const int32_t* SparseEntries::offsets(size_t row_stride, ThreadPool& pool) const {
  thread_local Array<int32_t> memory;
  int32_t* const offset = memory.reserve(count() + 1);
  offset[count()] = 0;
  const uint32_t mask = (uint32_t(1) << position_bits_) - 1;
  over_entries(count(), pool, [&](size_t begin, size_t end) {
    for (size_t e = begin; e < end; ++e) {
      const int32_t position = int32_t(place_[e] & mask) + lowest_;
      offset[e] = int32_t(place_[e] >> position_bits_) * int32_t(row_stride) + position * kLanes;
    }
  });
  return offset;
}

const float* SparseEntries::values(const float* weight, ThreadPool& pool) const {
  thread_local Array<float> memory;
  float* const value = memory.reserve(count());
  over_entries(count(), pool, [&](size_t begin, size_t end) {
    for (size_t e = begin; e < end; ++e) value[e] = weight[index_[e]];
  });
  return value;
}

}  // namespace lth::cpu::LTH_ISA
