#include "cpu/kernels/bits.h"
#include "cpu/kernels/lanes.h"
#include "cpu/kernels/norm_scale.h"
#include "cpu/kernels/ops.h"

namespace lth::cpu::LTH_ISA {
namespace {

constexpr int kChunk = 64;  // positions summed in float before they go to double

/// Which gradients pass: all; where the forward result is positive (ReLU with dropout); the same
/// for ReLU alone, where it is made again from x, which saves a third of what is read; where it is
/// not 0 (dropout alone).
enum class Pass { all, positive, positive_again, nonzero };

/// What decides whether a gradient passes ReLU and dropout, and its factor then.
struct Gate {
  NormMap forward;
  Vec kept_scale;
};

/// The gradient behind ReLU and dropout.
/// @param y the forward result, for positive and nonzero
template <Pass pass>
inline Vec passed(const Vec& dy, const Vec& x, const float* y, const Gate& gate) {
  if constexpr (pass == Pass::all) return dy;
  const Vec zero = Vec::zero();
  if constexpr (pass == Pass::positive_again) return keep(greater(gate.forward(x), zero), dy);
  const Vec& kept_scale = gate.kept_scale;
  const Vec forward = Vec::load(y);
  if constexpr (pass == Pass::positive) return keep(greater(forward, zero), dy * kept_scale);
  return select(greater(forward, zero), dy * kept_scale,
                keep(greater(zero, forward), dy * kept_scale));
}

/// Rows of one (group, channel).
struct Rows {
  Rows(const NormBackward& args, int group, int channel)
      : lengths(args.x.lengths + size_t(group) * kLanes),
        extent(group_extent(args.x, group)),
        x(args.x.row(group, channel)),
        y(args.y.data ? args.y.row(group, channel) : nullptr),
        dy(args.dy.row(group, channel)),
        add(args.add ? args.add->row(group, channel) : nullptr),
        dx(args.dx.row(group, channel)) {}

  const int32_t* lengths;
  Extent extent;
  const float* x;
  const float* y;  ///< or null
  const float* dy;
  const float* add;
  float* dx;
};

/// Sums of g and of g * (x - mean), g the gradient behind ReLU and dropout.
struct Sums {
  LaneSum gradient;
  LaneSum product;
};

template <Pass pass>
void add_row(const Rows& rows, const Gate& gate, Sums& sums) {
  const Vec mean = gate.forward.mean;
  int p = 0;
  for (; p + kChunk <= rows.extent.all; p += kChunk) {
    Vec gradient[4], product[4];
    for (int i = 0; i < 4; ++i) gradient[i] = product[i] = Vec::zero();
    for (int q = p; q < p + kChunk; q += 4) {
      for (int i = 0; i < 4; ++i) {
        const size_t at = size_t(q + i) * kLanes;
        const Vec x = Vec::load(rows.x + at);
        const Vec g = passed<pass>(Vec::load(rows.dy + at), x, rows.y + at, gate);
        gradient[i] += g;
        product[i] = fma(g, x - mean, product[i]);
      }
    }
    sums.gradient.add((gradient[0] + gradient[1]) + (gradient[2] + gradient[3]));
    sums.product.add((product[0] + product[1]) + (product[2] + product[3]));
  }
  while (p < rows.extent.any) {
    Vec gradient = Vec::zero(), product = Vec::zero();
    const int end = std::min(p + kChunk, rows.extent.any);
    for (; p < end; ++p) {
      const size_t at = size_t(p) * kLanes;
      const Vec x = Vec::load(rows.x + at);
      const Vec g = keep(inside(rows.lengths, p),
                         passed<pass>(Vec::load(rows.dy + at), x, rows.y + at, gate));
      gradient += g;
      product = fma(g, x - mean, product);
    }
    sums.gradient.add(gradient);
    sums.product.add(product);
  }
}

/// dx = a * g + b * (x - mean) + c over the valid positions of a channel.
struct Affine {
  float a;
  float b;
  float c;
};

template <Pass pass, bool has_add>
void write_row(const Rows& rows, const Affine& affine, const Gate& gate) {
  const Vec mean = gate.forward.mean;
  const Vec a = Vec::broadcast(affine.a);
  const Vec b = Vec::broadcast(affine.b);
  const Vec c = Vec::broadcast(affine.c);
  const auto result = [&](int p) __attribute__((always_inline)) {
    const size_t at = size_t(p) * kLanes;
    const Vec x = Vec::load(rows.x + at);
    const Vec g = passed<pass>(Vec::load(rows.dy + at), x, rows.y + at, gate);
    Vec v = fma(a, g, fma(b, x - mean, c));
    if constexpr (has_add) v += Vec::load(rows.add + at);
    return v;
  };
  for (int p = 0; p < rows.extent.all; ++p) result(p).store(rows.dx + size_t(p) * kLanes);
  for (int p = rows.extent.all; p < rows.extent.any; ++p) {
    keep(inside(rows.lengths, p), result(p)).store(rows.dx + size_t(p) * kLanes);
  }
}

template <Pass pass>
void backward(const NormBackward& args, ThreadPool& pool) {
  const Activation& x = args.x;
  const float scale = float(1.0 / (1.0 - args.dropout_rate));
  const int64_t count = valid_positions(x);
  // A channel at a time, so that its second pass finds it in the cache.
  pool.parallel_for(x.shape.channels, [&](int channel, int) {
    const Gate gate{NormMap(NormScale::saved(args, channel)), Vec::broadcast(scale)};
    const double inv_std = double(args.saved_inv_std[channel]);
    Sums sums;
    for (int group = 0; group < x.groups(); ++group) {
      add_row<pass>(Rows(args, group, channel), gate, sums);
    }
    const double dbeta = sums.gradient.total();
    const double dgamma = sums.product.total() * inv_std;
    args.dbeta[channel] = float(dbeta);
    args.dgamma[channel] = float(dgamma);
    const double a = double(args.gamma[channel]) * inv_std;
    const double share = count > 0 ? a / double(count) : 0;
    const Affine affine{float(a), float(-share * inv_std * dgamma), float(-share * dbeta)};
    for (int group = 0; group < x.groups(); ++group) {
      const Rows rows(args, group, channel);
      if (args.add) {
        write_row<pass, true>(rows, affine, gate);
      } else {
        write_row<pass, false>(rows, affine, gate);
      }
      zero_outside(args.dx, group, channel, rows.extent.any);
    }
  });
}

}  // namespace

void norm_backward(const NormBackward& args, ThreadPool& pool) {
  if (args.relu && args.dropout_rate == 0) {
    backward<Pass::positive_again>(args, pool);
  } else if (args.relu) {
    backward<Pass::positive>(args, pool);
  } else if (args.dropout_rate > 0) {
    backward<Pass::nonzero>(args, pool);
  } else {
    backward<Pass::all>(args, pool);
  }
}

}  // namespace lth::cpu::LTH_ISA
