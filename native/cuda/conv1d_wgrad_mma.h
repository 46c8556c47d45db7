#pragma once

#include <type_traits>

#include "cuda/conv1d_wgrad.h"

namespace lth::cuda::conv {

/// Tensor cores: 32 output channels x 8 input channels x 8 taps per warp; the contraction runs over
/// the 16 lanes of a position (tf32: two instructions, bf16: one).
///
/// For a fixed tap the columns of B are input channels, so a tap shifts B by a position: fragments
/// of 8 positions stay in registers and slide. Thread t of four takes lanes 4t .. 4t + 3, of A and
/// B alike, in one read of 16 bytes, of bf16 8: in instruction i of tf32, element t of the
/// contraction is lane 4t + 2i and element t + 4 the next; elements 2t, 2t + 1, 2t + 8, 2t + 9 of
/// bf16 are the four.
template <Precision P>
class MmaWgrad : public PlainWgrad<std::conditional_t<P == Precision::bf16, Bf16, float>> {
 public:
  static constexpr bool kBf16 = P == Precision::bf16;
  using Element = std::conditional_t<kBf16, Bf16, float>;
  using Four = std::conditional_t<kBf16, uint2, float4>;  ///< elements as they are in memory
  static constexpr int kIn = 8;
  static constexpr int kWords = kBf16 ? 2 : 4;  ///< of a B fragment pair

  __device__ MmaWgrad(const WgradArgs& args, const WgradSite& site)
      : in_(int(threadIdx.x) / kWarp / args.taps.warps() * kIn),
        taps_(args, site, int(threadIdx.x) / kWarp % args.taps.warps()),
        active_(in_ < args.inputs && site.first_in + in_ < args.in_count && taps_.any(args)) {
    LTH_UNROLL
    for (int i = 0; i < 2; ++i) {
      LTH_UNROLL
      for (int m = 0; m < kWgradSteps; ++m) {
        LTH_UNROLL
        for (int c = 0; c < 4; ++c) sums_[i][m][c] = 0;
      }
    }
  }
  __device__ bool busy() const { return true; }

  __device__ void begin_run(const WgradArgs& args, const Element* ring) {
    if (!active_) return;
    const Element* x = source(args, ring, taps_.tile);
    LTH_UNROLL
    for (int i = 1; i < kWgradSteps; ++i) load(window_[i - 1], x + i * kLanes);
  }

  __device__ void stage(const WgradArgs& args, int s, const Element* ring,
                        const Element* gradient) {
    if (!active_) return;
    const Element* x = source(args, ring, (s + 1 + taps_.tile) % args.taps.ring_blocks());
    const int lane = threadIdx.x % kWarp;
    const Element* dy = gradient + lane / 4 * kGradRowSize + lane % 4 * 4;
    LTH_UNROLL
    for (int u = 0; u < kWgradSteps; ++u) {
      load(window_[(u + 7) % kWgradSteps], x + u * kLanes);
      LTH_UNROLL
      for (int i = 0; i < 2; ++i) {
        const Four low = four(dy + (i * 16) * kGradRowSize + u * kLanes);
        const Four high = four(dy + (i * 16 + 8) * kGradRowSize + u * kLanes);
        multiply(i, u, low, high);
      }
    }
  }

  __device__ void finish(const WgradArgs& args, const WgradSite& site) const {
    if (!active_) return;
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int i = 0; i < 2; ++i) {
      LTH_UNROLL
      for (int c = 0; c < 4; ++c) {
        const int out = site.first_out + i * 16 + lane / 4 + 8 * (c / 2);
        const int in = site.first_in + in_ + lane % 4 * 2 + c % 2;
        LTH_UNROLL
        for (int m = 0; m < kWgradSteps; ++m) {
          store_partial(args, site, out, in,
                        args.taps.kernel_index(taps_.plane, taps_.first + m), sums_[i][m][c]);
        }
      }
    }
  }

 private:
  /// Channel g, lane 4t of a ring block.
  __device__ const Element* source(const WgradArgs& args, const Element* ring, int slot) const {
    const int lane = threadIdx.x % kWarp;
    return ring + (in_ + lane / 4) * args.taps.row_size() + taps_.plane * args.taps.plane_size() +
           slot * kWgradSteps * kLanes + lane % 4 * 4;
  }
  __device__ static Four four(const Element* at) { return *reinterpret_cast<const Four*>(at); }
  __device__ static void load(uint32_t (&b)[kWords], const Element* x) {
    const Four v = four(x);
    if constexpr (kBf16) {
      b[0] = v.x;
      b[1] = v.y;
    } else {
      b[0] = to_tf32(v.x);
      b[1] = to_tf32(v.y);
      b[2] = to_tf32(v.z);
      b[3] = to_tf32(v.w);
    }
  }
  /// @param low row g of dy, @param high row g + 8
  __device__ void multiply(int i, int u, Four low, Four high) {
    if constexpr (kBf16) {
      const uint32_t a[4] = {low.x, high.x, low.y, high.y};
      LTH_UNROLL
      for (int m = 0; m < kWgradSteps; ++m) {
        mma_m16n8k16_bf16(sums_[i][m], a, window_[(u + m) % kWgradSteps]);
      }
    } else {
      const uint32_t first[4] = {to_tf32(low.x), to_tf32(high.x), to_tf32(low.y), to_tf32(high.y)};
      const uint32_t second[4] = {to_tf32(low.z), to_tf32(high.z), to_tf32(low.w),
                                  to_tf32(high.w)};
      LTH_UNROLL
      for (int m = 0; m < kWgradSteps; ++m) {
        const uint32_t(&w)[kWords] = window_[(u + m) % kWgradSteps];
        const uint32_t b0[2] = {w[0], w[1]}, b1[2] = {w[2], w[3]};
        mma_m16n8k8_tf32(sums_[i][m], first, b0);
        mma_m16n8k8_tf32(sums_[i][m], second, b1);
      }
    }
  }

  int in_;        // first input channel of the warp in the block's
  TapTile taps_;
  bool active_;
  float sums_[2][kWgradSteps][4];
  uint32_t window_[kWgradSteps][kWords];
};

}  // namespace lth::cuda::conv
