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
  for (Array<int32_t>* a : {&index_, &channel_, &position_, &offset_}) a->resize(nnz);
  value_.resize(nnz);

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
    channel_[e] = in;
    position_[e] = position;
  });
}

const int32_t* SparseEntries::offsets(size_t row_stride, ThreadPool& pool) {
  if (row_stride != row_stride_) {
    over_entries(count(), pool, [&](size_t begin, size_t end) {
      for (size_t e = begin; e < end; ++e) {
        offset_[e] = channel_[e] * int32_t(row_stride) + position_[e] * kLanes;
      }
    });
    row_stride_ = row_stride;
  }
  return offset_.data();
}

const float* SparseEntries::values(const float* weight, ThreadPool& pool) {
  over_entries(count(), pool, [&](size_t begin, size_t end) {
    for (size_t e = begin; e < end; ++e) value_[e] = weight[index_[e]];
  });
  return value_.data();
}

}  // namespace lth::cpu::LTH_ISA
