#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "cpu/kernels/ops.h"
#include "cpu/kernels/select_scan.h"
#include "lth/error.h"

/// Exact selection of the largest magnitudes over all tensors. A sample brackets the threshold. One
/// pass decides everything outside the bracket and collects what lies inside, among which the
/// threshold is then selected exactly. If the sample misled, a radix select over all values finds
/// it. Every way gives the same masks.
namespace lth::cpu::LTH_ISA {
namespace {

constexpr size_t kUnitElements = size_t(1) << 16;
constexpr int64_t kSamples = 1 << 15;

struct Unit {
  size_t tensor;
  size_t begin;
  size_t end;
  int64_t alive = 0;
  ScanResult found = {};
};

class Selection {
 public:
  Selection(std::span<const SelectTensor> tensors, int64_t keep, ThreadPool& pool)
      : tensors_(tensors), keep_(keep), pool_(pool) {
    for (size_t t = 0; t < tensors.size(); ++t) {
      for (size_t begin = 0; begin < tensors[t].size; begin += kUnitElements) {
        units_.push_back({t, begin, std::min(begin + kUnitElements, tensors[t].size)});
      }
    }
  }

  void run() {
    count_alive();
    if (keep_ < 0 || keep_ > alive_) {
      throw_range("keep must be from 0 to " + std::to_string(alive_) +
                  ", the number of weights alive, got " + std::to_string(keep_));
    }
    const Bracket bracket = sample_bracket();
    scan(bracket);
    if (finish(bracket)) return;
    const uint32_t threshold = radix_threshold();
    scan({threshold, threshold});
    finish({threshold, threshold});
  }

 private:
  template <class Body>
  void for_units(const Body& body) {
    pool_.parallel_for(int(units_.size()),
                       [&](int i, int thread) { body(units_[size_t(i)], thread); });
  }

  ScanInput input(const Unit& unit) const {
    const SelectTensor& tensor = tensors_[unit.tensor];
    return {tensor.value + unit.begin, tensor.alive ? tensor.alive + unit.begin : nullptr,
            tensor.mask + unit.begin, unit.end - unit.begin};
  }

  void count_alive() {
    for_units([&](Unit& unit, int) {
      const ScanInput in = input(unit);
      unit.alive = int64_t(in.size);
      if (in.alive) unit.alive = std::count(in.alive, in.alive + in.size, uint8_t(1));
    });
    for (const Unit& unit : units_) alive_ += unit.alive;
  }

  /// Magnitudes between which the keep-th largest most likely lies, from a sample of each unit in
  /// proportion to what is alive in it.
  Bracket sample_bracket() const {
    if (keep_ == 0) return {kInfinity, kInfinity};
    if (keep_ == alive_) return {0, 0};
    std::vector<uint32_t> sample;
    sample.reserve(size_t(2 * kSamples));
    const int64_t step = std::max<int64_t>(alive_ / kSamples, 1);
    int64_t next = step / 2;  // alive elements to pass over before the next one is taken
    for (const Unit& unit : units_) {
      if (next >= unit.alive) {
        next -= unit.alive;
        continue;
      }
      const ScanInput in = input(unit);
      // Positions evenly spread; where most are pruned, the nearest survivor behind one.
      const int64_t take = (unit.alive - next + step - 1) / step;
      for (int64_t i = 0; i < take; ++i) {
        size_t at = size_t(double(i) / double(take) * double(in.size));
        while (at < in.size && in.alive && !in.alive[at]) ++at;
        if (at < in.size) sample.push_back(magnitude(in.value[at]));
      }
      next += take * step - unit.alive;
    }
    const auto ranked = [&sample](double rank) {
      const auto at = sample.begin() + std::ptrdiff_t(rank);
      std::nth_element(sample.begin(), at, sample.end());
      return *at;
    };
    const double size = double(sample.size());
    const double share = double(keep_) / double(alive_);
    const double center = (1 - share) * size;
    const double spread = 4 * std::sqrt(share * (1 - share) * size) + 2;
    const double low = std::floor(center - spread);
    const double high = std::ceil(center + spread);
    return {low < 0 ? 0 : ranked(low), high > size - 1 ? kInfinity : ranked(high)};
  }

  /// Masks by bracket: 1 above it, 0 for now inside and below.
  void scan(const Bracket& bracket) {
    for_units([&](Unit& unit, int) { scan_unit(input(unit), bracket, unit.found); });
    for (const Unit& unit : units_) {
      if (unit.found.nan < 0) continue;
      throw_range("Cannot select by magnitude: tensor " + std::to_string(unit.tensor) +
                  " holds NaN at index " + std::to_string(unit.begin + size_t(unit.found.nan)));
    }
  }

  /// Settles what lies inside the bracket; false if the threshold does not.
  bool finish(const Bracket& bracket) {
    int64_t above = 0, inside = 0;
    for (const Unit& unit : units_) {
      above += unit.found.above;
      inside += unit.found.inside;
    }
    int64_t wanted = keep_ - above;
    if (wanted < 0 || wanted > inside) return false;
    uint32_t threshold = bracket.low;
    int64_t equal = wanted;  // of those at the threshold, the first this many survive
    if (bracket.low < bracket.high && wanted > 0) {
      std::vector<uint32_t> keys;
      keys.reserve(size_t(inside));
      for (const Unit& unit : units_) {
        for (const Candidate& candidate : unit.found.candidates) keys.push_back(candidate.key);
      }
      const auto at = keys.begin() + (inside - wanted);
      std::nth_element(keys.begin(), at, keys.end());
      threshold = *at;
      for (uint32_t key : keys) equal -= key > threshold;
    }
    if (wanted == 0) return true;
    std::vector<int64_t> quota(units_.size());  // of elements at the threshold
    for (size_t i = 0; i < units_.size(); ++i) {
      const ScanResult& found = units_[i].found;
      int64_t here = found.inside;
      if (bracket.low < bracket.high) {
        here = std::count_if(found.candidates.begin(), found.candidates.end(),
                             [&](const Candidate& c) { return c.key == threshold; });
      }
      quota[i] = std::min(here, equal);
      equal -= quota[i];
    }
    pool_.parallel_for(int(units_.size()), [&](int i, int) {
      settle_unit(input(units_[size_t(i)]), bracket, threshold, quota[size_t(i)],
                  units_[size_t(i)].found);
    });
    return true;
  }

  /// The keep-th largest magnitude (keep >= 1): three rounds over 11, 10 and 10 bits.
  uint32_t radix_threshold() {
    uint32_t prefix = 0, known = 0;
    int64_t rank = keep_;  // among the values that share the known bits
    for (const auto& [shift, bits] : {std::pair(20, 11), std::pair(10, 10), std::pair(0, 10)}) {
      const size_t buckets = size_t(1) << bits;
      std::vector<int64_t> counts(buckets * size_t(pool_.threads()));
      for_units([&](Unit& unit, int thread) {
        int64_t* count = counts.data() + size_t(thread) * buckets;
        const ScanInput in = input(unit);
        for (size_t i = 0; i < in.size; ++i) {
          const uint32_t key = magnitude(in.value[i]);
          if ((key & known) == prefix && (!in.alive || in.alive[i])) {
            ++count[(key >> shift) & uint32_t(buckets - 1)];
          }
        }
      });
      size_t bucket = buckets;
      int64_t here = 0;
      do {
        rank -= here;
        --bucket;
        here = 0;
        for (int t = 0; t < pool_.threads(); ++t) here += counts[size_t(t) * buckets + bucket];
      } while (here < rank);
      prefix |= uint32_t(bucket) << shift;
      known |= uint32_t(buckets - 1) << shift;
    }
    return prefix;
  }

  std::span<const SelectTensor> tensors_;
  int64_t keep_;
  ThreadPool& pool_;
  std::vector<Unit> units_;
  int64_t alive_ = 0;
};

}  // namespace

void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep, ThreadPool& pool) {
  Selection(tensors, keep, pool).run();
}

}  // namespace lth::cpu::LTH_ISA
