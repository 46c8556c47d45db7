#pragma once

#include "cuda/conv1d_pass.h"
#include "cuda/conv1d_survivors.h"

namespace lth::cuda::conv {

inline constexpr int kSparseSteps = 32;

/// Surviving weights only: 4 rows x 32 positions x 16 lanes per warp, sums in registers. A thread
/// has the positions p, p + 8, .. and 4 lanes, so that a quarter of a warp (of bf16 a half) reads
/// 128 bytes in a row. An entry costs one read of shared memory per multiply-add of four lanes,
/// which caps the kernel at a quarter of the float peak, of bf16 at a half.
template <class T>
class SparsePass : public PlainEngine<T, kSparseSteps> {
 public:
  static constexpr int kRows = kSparseWarpRows;
  static constexpr int kOwn = kSparseSteps / 8;

  __device__ SparsePass(const PassArgs&, const PassSite&) {
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      LTH_UNROLL
      for (int j = 0; j < kOwn; ++j) sums_[r][j] = make_float4(0, 0, 0, 0);
    }
  }

  __device__ void stage(const PassArgs& args, const PassSite& site, int index, const T* tile,
                        int warp_step) {
    const int lane = threadIdx.x % kWarp;
    const T* x = tile + (warp_step + lane / 4) * kLanes + lane % 4 * 4;
    const int32_t* begin =
        args.sets[site.set].row_begin + size_t(index) * (args.slots + 1) + site.row;
    int first = begin[0];
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const int end = begin[r + 1];
      for (int e = first; e < end; ++e) {
        const int2 entry = __ldg(args.entries + e);
        const float w = __int_as_float(entry.y);
        LTH_UNROLL
        for (int j = 0; j < kOwn; ++j) {
          multiply_add(sums_[r][j], w, load4(x + entry.x + j * 8 * kLanes));
        }
      }
      first = end;
    }
  }

  __device__ void finish(const PassArgs& args, const PassSite& site) {
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int r = 0; r < kRows; ++r) {
      store_sums<T, kWarp>(args, site, site.row + r, site.step + lane / 4, 8, lane % 4, sums_[r]);
    }
  }

 private:
  float4 sums_[kRows][kOwn];
};

}  // namespace lth::cuda::conv
