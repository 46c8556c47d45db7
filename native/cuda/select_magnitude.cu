#include "cuda/select_magnitude.h"

#include <algorithm>
#include <bit>
#include <string>

#include "cuda/ops.h"
#include "cuda/reduce.h"
#include "lth/error.h"

namespace lth::cuda {
namespace {

constexpr int kThreads = 512;
constexpr int kBins = 2048;
constexpr int kBinsPerThread = kBins / kThreads;
constexpr uint32_t kInfinity = 0x7f800000U;
constexpr size_t kByteAlignment = 16;

using Count = unsigned long long;

struct SelectArguments {
  const SelectUnit* units;
  int unit_count;
  SelectCandidate* candidates;
  uint32_t capacity;
  Count* histogram;  ///< [kBins], zero between passes
  SelectState* state;
  unsigned* ticket;
};

/// Four neighbours; past the unit's end none is alive.
struct Four {
  uint32_t key[4];
  bool alive[4];
};

__device__ inline Four load_four(const SelectUnit& unit, int offset) {
  Four four;
  if (offset + 4 <= unit.count) {
    const uint4 bits = *reinterpret_cast<const uint4*>(unit.value + offset);
    const uint32_t alive =
        unit.alive ? *reinterpret_cast<const uint32_t*>(unit.alive + offset) : 0x01010101U;
    const uint32_t key[4] = {bits.x, bits.y, bits.z, bits.w};
    LTH_UNROLL
    for (int i = 0; i < 4; ++i) {
      four.key[i] = key[i] & 0x7fffffffU;
      four.alive[i] = (alive >> (8 * i) & 0xffU) != 0;
    }
  } else {
    LTH_UNROLL
    for (int i = 0; i < 4; ++i) {
      const bool exists = offset + i < unit.count;
      four.key[i] = exists ? __float_as_uint(unit.value[offset + i]) & 0x7fffffffU : 0;
      four.alive[i] = exists && (!unit.alive || unit.alive[offset + i]);
    }
  }
  return four;
}

/// body(offset, key) for this thread's alive values of a unit.
template <class Body>
__device__ void for_each_alive(const SelectUnit& unit, const Body& body) {
  for (int offset = int(threadIdx.x) * 4; offset < unit.count; offset += kThreads * 4) {
    const Four four = load_four(unit, offset);
    LTH_UNROLL
    for (int i = 0; i < 4; ++i) {
      if (four.alive[i]) body(offset + i, four.key[i]);
    }
  }
}

/// body(place, key) for the values that share the known bits, from the collected list or all
/// values.
template <class Body>
__device__ void for_each_inside(const SelectArguments& a, const SelectState& s,
                                const Body& body) {
  if (s.compact) {
    for (uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < s.candidates;
         i += gridDim.x * kThreads) {
      const SelectCandidate c = a.candidates[i];
      if ((c.key & s.known) == s.prefix) body(c.place, c.key);
    }
    return;
  }
  for (int u = int(blockIdx.x); u < a.unit_count; u += int(gridDim.x)) {
    for_each_alive(a.units[u], [&](int offset, uint32_t key) {
      if ((key & s.known) == s.prefix) body(Count(u) * kSelectElements + Count(offset), key);
    });
  }
}

/// Sum of what the threads before this one bring; all threads of the block take part.
__device__ Count exclusive_sum(Count own) {
  LTH_SHARED(totals, Count[kThreads / kWarp]);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  Count sum = own;
  for (int distance = 1; distance < kWarp; distance *= 2) {
    const Count before = __shfl_up_sync(kAllLanes, sum, distance);
    if (lane >= distance) sum += before;
  }
  if (lane == kWarp - 1) totals[warp] = sum;
  __syncthreads();
  for (int w = 0; w < warp; ++w) sum += totals[w];
  __syncthreads();
  return sum - own;
}

/// Adds a block's counts to the histogram of the pass; true in the block that adds the last.
__device__ bool add_counts(const SelectArguments& a, const unsigned* counts) {
  __syncthreads();
  for (int bin = int(threadIdx.x); bin < kBins; bin += kThreads) {
    if (counts[bin]) atomicAdd(a.histogram + bin, Count(counts[bin]));
  }
  return is_last_block(a.ticket);
}

/// Finds the bin of the `wanted`-th value, counted from the highest bin (or the lowest), tells
/// found(bin, values before it, values in it) in one thread, and clears the histogram.
template <class Found>
__device__ void resolve(const SelectArguments& a, bool from_highest, Count wanted,
                        const Found& found) {
  Count own[kBinsPerThread], sum = 0;
  LTH_UNROLL
  for (int i = 0; i < kBinsPerThread; ++i) {
    const int order = int(threadIdx.x) * kBinsPerThread + i;
    Count* count = a.histogram + (from_highest ? kBins - 1 - order : order);
    own[i] = *count;
    *count = 0;
    sum += own[i];
  }
  Count before = exclusive_sum(sum);
  LTH_UNROLL
  for (int i = 0; i < kBinsPerThread; ++i) {
    const int order = int(threadIdx.x) * kBinsPerThread + i;
    if (before < wanted && wanted <= before + own[i]) {
      found(from_highest ? kBins - 1 - order : order, before, own[i]);
    }
    before += own[i];
  }
}

__device__ void clear(unsigned* counts) {
  for (int bin = int(threadIdx.x); bin < kBins; bin += kThreads) counts[bin] = 0;
  __syncthreads();
}

/// First pass: counts by the keys' upper 11 bits, over all values.
__global__ void __launch_bounds__(kThreads) count_all_kernel(SelectArguments a) {
  LTH_SHARED(counts, unsigned[kBins]);
  clear(counts);
  Count nan = ~Count(0);
  for (int u = int(blockIdx.x); u < a.unit_count; u += int(gridDim.x)) {
    for_each_alive(a.units[u], [&](int offset, uint32_t key) {
      atomicAdd(&counts[key >> 20], 1U);
      if (key > kInfinity) nan = min(nan, Count(u) * kSelectElements + Count(offset));
    });
  }
  if (nan != ~Count(0)) atomicMin(&a.state->first_nan, nan);
  if (!add_counts(a, counts)) return;
  SelectState& s = *a.state;
  LTH_SHARED(alive, Count[1]);
  if (threadIdx.x == 0) alive[0] = 0;
  __syncthreads();
  Count own = 0;
  for (int bin = int(threadIdx.x); bin < kBins; bin += kThreads) own += a.histogram[bin];
  atomicAdd(&alive[0], own);
  const Count wanted = Count(s.wanted);
  __syncthreads();
  if (threadIdx.x == 0) s.alive = int64_t(alive[0]);
  resolve(a, true, wanted, [&](int bin, Count before, Count inside) {
    s.prefix = uint32_t(bin) << 20;
    s.known = 0x7ff00000U;
    s.wanted = int64_t(wanted - before);
    s.inside = int64_t(inside);
    s.compact = inside <= a.capacity;
  });
}

/// Second pass: masks of all values but those inside the bucket, which it collects.
__global__ void __launch_bounds__(kThreads) decide_kernel(SelectArguments a) {
  constexpr int kFours = kSelectElements / (4 * kThreads);
  LTH_SHARED(places, unsigned[2]);  // candidates of the unit; where in the list they go
  const SelectState s = *a.state;
  for (int u = int(blockIdx.x); u < a.unit_count; u += int(gridDim.x)) {
    const SelectUnit unit = a.units[u];
    if (threadIdx.x == 0) places[0] = 0;
    __syncthreads();
    Four fours[kFours];
    unsigned own = 0;  // bit 4 * f + i: value i of four f is inside
    LTH_UNROLL
    for (int f = 0; f < kFours; ++f) {
      const int offset = (f * kThreads + int(threadIdx.x)) * 4;
      if (offset >= unit.count) continue;
      fours[f] = load_four(unit, offset);
      uint32_t kept = 0;
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) {
        const uint32_t bucket = fours[f].key[i] & s.known;
        if (fours[f].alive[i] && bucket > s.prefix) kept |= 1U << (8 * i);
        if (fours[f].alive[i] && bucket == s.prefix) own |= 1U << (4 * f + i);
      }
      // A mask is padded, so the last store may reach past its end.
      *reinterpret_cast<uint32_t*>(unit.mask + offset) = kept;
    }
    if (!s.compact) continue;
    const unsigned count = unsigned(__popc(own));
    unsigned at = count ? atomicAdd(&places[0], count) : 0;
    __syncthreads();
    if (threadIdx.x == 0) places[1] = places[0] ? atomicAdd(&a.state->candidates, places[0]) : 0;
    __syncthreads();
    at += places[1];
    LTH_UNROLL
    for (int f = 0; f < kFours; ++f) {
      LTH_UNROLL
      for (int i = 0; i < 4; ++i) {
        if (!(own >> (4 * f + i) & 1U)) continue;
        const int offset = (f * kThreads + int(threadIdx.x)) * 4 + i;
        a.candidates[at++] = {Count(u) * kSelectElements + Count(offset), fours[f].key[i]};
      }
    }
    __syncthreads();
  }
}

/// Counts the values inside by `bits` more bits of their keys, from `shift` on.
__global__ void __launch_bounds__(kThreads) count_inside_kernel(SelectArguments a, int shift,
                                                                int bits) {
  LTH_SHARED(counts, unsigned[kBins]);
  clear(counts);
  const SelectState s = *a.state;
  const uint32_t mask = (1U << bits) - 1;
  for_each_inside(a, s,
                  [&](Count, uint32_t key) { atomicAdd(&counts[(key >> shift) & mask], 1U); });
  if (!add_counts(a, counts)) return;
  SelectState& state = *a.state;
  resolve(a, true, Count(s.wanted), [&](int bin, Count before, Count inside) {
    state.prefix = s.prefix | uint32_t(bin) << shift;
    state.known = s.known | mask << shift;
    state.wanted = s.wanted - int64_t(before);
    state.inside = int64_t(inside);
  });
}

/// Counts the values equal to the threshold by 11 bits of their places.
__global__ void __launch_bounds__(kThreads) count_places_kernel(SelectArguments a, int shift) {
  LTH_SHARED(counts, unsigned[kBins]);
  clear(counts);
  const SelectState s = *a.state;
  for_each_inside(a, s, [&](Count place, uint32_t) {
    if ((place & s.place_known) == s.place_prefix) {
      atomicAdd(&counts[(place >> shift) & (kBins - 1)], 1U);
    }
  });
  if (!add_counts(a, counts)) return;
  SelectState& state = *a.state;
  resolve(a, false, Count(s.wanted), [&](int bin, Count before, Count) {
    state.place_prefix = s.place_prefix | Count(bin) << shift;
    state.place_known = s.place_known | Count(kBins - 1) << shift;
    state.wanted = s.wanted - int64_t(before);
  });
}

/// Last pass: masks of the values that the second pass did not decide. `bucket` are the bits it
/// knew.
__global__ void __launch_bounds__(kThreads) settle_kernel(SelectArguments a, uint32_t bucket) {
  const SelectState s = *a.state;
  SelectState open = s;
  open.known = bucket;
  open.prefix = s.prefix & bucket;
  for_each_inside(a, open, [&](Count place, uint32_t key) {
    const bool kept = key > s.prefix || (key == s.prefix && place <= s.place_prefix);
    if (kept) a.units[place / kSelectElements].mask[place % kSelectElements] = 1;
  });
}

size_t padded(size_t bytes) {
  return (bytes + kByteAlignment - 1) / kByteAlignment * kByteAlignment;
}

SelectArguments arguments_of(const DeviceArray<SelectUnit>& units,
                             const DeviceArray<SelectCandidate>& candidates,
                             const DeviceArray<unsigned long long>& histogram,
                             const DeviceArray<SelectState>& state, unsigned* ticket) {
  return {units.data(),      int(units.size()), candidates.data(), uint32_t(candidates.size()),
          histogram.data(), state.data(),      ticket};
}

}  // namespace

Selection::Selection(std::span<const SelectTensor> tensors, const Context& context)
    : context_(context) {
  size_t bytes = 0, total = 0;
  for (const SelectTensor& tensor : tensors) {
    bytes += padded(tensor.size) * (tensor.alive ? 2 : 1);
    total += tensor.size;
  }
  bytes_ = DeviceArray<uint8_t>(bytes);
  uint8_t* at = bytes_.data();
  std::vector<SelectUnit> units;
  for (const SelectTensor& tensor : tensors) {
    mask_at_.push_back(at);
    at += padded(tensor.size);
    alive_at_.push_back(tensor.alive ? at : nullptr);
    if (tensor.alive) at += padded(tensor.size);
    first_unit_.push_back(units.size());
    for (size_t begin = 0; begin < tensor.size; begin += kSelectElements) {
      units.push_back({tensor.value + begin,
                       tensor.alive ? alive_at_.back() + begin : nullptr,
                       mask_at_.back() + begin,
                       int(std::min(size_t(kSelectElements), tensor.size - begin))});
    }
  }
  units_ = DeviceArray<SelectUnit>(units, context.stream);
  // Of normally distributed values, the fullest of the first pass's buckets holds 6 %.
  constexpr size_t kFew = size_t(1) << 16, kMost = size_t(1) << 31;
  candidates_ = DeviceArray<SelectCandidate>(std::clamp(total / 8, std::min(total, kFew), kMost));
  histogram_ = DeviceArray<unsigned long long>(kBins);
  state_ = DeviceArray<SelectState>(1);
  fill_zero(histogram_.data(), histogram_.bytes(), context.stream);
}

void Selection::run(int64_t keep) {
  const Stream stream = context_.stream;
  if (units_.size() == 0) {
    if (keep != 0) throw_range("keep must be 0, there are no weights, got " + std::to_string(keep));
    return;
  }
  SelectState state{};
  state.wanted = std::max(keep, int64_t(0));
  state.first_nan = ~0ULL;
  state.place_prefix = ~0ULL;
  copy_to_device(state_.data(), &state, sizeof state, stream);
  const SelectArguments a =
      arguments_of(units_, candidates_, histogram_, state_, context_.ticket);
  const unsigned blocks = unsigned(std::min(units_.size(), size_t(4 * context_.sm_count)));
  LTH_LAUNCH(count_all_kernel, blocks, kThreads, 0, stream, a);
  if (keep > 0) {
    LTH_LAUNCH(decide_kernel, blocks, kThreads, 0, stream, a);
    LTH_LAUNCH(count_inside_kernel, blocks, kThreads, 0, stream, a, 10, 10);
    LTH_LAUNCH(count_inside_kernel, blocks, kThreads, 0, stream, a, 0, 10);
  }
  copy_to_host(&state, state_.data(), sizeof state, stream);
  check(state, keep);
  if (keep == 0) {
    fill_zero(bytes_.data(), bytes_.bytes(), stream);
    return;
  }
  if (state.wanted < state.inside) settle_ties(state);
  LTH_LAUNCH(settle_kernel, blocks, kThreads, 0, stream, a, 0x7ff00000U);
}

void Selection::check(const SelectState& state, int64_t keep) const {
  if (keep < 0 || keep > state.alive) {
    throw_range("keep must be from 0 to " + std::to_string(state.alive) +
                ", the number of weights alive, got " + std::to_string(keep));
  }
  if (state.first_nan == ~0ULL) return;
  const size_t unit = size_t(state.first_nan / kSelectElements);
  const auto next = std::upper_bound(first_unit_.begin(), first_unit_.end(), unit);
  const size_t tensor = size_t(next - first_unit_.begin()) - 1;
  const size_t index = (unit - first_unit_[tensor]) * kSelectElements +
                       size_t(state.first_nan % kSelectElements);
  throw_range("Cannot select by magnitude: tensor " + std::to_string(tensor) +
              " holds NaN at index " + std::to_string(index));
}

/// Not all values equal to the threshold are wanted: finds the place of the last one that is.
void Selection::settle_ties(const SelectState& found) {
  SelectState state = found;
  state.place_prefix = 0;
  state.place_known = 0;
  copy_to_device(state_.data(), &state, sizeof state, context_.stream);
  const SelectArguments a =
      arguments_of(units_, candidates_, histogram_, state_, context_.ticket);
  const unsigned blocks = unsigned(std::min(units_.size(), size_t(4 * context_.sm_count)));
  constexpr int kBits = std::bit_width(unsigned(kBins)) - 1;
  const int bits = int(std::bit_width(uint64_t(units_.size()) * kSelectElements));
  for (int shift = (bits - 1) / kBits * kBits; shift >= 0; shift -= kBits) {
    LTH_LAUNCH(count_places_kernel, blocks, kThreads, 0, context_.stream, a, shift);
  }
}

void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep,
                      const Context& context) {
  Selection selection(tensors, context);
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (!tensors[t].alive) continue;
    copy_to_device(selection.alive(t), tensors[t].alive, tensors[t].size, context.stream);
  }
  selection.run(keep);
  for (size_t t = 0; t < tensors.size(); ++t) {
    copy_to_host(tensors[t].mask, selection.mask(t), tensors[t].size, context.stream);
  }
}

}  // namespace lth::cuda
