#pragma once

#include "cuda/conv1d_survivors.h"
#include "cuda/conv1d_wgrad.h"

namespace lth::cuda::conv {

inline constexpr int kSparseWgradMost = 32;

/// Surviving weights only: a warp has up to 32 entries of a tile and one sum per entry and thread;
/// a thread has one of the 8 positions and four lanes. Entries are ordered by output channel: dy is
/// read again only where that changes. A warp's sums over its threads are formed once, at the end.
template <class T>
class SparseWgrad : public PlainWgrad<T> {
 public:
  static constexpr int kMost = kSparseWgradMost;
  static constexpr int kBlocks = 2;

  __device__ SparseWgrad(const WgradArgs& args, const WgradSite& site) {
    const int begin = args.tile_begin[site.tile], end = args.tile_begin[site.tile + 1];
    const int warps = blockDim.x / kWarp;
    const int parts = warps * args.slices;
    const int each = (end - begin + parts - 1) / parts;  // at most kMost
    first_ = min(end, begin + (site.slice * warps + int(threadIdx.x) / kWarp) * each);
    count_ = min(each, end - first_);
    busy_ = begin + site.slice * warps * each < end;
    LTH_UNROLL
    for (int i = 0; i < kMost; ++i) sums_[i] = 0;
  }
  /// Whether any warp of the block has entries.
  __device__ bool busy() const { return busy_; }

  __device__ void begin_run(const WgradArgs&, const T*) {}

  __device__ void stage(const WgradArgs& args, int s, const T* ring, const T* gradient) {
    const int lane = threadIdx.x % kWarp;
    const int ring_steps = args.taps.ring_blocks() * kWgradSteps;
    const int first = s % args.taps.ring_blocks() * kWgradSteps + 1 + lane / 4;
    const T* x = ring + lane % 4 * 4;
    const T* dy = gradient + lane / 4 * kLanes + lane % 4 * 4;
    int row = -1;
    float4 d = make_float4(0, 0, 0, 0);
    LTH_UNROLL
    for (int i = 0; i < kMost; ++i) {
      if (i < count_) {
        const int2 entry = __ldg(args.entries + first_ + i);
        if (entry.y >> 16 != row) {
          row = entry.y >> 16;
          d = load4(dy + row * kGradRowSize);
        }
        int step = first + (entry.y & 0xffff);
        if (step >= ring_steps) step -= ring_steps;
        const float4 v = load4(x + entry.x + step * kLanes);
        float sum = sums_[i];
        sum = fmaf(d.x, v.x, sum);
        sum = fmaf(d.y, v.y, sum);
        sum = fmaf(d.z, v.z, sum);
        sums_[i] = fmaf(d.w, v.w, sum);
      }
    }
  }

  /// Lane i ends with the sum of entry i: at each of five steps a thread keeps half of its sums and
  /// adds its partner's.
  __device__ void finish(const WgradArgs& args, const WgradSite& site) {
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int width = kMost / 2; width >= 1; width /= 2) {
      const bool upper = lane & width;
      LTH_UNROLL
      for (int i = 0; i < kMost / 2; ++i) {
        if (i < width) {
          const float give = upper ? sums_[i] : sums_[i + width];
          const float keep = upper ? sums_[i + width] : sums_[i];
          sums_[i] = keep + __shfl_xor_sync(kAllLanes, give, width);
        }
      }
    }
    if (lane < count_) {
      args.partial[site.segment * args.partial_stride + first_ + lane] = sums_[0];
    }
  }

 private:
  int first_, count_;
  bool busy_;
  float sums_[kMost];
};

}  // namespace lth::cuda::conv
