#pragma once

#include "cuda/conv1d_pass.h"

namespace lth::cuda::conv {

/// Float multiply-adds: 8 output channels x 24 positions x 16 lanes per warp; a thread has 3
/// positions and 4 lanes. Inputs slide through registers as in MmaPass. Three is odd, so that the
/// positions which a quarter of a warp reads, of bf16 a half, lie in different banks.
template <class T>
class SimtPass : public PlainEngine<T, kSimtSteps> {
 public:
  static constexpr int kChunk = kSimtChunk;
  static constexpr int kRows = kSimtRows;
  static constexpr int kOwn = kSimtSteps / 8;

  __device__ SimtPass(const PassArgs& args, const PassSite& site) {
    const PassSet& set = args.sets[site.set];
    const size_t per_tile = size_t(set.cut.taps) * set.cut.chunks * kSimtChunk;
    tile_ = reinterpret_cast<const float4*>(set.packed) + site.row / kRows * per_tile * 2;
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      LTH_UNROLL
      for (int j = 0; j < kOwn; ++j) sums_[r][j] = make_float4(0, 0, 0, 0);
    }
  }

  __device__ void stage(const PassArgs& args, const PassSite& site, int index, const T* tile,
                        int warp_step) {
    const StageCut::Stage stage = args.sets[site.set].cut.at(index);
    const int lane = threadIdx.x % kWarp;
    const float4* w = tile_ + size_t(stage.linear) * kSimtChunk * 2;
    for (int c = 0; c < stage.channels; ++c) {
      for (int plane = 0; plane < args.in_step; ++plane) {
        const int count = plane_taps(stage.taps, args.in_step, plane);
        const T* x = tile + c * args.tile.row_stride + plane * args.tile.plane_stride +
                     (warp_step + lane / 4 * kOwn) * kLanes + lane % 4 * 4;
        float4 window[kOwn];
        LTH_UNROLL
        for (int j = 0; j < kOwn - 1; ++j) window[j] = load4(x + j * kLanes);
        x += (kOwn - 1) * kLanes;
        for (int m = 0; m < count; m += kOwn) {
          LTH_UNROLL
          for (int u = 0; u < kOwn; ++u) {
            if (m + u < count) {
              window[(u + kOwn - 1) % kOwn] = load4(x + (m + u) * kLanes);
              tap(window, u, w[0], w[1]);
              w += 2;
            }
          }
        }
      }
    }
  }

  __device__ void finish(const PassArgs& args, const PassSite& site) {
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      store_sums<T, kWarp>(args, site, site.row + r, site.step + lane / 4 * kOwn, 1, lane % 4,
                           sums_[r]);
    }
  }

 private:
  __device__ void tap(const float4 (&window)[kOwn], int u, float4 low, float4 high) {
    const float w[kRows] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      LTH_UNROLL
      for (int j = 0; j < kOwn; ++j) {
        multiply_add(sums_[r][j], w[r], window[(u + j) % kOwn]);
      }
    }
  }

  float4 sums_[kRows][kOwn];
  const float4* tile_;
};

}  // namespace lth::cuda::conv
