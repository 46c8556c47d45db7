#pragma once

#include "cuda/conv1d_wgrad.h"

namespace lth::cuda::conv {

inline constexpr int kSimtWgradOut = 16, kSimtWgradIn = 4;

/// Float multiply-adds: 16 output channels x 4 input channels x 8 taps per warp. A thread has four
/// of the lanes and 4 x 2 x 8 sums; the four threads of a sum add theirs at the end.
template <class T>
class SimtWgrad : public PlainWgrad<T> {
 public:
  static constexpr int kOut = kSimtWgradOut, kIn = kSimtWgradIn;

  __device__ SimtWgrad(const WgradArgs& args, const WgradSite& site)
      : out_(int(threadIdx.x) / kWarp % 2 * kOut),
        in_(int(threadIdx.x) / kWarp / 2 / args.taps.warps() * kIn),
        taps_(args, site, int(threadIdx.x) / kWarp / 2 % args.taps.warps()),
        active_(site.first_out + out_ < args.out_count && in_ < args.inputs &&
                site.first_in + in_ < args.in_count && taps_.any(args)) {
    LTH_UNROLL
    for (int o = 0; o < 4; ++o) {
      LTH_UNROLL
      for (int i = 0; i < 2; ++i) {
        LTH_UNROLL
        for (int m = 0; m < kWgradSteps; ++m) sums_[o][i][m] = 0;
      }
    }
  }
  __device__ bool busy() const { return true; }

  __device__ void begin_run(const WgradArgs& args, const T* ring) {
    if (!active_) return;
    LTH_UNROLL
    for (int i = 0; i < 2; ++i) {
      const T* x = source(args, ring, i, taps_.tile);
      LTH_UNROLL
      for (int j = 1; j < kWgradSteps; ++j) window_[i][j - 1] = load4(x + j * kLanes);
    }
  }

  __device__ void stage(const WgradArgs& args, int s, const T* ring, const T* gradient) {
    if (!active_) return;
    const int slot = (s + 1 + taps_.tile) % args.taps.ring_blocks();
    const T* x[2] = {source(args, ring, 0, slot), source(args, ring, 1, slot)};
    const T* dy = gradient + (out_ + group() % 4) * kGradRowSize + quad() * 4;
    LTH_UNROLL
    for (int u = 0; u < kWgradSteps; ++u) {
      LTH_UNROLL
      for (int i = 0; i < 2; ++i) window_[i][(u + 7) % kWgradSteps] = load4(x[i] + u * kLanes);
      LTH_UNROLL
      for (int o = 0; o < 4; ++o) {
        const float4 d = load4(dy + 4 * o * kGradRowSize + u * kLanes);
        LTH_UNROLL
        for (int i = 0; i < 2; ++i) {
          LTH_UNROLL
          for (int m = 0; m < kWgradSteps; ++m) {
            const float4& w = window_[i][(u + m) % kWgradSteps];
            float sum = sums_[o][i][m];
            sum = fmaf(d.x, w.x, sum);
            sum = fmaf(d.y, w.y, sum);
            sum = fmaf(d.z, w.z, sum);
            sums_[o][i][m] = fmaf(d.w, w.w, sum);
          }
        }
      }
    }
  }

  __device__ void finish(const WgradArgs& args, const WgradSite& site) const {
    LTH_UNROLL
    for (int o = 0; o < 4; ++o) {
      LTH_UNROLL
      for (int i = 0; i < 2; ++i) {
        LTH_UNROLL
        for (int m = 0; m < kWgradSteps; ++m) {
          float sum = sums_[o][i][m];
          sum += __shfl_xor_sync(kAllLanes, sum, 1);
          sum += __shfl_xor_sync(kAllLanes, sum, 2);
          if (active_ && quad() == 0) {
            store_partial(args, site, site.first_out + out_ + group() % 4 + 4 * o,
                          site.first_in + in_ + group() / 4 + 2 * i,
                          args.taps.kernel_index(taps_.plane, taps_.first + m), sum);
          }
        }
      }
    }
  }

 private:
  __device__ static int quad() { return threadIdx.x % 4; }
  __device__ static int group() { return threadIdx.x % kWarp / 4; }
  /// Neighbouring threads take neighbouring rows: output channels g % 4 + 4o, input g / 4 + 2i.
  __device__ const T* source(const WgradArgs& args, const T* ring, int i, int slot) const {
    return ring + (in_ + group() / 4 + 2 * i) * args.taps.row_size() +
           taps_.plane * args.taps.plane_size() + slot * kWgradSteps * kLanes + quad() * 4;
  }

  int out_, in_;
  TapTile taps_;
  bool active_;
  float sums_[4][2][kWgradSteps];
  float4 window_[2][kWgradSteps];
};

}  // namespace lth::cuda::conv
