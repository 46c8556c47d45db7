#include "cuda/ops.h"
#include "cuda/pieces.h"
#include "lth/augmented_slot.h"

namespace lth::cuda {
namespace {

struct Arguments {
  Dataset dataset;
  const int32_t* indices;
  float mean, inv_std;
  bool flip;
  uint64_t seed;
  uint32_t stream;
  const StepValues* step_values;
  Rows x;
  int records;
  int32_t* lengths;
  int32_t* labels;
  Augmentation augment;
  int32_t* second_labels;
  float* shares;

  __device__ int32_t record(int n) const { return n < records ? indices[n] : -1; }
};

/// The values of a slot that a block needs.
struct Lane {
  AugmentedSlot slot;
  RandomKey bursts;
  int32_t label;
};

__device__ Lane draw_lane(const Arguments& a, uint32_t stream, int n) {
  Lane lane = {};
  const int32_t record = a.record(n);
  if (record < 0) return lane;
  const bool negate = a.flip && (random_bits(random_key(a.seed, stream, 0), uint32_t(n)) & 1U);
  lane.slot = draw_slot(a.augment, a.dataset.samples + a.dataset.offsets[record],
                        a.dataset.lengths[record], a.x.length, negate ? -a.inv_std : a.inv_std,
                        a.seed, stream, n);
  lane.bursts = slot_key(a.seed, stream, kAugmentBursts, n);
  lane.label = a.dataset.labels[record];
  return lane;
}

/// Whether a burst or a mask sets position l to zero.
__device__ bool is_zeroed(const Augmentation& augment, const Lane& lane, int l) {
  for (int i = 0; i < augment.masks; ++i) {
    if (l >= lane.slot.mask_begin[i] && l < lane.slot.mask_end[i]) return true;
  }
  const uint32_t threshold = burst_threshold(augment);
  if (threshold == 0) return false;
  const int first = l < augment.burst_length ? 0 : l - augment.burst_length + 1;
  for (int p = first; p <= l; ++p) {
    if (random_bits(lane.bursts, uint32_t(p)) < threshold) return true;
  }
  return false;
}

__device__ float sample_of(const Arguments& a, const Lane& lane, int l) {
  return is_zeroed(a.augment, lane, l) ? 0.0f : augmented_sample(lane.slot, a.mean, l);
}

template <class T>
__global__ void __launch_bounds__(kRowThreads) gather_augmented_kernel(Arguments a) {
  // The group's, then their partners. Shared memory has no constructors, which RandomKey has.
  LTH_SHARED(storage, double[2 * kLanes * sizeof(Lane) / sizeof(double)]);
  static_assert(sizeof(Lane) % sizeof(double) == 0 && alignof(Lane) <= alignof(double));
  Lane* const lanes = reinterpret_cast<Lane*>(storage);
  LTH_SHARED(mixings, Mixing[kLanes]);
  const Chunk chunk = chunk_of_block(a.x);
  const uint32_t stream = a.step_values ? a.step_values->stream : a.stream;
  if (threadIdx.x < 2 * kLanes) {
    const int lane = int(threadIdx.x) % kLanes, n = chunk.group * kLanes + lane;
    Mixing mixing = draw_mixing(a.augment.mixup, a.records, a.seed, stream, n);
    if (a.record(n) < 0 || a.record(mixing.partner) < 0) mixing = {n, 1.0f};
    const bool own = threadIdx.x < kLanes;
    if (own) mixings[lane] = mixing;
    lanes[threadIdx.x] = draw_lane(a, stream, own ? n : mixing.partner);
  }
  __syncthreads();
  const auto length_of = [&](int lane) {
    return min(lanes[lane].slot.valid, lanes[kLanes + lane].slot.valid);
  };
  const int first = first_record<T>();
  PieceLengths<T> lengths;
  LTH_UNROLL
  for (int i = 0; i < kPiece<T>; ++i) lengths.v[i] = length_of(first + i);
  write_chunk<T>(a.x, chunk, lengths, [&](int p) {
    Piece<T> piece = {};
    for (int i = 0; i < kPiece<T>; ++i) {
      if (!holds(lengths, i, p)) continue;
      piece.v[i] = sample_of(a, lanes[first + i], p);
      const Mixing& mixing = mixings[first + i];
      if (mixing.share == 1) continue;
      piece.v[i] = mixed(mixing, piece.v[i], sample_of(a, lanes[kLanes + first + i], p));
    }
    return piece;
  });
  if (chunk.begin == 0 && threadIdx.x < kLanes) {
    const int lane = int(threadIdx.x), n = chunk.group * kLanes + lane;
    a.lengths[n] = length_of(lane);
    a.labels[n] = lanes[lane].label;
    if (a.second_labels) {
      a.second_labels[n] = lanes[kLanes + lane].label;
      a.shares[n] = mixings[lane].share;
    }
  }
}

}  // namespace

void gather_augmented(const Gather& args, const Context& context) {
  const Rows x = rows_of(args.x);
  const Arguments arguments{*args.dataset,       args.indices,     args.mean,    args.inv_std,
                            args.flip,           args.seed,        args.stream,  args.step_values,
                            x,                   args.x.shape.records, args.lengths, args.labels,
                            *args.augment,       args.second_labels, args.shares};
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((gather_augmented_kernel<decltype(element)>), row_blocks(x), kRowThreads, 0,
               context.stream, arguments);
  });
}

}  // namespace lth::cuda
