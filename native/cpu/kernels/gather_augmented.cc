#include <vector>

#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"
#include "lth/augmented_slot.h"

namespace lth::cpu::LTH_ISA {
namespace {

constexpr int kChunk = 512;  // positions of a unit

/// Sets to zero what bursts cover of positions begin .. end - 1, which `x` points to.
void zero_bursts(const Augmentation& augment, RandomKey key, int begin, int end, float* x) {
  const uint32_t threshold = burst_threshold(augment);
  if (threshold == 0) return;
  int left = 0;  // positions that the last burst still covers
  for (int l = std::max(0, begin - augment.burst_length + 1); l < end; ++l) {
    if (random_bits(key, uint32_t(l)) < threshold) left = augment.burst_length;
    if (left == 0) continue;
    --left;
    if (l >= begin) x[l - begin] = 0;
  }
}

void zero_masks(const Augmentation& augment, const AugmentedSlot& slot, int begin, int end,
                float* x) {
  for (int i = 0; i < augment.masks; ++i) {
    const int from = std::max(begin, slot.mask_begin[i]);
    const int to = std::min(end, slot.mask_end[i]);
    for (int l = from; l < to; ++l) x[l - begin] = 0;
  }
}

}  // namespace

void gather_augmented(const Gather& args, ThreadPool& pool) {
  const Activation& x = args.x;
  const Dataset& data = *args.dataset;
  const Augmentation& augment = *args.augment;
  const int count = x.groups() * kLanes;
  const RandomKey flips = random_key(args.seed, args.stream, 0);
  std::vector<AugmentedSlot> slots{size_t(count)};
  for (int n = 0; n < count; ++n) {
    const int32_t record = n < x.shape.records ? args.indices[n] : -1;
    args.lengths[n] = args.labels[n] = 0;
    if (record < 0) continue;
    const bool negate = args.flip && (random_bits(flips, uint32_t(n)) & 1U);
    slots[size_t(n)] = draw_slot(augment, data.samples + data.offsets[record],
                                 data.lengths[record], x.shape.length,
                                 negate ? -args.inv_std : args.inv_std, args.seed, args.stream, n);
    args.lengths[n] = slots[size_t(n)].valid;
    args.labels[n] = data.labels[record];
  }

  const int chunks = (x.shape.length + kChunk - 1) / kChunk;
  pool.parallel_for(x.groups() * chunks, [&](int unit, int) {
    const int group = unit / chunks;
    const int begin = unit % chunks * kChunk;
    const int end = std::min(begin + kChunk, x.shape.length);
    float* row = x.row(group, 0) + size_t(begin) * kLanes;
    for (int i = 0; i < kLanes; ++i) {
      const int n = group * kLanes + i;
      const AugmentedSlot& slot = slots[size_t(n)];
      const int last = std::clamp(args.lengths[n], begin, end);
      float lane[kChunk] = {};
      for (int l = begin; l < last; ++l) lane[l - begin] = augmented_sample(slot, args.mean, l);
      const RandomKey bursts = slot_key(args.seed, args.stream, kAugmentBursts, n);
      zero_bursts(augment, bursts, begin, last, lane);
      zero_masks(augment, slot, begin, last, lane);
      for (int l = 0; l < end - begin; ++l) row[size_t(l) * kLanes + size_t(i)] = lane[l];
    }
    if (unit % chunks == 0) zero_outside(x, group, 0, x.shape.length);
  });
}

}  // namespace lth::cpu::LTH_ISA
