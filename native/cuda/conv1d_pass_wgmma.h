#pragma once

#include "cuda/conv1d_pass_mma.h"
#include "cuda/wgmma.h"

/// Forward and dgrad in bf16 with wgmma, the warpgroup products of sm_90a.
namespace lth::cuda::conv {

/// A tile as wgmma reads it, in blocks of 8 channels x 8 records of a position that are 128 bytes each,
/// a channel's 8 records side by side: [channels / 8][plane][index][records 0-7, 8-15][8 channels][8].
/// The columns of B are (position, record), so that a tap moves B by two blocks.
struct CoreTile {
  static constexpr int kBlock = 64;             ///< elements of a block
  static constexpr int kPosition = 2 * kBlock;  ///< from position to position

  /// Elements from plane to plane, and from 8 channels to the next: no more than a RowTile's.
  __device__ static int plane_size(const PassArgs& args) {
    return args.tile.plane_stride / kLanes * kPosition;
  }
  __device__ static int channels_size(const PassArgs& args) {
    return args.in_step * plane_size(args);
  }

  __device__ static int first() { return int(threadIdx.x) / 8 % 2 * 8; }

  /// As RowTile::for_each. Eight neighbouring threads write a block, and two positions of a channel
  /// are read at a time.
  template <class Row>
  __device__ static void for_each(const PassArgs& args, const PassSet& set, int first_step,
                                  int block_steps, int stage_index, const Row& row) {
    const StageCut::Stage stage = set.cut.at(stage_index);
    const int count = args.in_step * (block_steps - 1) + stage.taps;
    const int first_position = set.taps.base + args.in_step * first_step + stage.first_tap;
    const int low = threadIdx.x % 8;
    for (int c = 0; c < set.cut.chunk; c += 8) {
      const auto body = row(channel_of_stage(args, stage, c + low));
      const int start = c / 8 * channels_size(args) + first() * 8 + low * 8;
      for (int local = threadIdx.x / 16; local < count; local += blockDim.x / 16) {
        const int plane = args.in_step == 2 ? local & 1 : 0;
        const int place = args.in_step == 2 ? local >> 1 : local;
        body(start + plane * plane_size(args) + place * kPosition, first_position + local);
      }
    }
  }
};

/// 64 output channels x Steps positions x 16 records per warpgroup, contraction over 16 input channels
/// of one tap per product. A, the weights, comes from registers, packed as for MmaPass, in batches of
/// which one is multiplied while the next is loaded; B is the tile.
template <int Steps>
class WgmmaPass {
 public:
  using Element = Bf16;
  using Tile = CoreTile;
  static constexpr int kGroup = 4;
  static constexpr int kRows = 16;
  static constexpr int kSteps = Steps;
  static constexpr int kPart = wgmma_part(Steps);
  static_assert(Steps % kPart == 0);
  static constexpr int kBatch = kWgmmaBatch;

  __device__ WgmmaPass(const PassArgs& args, const PassSite& site) {
    const PassSet& set = args.sets[site.set];
    LTH_UNROLL
    for (int i = 0; i < Steps * 8; ++i) sums_[i] = 0;
    if (site.begin >= site.end) return;
    const int tile = min(site.row, args.rows - 1) / 16;
    packed_ = reinterpret_cast<const uint4*>(set.packed) +
              (size_t(tile) * set.cut.taps * set.cut.chunks + set.cut.at(site.begin).linear) *
                  kWarp +
              threadIdx.x % kWarp;
    load(even_, 0);
  }

  __device__ static void publish() { publish_to_wgmma(); }

  __device__ void stage(const PassArgs& args, const PassSite& site, int index, const Element* tile,
                        int group_step) {
    const int taps = args.sets[site.set].cut.at(index).taps;
    const Operand x(args, tile, group_step, taps);
    int o = 0;  // ordinal of a tap; even_ holds the weights of the next kBatch
    for (; o + 2 * kBatch <= taps; o += 2 * kBatch) {
      multiply(even_, x, o);
      wgmma_wait<1>();
      load(odd_, o + kBatch);
      multiply(odd_, x, o + kBatch);
      wgmma_wait<1>();
      load(even_, o + 2 * kBatch);
    }
    if (o + kBatch <= taps) {
      multiply(even_, x, o);
      wgmma_wait<0>();
      o += kBatch;
      load(even_, o);
    }
    LTH_UNROLL
    for (int u = 0; u < kBatch - 1; ++u) {
      if (o + u < taps) {
        wgmma_fence();
        wgmma_m64k16_bf16<kColumns, Major::n>(sums_, even_[u], x.at(o + u));
        wgmma_commit();
      }
    }
    wgmma_wait<0>();
    keep_behind(sums_);
    packed_ += taps * kWarp;
    load(even_, 0);
  }

  __device__ void finish(const PassArgs& args, const PassSite& site) const {
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int first = 0; first < Steps; first += kPart) {
      if (site.step + first >= args.sets[site.set].steps) break;
      PassSite part = site;
      part.part += first / kPart;
      LTH_UNROLL
      for (int half = 0; half < 2; ++half) {
        float4 row[kPart];
        LTH_UNROLL
        for (int j = 0; j < kPart; ++j) {
          const float* at = sums_ + (first + j) * 8 + half * 2;
          row[j] = gathered_quad(make_float2(at[0], at[1]), make_float2(at[4], at[5]));
        }
        store_sums<Element, 4>(args, part, site.row + half * 8 + lane / 4, site.step + first, 1,
                               gathered_quad_index(), row);
      }
    }
  }

 private:
  static constexpr int kColumns = Steps * kLanes;

  /// B of the taps of a stage.
  class Operand {
   public:
    __device__ Operand(const PassArgs& args, const Element* tile, int group_step, int taps)
        : first_(matrix_descriptor(tile + group_step * CoreTile::kPosition,
                                   CoreTile::channels_size(args) * sizeof(Element),
                                   CoreTile::kBlock * sizeof(Element))),
          plane_(CoreTile::plane_size(args) * int(sizeof(Element))),
          taps_(plane_taps(taps, args.in_step, 0)) {}
    /// @param ordinal of the tap: those of plane 0 come first
    __device__ uint64_t at(int ordinal) const {
      constexpr int kBytes = CoreTile::kPosition * int(sizeof(Element));
      const bool second = ordinal >= taps_;
      return advanced(first_, uint32_t((second ? ordinal - taps_ : ordinal) * kBytes +
                                       (second ? plane_ : 0)));
    }

   private:
    uint64_t first_;
    int plane_, taps_;
  };

  /// Loads the weights of taps ordinal .. ordinal + kBatch - 1. What lies past the stage's taps is
  /// loaded and not used: other taps, or padding.
  __device__ void load(uint4 (&weights)[kBatch], int ordinal) const {
    LTH_UNROLL
    for (int u = 0; u < kBatch; ++u) weights[u] = load_written(packed_ + (ordinal + u) * kWarp);
  }

  __device__ void multiply(const uint4 (&weights)[kBatch], const Operand& x, int ordinal) {
    wgmma_fence();
    LTH_UNROLL
    for (int u = 0; u < kBatch; ++u) {
      wgmma_m64k16_bf16<kColumns, Major::n>(sums_, weights[u], x.at(ordinal + u));
    }
    wgmma_commit();
  }

  float sums_[Steps * 8];
  const uint4* packed_ = nullptr;  ///< of the stage's first tap
  uint4 even_[kBatch], odd_[kBatch];
};

}  // namespace lth::cuda::conv
