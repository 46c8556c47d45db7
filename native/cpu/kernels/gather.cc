#include <vector>

#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"
#include "lth/random.h"

namespace lth::cpu::LTH_ISA {
namespace {

constexpr int kChunk = 512;  // positions of a unit

/// A record of the batch: its samples and sign / std.
struct Lane {
  const int16_t* samples = nullptr;
  float scale = 0;
};

}  // namespace

void gather(const Gather& args, ThreadPool& pool) {
  if (args.augment) return gather_augmented(args, pool);
  const Activation& x = args.x;
  const Dataset& data = *args.dataset;
  const int slots = x.groups() * kLanes;
  const RandomKey key = random_key(args.seed, args.stream, 0);
  std::vector<Lane> lanes{size_t(slots)};
  for (int n = 0; n < slots; ++n) {
    const int32_t record = n < x.shape.records ? args.indices[n] : -1;
    args.lengths[n] = record < 0 ? 0 : std::min(data.lengths[record], int32_t(x.shape.length));
    args.labels[n] = record < 0 ? 0 : data.labels[record];
    if (record < 0) continue;
    const bool negate = args.flip && (random_bits(key, uint32_t(n)) & 1U);
    lanes[size_t(n)] = {data.samples + data.offsets[record],
                        negate ? -args.inv_std : args.inv_std};
  }

  const int chunks = (x.shape.length + kChunk - 1) / kChunk;
  pool.parallel_for(x.groups() * chunks, [&](int unit, int) {
    const int group = unit / chunks;
    const int begin = unit % chunks * kChunk;
    const int end = std::min(begin + kChunk, x.shape.length);
    const Lane* lane = lanes.data() + size_t(group) * kLanes;
    const int32_t* lengths = args.lengths + size_t(group) * kLanes;
    float* row = x.row(group, 0);
    const int full = std::clamp(group_extent(x, group).all, begin, end);
    for (int l = begin; l < full; ++l) {
      float* out = row + size_t(l) * kLanes;
      for (int i = 0; i < kLanes; ++i) out[i] = (lane[i].samples[l] - args.mean) * lane[i].scale;
    }
    for (int l = full; l < end; ++l) {
      float* out = row + size_t(l) * kLanes;
      for (int i = 0; i < kLanes; ++i) {
        out[i] = l < lengths[i] ? (lane[i].samples[l] - args.mean) * lane[i].scale : 0.0f;
      }
    }
    if (unit % chunks == 0) zero_outside(x, group, 0, x.shape.length);
  });
}

}  // namespace lth::cpu::LTH_ISA
