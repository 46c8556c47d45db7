#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cpu/kernels/ops.h"
#include "cpu/kernels/select_scan.h"
#include "lth/error.h"

/// Exact selection of the largest magnitudes over all tensors. A sample gives a bracket for the
/// threshold. One pass decides all values outside the bracket, and collects the values inside and
/// counts them by bucket; the bucket of the threshold is then decided exactly. If the threshold is
/// outside the bracket, a radix select over all values finds it. Both ways give the same masks.
namespace lth::cpu::LTH_ISA {
namespace {

/// Values to sample: more of them cost more to rank and leave fewer inside the bracket.
int64_t samples_of(int64_t alive) {
  return std::clamp(alive / 512, int64_t(1) << 15, int64_t(1) << 17);
}

struct Unit {
  size_t tensor;
  size_t begin;
  size_t end;
  int64_t alive = 0;
  size_t first_sample = 0;
  int64_t samples = 0;
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
    for_units([&](Unit& unit, int) { unit.alive = count_alive(input(unit)); });
    for (const Unit& unit : units_) alive_ += unit.alive;
    if (keep_ < 0 || keep_ > alive_) {
      throw_range("keep must be from 0 to " + std::to_string(alive_) +
                  ", the number of weights alive, got " + std::to_string(keep_));
    }
    const Bracket bracket = sample_bracket();
    scan(bracket);
    if (finish(bracket)) return;
    const uint32_t threshold = radix_threshold();
    const Bracket exact(threshold, threshold, 0);
    scan(exact);
    finish(exact);
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

  /// Magnitudes of every step-th weight alive, or of a neighbour.
  std::vector<uint32_t> sample() {
    const int64_t step = std::max<int64_t>(alive_ / samples_of(alive_), 1);
    int64_t next = step / 2;  // alive elements to pass over before the next one is taken
    size_t count = 0;
    for (Unit& unit : units_) {
      unit.first_sample = count;
      unit.samples = next < unit.alive ? (unit.alive - next + step - 1) / step : 0;
      next += unit.samples * step - unit.alive;
      count += size_t(unit.samples);
    }
    constexpr uint32_t kNone = ~uint32_t(0);
    std::vector<uint32_t> sample(count, kNone);
    for_units([&](Unit& unit, int) {
      const ScanInput in = input(unit);
      // Positions evenly spread; where most are pruned, the nearest survivor behind one.
      for (int64_t i = 0; i < unit.samples; ++i) {
        size_t at = size_t(i) * in.size / size_t(unit.samples);
        while (at < in.size && in.alive && !in.alive[at]) ++at;
        if (at < in.size) sample[unit.first_sample + size_t(i)] = magnitude(in.value[at]);
      }
    });
    std::erase(sample, kNone);
    return sample;
  }

  /// Magnitudes between which the keep-th largest most likely lies.
  Bracket sample_bracket() {
    if (keep_ == 0) return {kInfinity, kInfinity, 0};
    if (keep_ == alive_) return {0, 0, 0};
    std::vector<uint32_t> sampled = sample();
    const double size = double(sampled.size());
    const double share = double(keep_) / double(alive_);
    const double center = (1 - share) * size;
    const double spread = 3.5 * std::sqrt(share * (1 - share) * size) + 2;
    const double low = std::floor(center - spread);
    const double high = std::ceil(center + spread);
    const bool has_low = low >= 0, has_high = high <= size - 1;
    const auto low_at = sampled.begin() + (has_low ? std::ptrdiff_t(low) : 0);
    if (has_low) std::nth_element(sampled.begin(), low_at, sampled.end());
    uint32_t high_key = kInfinity;
    if (has_high) {
      const auto high_at = sampled.begin() + std::ptrdiff_t(high);
      std::nth_element(low_at + has_low, high_at, sampled.end());
      high_key = *high_at;
    }
    // A sampled NaN is no magnitude; the scan reports it.
    high_key = std::min(high_key, kInfinity);
    return {has_low ? std::min(*low_at, high_key) : 0, high_key, 2 * spread / size};
  }

  /// Masks by bracket: 1 above it, 0 for now inside and below.
  void scan(const Bracket& bracket) {
    std::vector<int64_t> counts(size_t(pool_.threads()) * Bracket::kBuckets);
    for_units([&](Unit& unit, int thread) {
      scan_unit(input(unit), bracket, counts.data() + size_t(thread) * Bracket::kBuckets,
                unit.found);
    });
    for (const Unit& unit : units_) {
      if (unit.found.nan < 0) continue;
      throw_range("Cannot select by magnitude: tensor " + std::to_string(unit.tensor) +
                  " holds NaN at index " + std::to_string(unit.begin + size_t(unit.found.nan)));
    }
    histogram_.assign(Bracket::kBuckets, 0);
    for (size_t i = 0; i < counts.size(); ++i) histogram_[i % Bracket::kBuckets] += counts[i];
  }

  /// Settles what lies inside the bracket; false if the threshold does not.
  bool finish(const Bracket& bracket) {
    int64_t above = 0, inside = 0;
    for (const Unit& unit : units_) {
      above += unit.found.above;
      inside += unit.found.inside;
    }
    const int64_t wanted = keep_ - above;
    if (wanted < 0 || wanted > inside) return false;
    if (wanted == 0) return true;
    if (bracket.collects()) {
      finish_buckets(wanted);
    } else {
      finish_equal(bracket.low, wanted);
    }
    return true;
  }

  /// The bracket is the threshold: the first `wanted` of its values survive.
  void finish_equal(uint32_t threshold, int64_t wanted) {
    std::vector<int64_t> quota(units_.size());
    for (size_t i = 0; i < units_.size(); ++i) {
      quota[i] = std::min(units_[i].found.inside, wanted);
      wanted -= quota[i];
    }
    pool_.parallel_for(int(units_.size()), [&](int i, int) {
      settle_equal(input(units_[size_t(i)]), threshold, quota[size_t(i)]);
    });
  }

  /// The largest `wanted` candidates survive.
  void finish_buckets(int64_t wanted) {
    size_t bucket = Bracket::kBuckets - 1;
    for (; histogram_[bucket] < wanted; --bucket) wanted -= histogram_[bucket];
    for_units([&](Unit& unit, int) {
      settle_outside(input(unit), uint32_t(bucket), unit.found.candidates);
    });
    std::vector<uint32_t> keys;
    keys.reserve(size_t(histogram_[bucket]));
    for (const Unit& unit : units_) {
      const float* value = input(unit).value;
      for (const Candidate candidate : unit.found.candidates) {
        keys.push_back(magnitude(value[candidate.index()]));
      }
    }
    const auto at = keys.end() - std::ptrdiff_t(wanted);
    std::nth_element(keys.begin(), at, keys.end());
    const uint32_t threshold = *at;
    int64_t equal = wanted;  // of those at the threshold, the first this many survive
    for (auto key = at; key != keys.end(); ++key) equal -= *key > threshold;
    for (const Unit& unit : units_) {
      const ScanInput in = input(unit);
      for (const Candidate candidate : unit.found.candidates) {
        const uint32_t key = magnitude(in.value[candidate.index()]);
        in.mask[candidate.index()] = key > threshold || (key == threshold && equal-- > 0);
      }
    }
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
  std::vector<int64_t> histogram_;  // of the values inside the bracket, by bucket
  int64_t alive_ = 0;
};

}  // namespace

void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep, ThreadPool& pool) {
  Selection(tensors, keep, pool).run();
}

}  // namespace lth::cpu::LTH_ISA
