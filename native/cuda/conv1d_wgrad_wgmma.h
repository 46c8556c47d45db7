#pragma once

#include "cuda/conv1d_pass_wgmma.h"
#include "cuda/conv1d_wgrad.h"

/// Weight gradients in bf16 with wgmma, the warpgroup products of sm_90a.
namespace lth::cuda::conv {

/// A ring as wgmma reads it: the blocks of a CoreTile, [channels / 8][plane][index][records 0-7,
/// 8-15][8 channels][8]. Here the records are contracted: a block's rows are the columns of B.
struct CoreRing {
  /// Elements from plane to plane, and from 8 channels to the next: no more than a RowRing's.
  __device__ static int plane_size(const WgradArgs& args) {
    return args.taps.plane_size() / kLanes * CoreTile::kPosition;
  }
  __device__ static int channels_size(const WgradArgs& args) {
    return args.taps.stride * plane_size(args);
  }

  __device__ static int first() { return CoreTile::first(); }

  /// As RowRing::for_each. Eight neighbouring threads write a block.
  template <class Body>
  __device__ static void for_each(const WgradArgs& args, const WgradSite& site, const WgradRun& run,
                                  int b, const Body& body) {
    const WgradTaps& t = args.taps;
    const int slot = b % t.ring_blocks() * kWgradSteps;
    const int low = threadIdx.x % 8;
    const int count = args.inputs / 8 * t.stride * kWgradSteps;
    for (int i = threadIdx.x / 16; i < count; i += kWgradThreads / 16) {
      const int offset = i % kWgradSteps, row = i / kWgradSteps;
      const int plane = t.stride == 2 ? row & 1 : 0;
      const int eight = t.stride == 2 ? row >> 1 : row;
      body(eight * channels_size(args) + plane * plane_size(args) +
               (slot + offset) * CoreTile::kPosition + first() * 8 + low * 8,
           channel_of_block(args, site, eight * 8 + low),
           t.position(run.first_step, args.pad, site.tap_block, plane, b, offset));
    }
  }
};

/// 32 output channels x Inputs input channels x 16 taps per warpgroup, contraction over the 16 records
/// of a position. The 64 rows of a product are the output channels at a position and again at the one
/// before: against the same inputs, those are the products of a tap and of the next. So eight products
/// a position make 16 taps, and a run ends with one more position, for its second half. A, dy,
/// comes from registers.
template <int Inputs>
class WgmmaWgrad {
 public:
  using Element = Bf16;
  using Ring = CoreRing;
  static constexpr int kBlocks = 1;
  static constexpr int kPairs = 8;  ///< of taps

  __device__ WgmmaWgrad(const WgradArgs& args, const WgradSite& site)
      : in_(int(threadIdx.x) / kGroupThreads * Inputs),
        row_(int(threadIdx.x) / kWarp % 2 * 16 + int(threadIdx.x) % kWarp / 4),
        delay_(int(threadIdx.x) / kWarp % 4 / 2),
        active_(in_ < args.inputs && site.first_in + in_ < args.in_count) {
    LTH_UNROLL
    for (int p = 0; p < kPairs; ++p) {
      LTH_UNROLL
      for (int i = 0; i < Inputs / 2; ++i) sums_[p][i] = 0;
    }
  }
  __device__ bool busy() const { return true; }
  __device__ static void publish() { publish_to_wgmma(); }

  __device__ void begin_run(const WgradArgs&, const Element*) {
    before_ = make_uint4(0, 0, 0, 0);
  }

  __device__ void stage(const WgradArgs& args, int s, const Element* ring,
                        const Element* gradient) {
    if (!active_) return;
    const Operand x(args, ring, in_);
    const Element* dy = gradient + row_ * kGradRowSize + threadIdx.x % 4 * 2;
    const uint4 last = fragment(dy, kWgradSteps - 1);
    uint4 even = delay_ ? before_ : fragment(dy, 0), odd;
    LTH_UNROLL
    for (int u = 0; u < kWgradSteps; u += 2) {
      multiply(even, x, kWgradSteps * s + u);
      wgmma_wait<1>();
      odd = fragment(dy, u + 1 - delay_);
      multiply(odd, x, kWgradSteps * s + u + 1);
      wgmma_wait<1>();
      if (u + 2 < kWgradSteps) even = fragment(dy, u + 2 - delay_);
    }
    wgmma_wait<0>();
    keep();
    before_ = last;
  }

  __device__ void end_run(const WgradArgs& args, int stages, const Element* ring) {
    if (!active_) return;
    const uint4 rest = delay_ ? before_ : make_uint4(0, 0, 0, 0);
    multiply(rest, Operand(args, ring, in_), kWgradSteps * stages);
    wgmma_wait<0>();
    keep();
  }

  __device__ void finish(const WgradArgs& args, const WgradSite& site) const {
    if (!active_) return;
    LTH_UNROLL
    for (int p = 0; p < kPairs; ++p) {
      const int plane = args.taps.stride == 2 ? p / 4 : 0;
      const int m = 2 * (args.taps.stride == 2 ? p % 4 : p) + delay_;
      if (m >= args.taps.taps_per_block()) continue;
      const int k = args.taps.kernel_index(plane, site.tap_block * args.taps.taps_per_block() + m);
      LTH_UNROLL
      for (int i = 0; i < Inputs / 2; ++i) {
        store_partial(args, site, site.first_out + row_ + i % 4 / 2 * 8,
                      site.first_in + in_ + i / 4 * 8 + threadIdx.x % 4 * 2 + i % 2, k,
                      sums_[p][i]);
      }
    }
  }

 private:
  static constexpr int kGroupThreads = 4 * kWarp;

  /// Two elements in one read.
  struct
#if LTH_CUDA_EMULATED
      [[gnu::may_alias]]
#endif
      Pair {
    uint32_t bits;
  };

  /// B of pairs of taps at the steps of a run.
  class Operand {
   public:
    __device__ Operand(const WgradArgs& args, const Element* ring, int in)
        : first_(matrix_descriptor(ring + in / 8 * CoreRing::channels_size(args),
                                   CoreTile::kBlock * sizeof(Element),
                                   CoreRing::channels_size(args) * sizeof(Element))),
          plane_(CoreRing::plane_size(args) * int(sizeof(Element))),
          positions_(args.taps.ring_blocks() * kWgradSteps),
          two_planes_(args.taps.stride == 2) {}
    /// @param start place in the ring of the step's first tap
    __device__ uint64_t at(int start, int pair) const {
      constexpr int kBytes = CoreTile::kPosition * int(sizeof(Element));
      // No more than 14 further on, and the ring has 24 positions at least. Without a branch: between
      // products that would cost a fence.
      const int straight = start + 2 * (two_planes_ ? pair % 4 : pair);
      const int place = straight - (straight >= positions_ ? positions_ : 0);
      return advanced(first_, uint32_t(place * kBytes + (two_planes_ && pair >= 4 ? plane_ : 0)));
    }
    /// Block b of the ring begins a position before step 8 b.
    __device__ int start(int step) const { return (step + 1) % positions_; }

   private:
    uint64_t first_;
    int plane_, positions_;
    bool two_planes_;
  };

  /// A of the position: rows g and g + 8, records 2t, 2t + 1 and those 8 further on.
  __device__ static uint4 fragment(const Element* dy, int position) {
    const auto* at = reinterpret_cast<const Pair*>(dy + position * kLanes);
    constexpr int kRows = 8 * kGradRowSize / 2, kHalf = kLanes / 4;
    return make_uint4(at[0].bits, at[kRows].bits, at[kHalf].bits, at[kRows + kHalf].bits);
  }

  /// Eight products, in a group of their own.
  __device__ void multiply(const uint4& dy, const Operand& x, int step) {
    const int start = x.start(step);
    wgmma_fence();
    LTH_UNROLL
    for (int p = 0; p < kPairs; ++p) {
      wgmma_m64k16_bf16<Inputs, Major::k>(sums_[p], dy, x.at(start, p));
    }
    wgmma_commit();
  }

  __device__ void keep() {
    LTH_UNROLL
    for (int p = 0; p < kPairs; ++p) keep_behind(sums_[p]);
  }

  int in_;       // first input channel of the warpgroup in the block's
  int row_;      // g of the warp's 16 rows, in the block's
  int delay_;    // 1: the warp has the position before
  bool active_;
  float sums_[kPairs][Inputs / 2];
  uint4 before_;  // A of the last position of the stage before
};

}  // namespace lth::cuda::conv
