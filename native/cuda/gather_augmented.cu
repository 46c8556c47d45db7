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
};

/// What a block needs of each record of its group.
struct Lane {
  AugmentedSlot slot;
  RandomKey bursts;
  int32_t label;
};

__device__ Lane draw_lane(const Arguments& a, int n) {
  Lane lane = {};
  const int32_t record = n < a.records ? a.indices[n] : -1;
  if (record < 0) return lane;
  const uint32_t stream = a.step_values ? a.step_values->stream : a.stream;
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

template <class T>
__global__ void __launch_bounds__(kRowThreads) gather_augmented_kernel(Arguments a) {
  LTH_SHARED(lanes, Lane[kLanes]);
  const Chunk chunk = chunk_of_block(a.x);
  if (threadIdx.x < kLanes) {
    lanes[threadIdx.x] = draw_lane(a, chunk.group * kLanes + int(threadIdx.x));
  }
  __syncthreads();
  const int first = first_record<T>();
  PieceLengths<T> lengths;
  LTH_UNROLL
  for (int i = 0; i < kPiece<T>; ++i) lengths.v[i] = lanes[first + i].slot.valid;
  write_chunk<T>(a.x, chunk, lengths, [&](int p) {
    Piece<T> piece = {};
    for (int i = 0; i < kPiece<T>; ++i) {
      const Lane& lane = lanes[first + i];
      if (holds(lengths, i, p) && !is_zeroed(a.augment, lane, p)) {
        piece.v[i] = augmented_sample(lane.slot, a.mean, p);
      }
    }
    return piece;
  });
  if (chunk.begin == 0 && threadIdx.x < kLanes) {
    const int n = chunk.group * kLanes + int(threadIdx.x);
    a.lengths[n] = lanes[threadIdx.x].slot.valid;
    a.labels[n] = lanes[threadIdx.x].label;
  }
}

}  // namespace

void gather_augmented(const Gather& args, const Context& context) {
  const Rows x = rows_of(args.x);
  const Arguments arguments{*args.dataset,       args.indices,     args.mean,    args.inv_std,
                            args.flip,           args.seed,        args.stream,  args.step_values,
                            x,                   args.x.shape.records, args.lengths, args.labels,
                            *args.augment};
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((gather_augmented_kernel<decltype(element)>), row_blocks(x), kRowThreads, 0,
               context.stream, arguments);
  });
}

}  // namespace lth::cuda
