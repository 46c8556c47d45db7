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

/// A batch with all its draws made.
class AugmentedBatch {
 public:
  explicit AugmentedBatch(const Gather& args) : args_(args), augment_(*args.augment) {
    const int count = args.x.groups() * kLanes;
    slots_.resize(size_t(count));
    for (int n = 0; n < count; ++n) draw(n);
    for (int n = 0; n < count; ++n) mix(n);
  }

  /// Positions begin .. end - 1 of slot n, all within it; both buffers hold kChunk.
  void samples(int n, int begin, int end, float* x, float* other) const {
    own_samples(n, begin, end, x);
    const Mixing& mixing = slots_[size_t(n)].mixing;
    if (mixing.share == 1) return;
    own_samples(mixing.partner, begin, end, other);
    for (int i = 0; i < end - begin; ++i) x[i] = mixed(mixing, x[i], other[i]);
  }

 private:
  struct Slot {
    AugmentedSlot drawn;
    Mixing mixing;
  };

  int32_t record_of(int n) const { return n < args_.x.shape.records ? args_.indices[n] : -1; }

  void draw(int n) {
    const Dataset& data = *args_.dataset;
    const int32_t record = record_of(n);
    args_.labels[n] = record < 0 ? 0 : data.labels[record];
    if (record < 0) return;
    const RandomKey flips = random_key(args_.seed, args_.stream, 0);
    const bool negate = args_.flip && (random_bits(flips, uint32_t(n)) & 1U);
    slots_[size_t(n)].drawn =
        draw_slot(augment_, data.samples + data.offsets[record], data.lengths[record],
                  args_.x.shape.length, negate ? -args_.inv_std : args_.inv_std, args_.seed,
                  args_.stream, n);
  }

  void mix(int n) {
    Slot& slot = slots_[size_t(n)];
    slot.mixing = {n, 1};
    if (record_of(n) >= 0) {
      const Mixing mixing = draw_mixing(augment_.mixup, args_.x.shape.records, args_.seed,
                                        args_.stream, n);
      if (record_of(mixing.partner) >= 0) slot.mixing = mixing;
    }
    const int partner = slot.mixing.partner;
    args_.lengths[n] = std::min(slot.drawn.valid, slots_[size_t(partner)].drawn.valid);
    if (!args_.second_labels) return;
    args_.second_labels[n] = args_.labels[partner];
    args_.shares[n] = slot.mixing.share;
  }

  void own_samples(int n, int begin, int end, float* x) const {
    const AugmentedSlot& slot = slots_[size_t(n)].drawn;
    for (int l = begin; l < end; ++l) x[l - begin] = augmented_sample(slot, args_.mean, l);
    zero_bursts(augment_, slot_key(args_.seed, args_.stream, kAugmentBursts, n), begin, end, x);
    zero_masks(augment_, slot, begin, end, x);
  }

  const Gather& args_;
  const Augmentation& augment_;
  std::vector<Slot> slots_;
};

}  // namespace

void gather_augmented(const Gather& args, ThreadPool& pool) {
  const Activation& x = args.x;
  const AugmentedBatch batch(args);
  const int chunks = (x.shape.length + kChunk - 1) / kChunk;
  pool.parallel_for(x.groups() * chunks, [&](int unit, int) {
    const int group = unit / chunks;
    const int begin = unit % chunks * kChunk;
    const int end = std::min(begin + kChunk, x.shape.length);
    float* row = x.row(group, 0) + size_t(begin) * kLanes;
    for (int i = 0; i < kLanes; ++i) {
      const int n = group * kLanes + i;
      float own[kChunk] = {}, other[kChunk];
      batch.samples(n, begin, std::clamp(args.lengths[n], begin, end), own, other);
      for (int l = 0; l < end - begin; ++l) row[size_t(l) * kLanes + size_t(i)] = own[l];
    }
    if (unit % chunks == 0) zero_outside(x, group, 0, x.shape.length);
  });
}

}  // namespace lth::cpu::LTH_ISA
