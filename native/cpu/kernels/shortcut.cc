#include "cpu/kernels/lanes.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// One row of max-pooling by 2. Where a window's second position is past the record's end, only the
/// first counts.
void pool_row(const Activation& x, const Activation& y, int group, int channel) {
  const int32_t* lengths = x.lengths + size_t(group) * kLanes;
  const Extent extent = group_extent(x, group);
  const float* in = x.row(group, channel);
  float* out = y.row(group, channel);
  const int full = extent.all / 2;
  for (int p = 0; p < full; ++p) {
    const Vec first = Vec::load(in + size_t(2 * p) * kLanes);
    const Vec second = Vec::load(in + size_t(2 * p + 1) * kLanes);
    select(greater(second, first), second, first).store(out + size_t(p) * kLanes);
  }
  const int any = (extent.any + 1) / 2;
  for (int p = full; p < any; ++p) {
    const Vec first = keep(inside(lengths, 2 * p), Vec::load(in + size_t(2 * p) * kLanes));
    Vec best = first;
    if (2 * p + 1 < extent.any) {
      const Vec second = Vec::load(in + size_t(2 * p + 1) * kLanes);
      best = select(inside(lengths, 2 * p + 1),
                    select(greater(second, first), second, first), first);
    }
    best.store(out + size_t(p) * kLanes);
  }
  zero_outside(y, group, channel, any);
}

void copy_row(const Activation& from, const Activation& to, int group, int channel) {
  const int32_t* lengths = to.lengths + size_t(group) * kLanes;
  const Extent extent = group_extent(to, group);
  const float* in = from.row(group, channel);
  float* out = to.row(group, channel);
  std::memcpy(out, in, size_t(extent.all) * kLanes * sizeof(float));
  for (int p = extent.all; p < extent.any; ++p) {
    keep(inside(lengths, p), Vec::load(in + size_t(p) * kLanes)).store(out + size_t(p) * kLanes);
  }
  zero_outside(to, group, channel, extent.any);
}

/// Spreads one row of the pooled gradient over the windows' first maxima.
void unpool_row(const Activation& x, const Activation& dy, const Activation& dx, int group,
                int channel) {
  const int32_t* lengths = x.lengths + size_t(group) * kLanes;
  const Extent extent = group_extent(x, group);
  const float* in = x.row(group, channel);
  const float* gradient = dy.row(group, channel);
  float* out = dx.row(group, channel);
  const int full = extent.all / 2;
  for (int p = 0; p < full; ++p) {
    const size_t at = size_t(2 * p) * kLanes;
    const Mask later = greater(Vec::load(in + at + kLanes), Vec::load(in + at));
    const Vec g = Vec::load(gradient + size_t(p) * kLanes);
    select(later, Vec::zero(), g).store(out + at);
    keep(later, g).store(out + at + kLanes);
  }
  const int any = (extent.any + 1) / 2;
  for (int p = full; p < any; ++p) {
    const size_t at = size_t(2 * p) * kLanes;
    const Vec g = keep(inside(lengths, 2 * p), Vec::load(gradient + size_t(p) * kLanes));
    if (2 * p + 1 >= extent.any) {
      g.store(out + at);
      break;
    }
    const Mask later = greater(Vec::load(in + at + kLanes), Vec::load(in + at));
    const Vec second = keep(inside(lengths, 2 * p + 1), keep(later, g));
    const Vec first = select(inside(lengths, 2 * p + 1), select(later, Vec::zero(), g), g);
    first.store(out + at);
    second.store(out + at + kLanes);
  }
  zero_outside(dx, group, channel, extent.any);
}

/// Adds one row to another, over all positions that any record has: outside a record both are 0.
void add_row(const Activation& from, const Activation& to, int group, int channel) {
  const float* in = from.row(group, channel);
  float* out = to.row(group, channel);
  const int any = group_extent(to, group).any;
  for (int p = 0; p < any; ++p) {
    const size_t at = size_t(p) * kLanes;
    (Vec::load(out + at) + Vec::load(in + at)).store(out + at);
  }
}

}  // namespace

void shortcut_forward(const ShortcutForward& args, ThreadPool& pool) {
  const Activation& x = args.x;
  const Activation& y = args.y;
  pool.parallel_for(y.groups() * y.shape.channels, [&](int unit, int) {
    const int group = unit / y.shape.channels;
    const int channel = unit % y.shape.channels;
    if (channel >= x.shape.channels) {
      zero_outside(y, group, channel, 0);
    } else if (args.stride == 2) {
      pool_row(x, y, group, channel);
    } else {
      copy_row(x, y, group, channel);
    }
  });
}

void shortcut_backward(const ShortcutBackward& args, ThreadPool& pool) {
  const Activation& dx = args.dx;
  pool.parallel_for(dx.groups() * dx.shape.channels, [&](int unit, int) {
    const int group = unit / dx.shape.channels;
    const int channel = unit % dx.shape.channels;
    if (args.stride == 2) {
      unpool_row(args.x, args.dy, dx, group, channel);
    } else {
      copy_row(args.dy, dx, group, channel);
    }
    if (args.add) add_row(*args.add, dx, group, channel);
  });
}

}  // namespace lth::cpu::LTH_ISA
