#pragma once

#include <type_traits>

#include "cuda/conv1d_pass.h"

namespace lth::cuda::conv {

/// Four neighbouring records of a position, of the two D fragments (bf16) that have its 16.
/// @param first, second a row's columns 2t and 2t + 1 of each: records 2t and 2t + 1 and those 8
/// further on. Of two neighbouring threads the even one takes what both have of records 0-7, the odd
/// one of records 8-15.
__device__ inline float4 gathered_quad(float2 first, float2 second) {
  const bool odd = threadIdx.x % 2;
  const float2 keep = odd ? second : first, give = odd ? first : second;
  const float2 got =
      make_float2(__shfl_xor_sync(kAllLanes, give.x, 1), __shfl_xor_sync(kAllLanes, give.y, 1));
  return odd ? make_float4(got.x, got.y, keep.x, keep.y)
             : make_float4(keep.x, keep.y, got.x, got.y);
}
/// The number of the four that this thread gets.
__device__ inline int gathered_quad_index() {
  const int lane = threadIdx.x % kWarp;
  return lane % 4 / 2 + lane % 2 * 2;
}

/// Tensor cores: 16 * Tiles output channels x Steps positions x 16 lanes per warp, contraction over
/// 8 (tf32) or 16 (bf16) input channels of one tap per instruction.
///
/// A tap shifts the input by a position, and a position is a pair of B fragments: of tf32 the even
/// lanes and the odd ones; of bf16, whose fragments ldmatrix makes of the tile as it is, lanes 0-7
/// and 8-15. So the fragments of `Steps` positions stay in registers and
/// slide: each tap loads one new position and one A fragment per 16 rows for 2 * Tiles * Steps
/// instructions. A fragments are loaded a tap ahead, in the order in which they were packed.
template <Precision P, int Tiles, int Steps>
class MmaPass
    : public PlainEngine<std::conditional_t<P == Precision::bf16, Bf16, float>, Steps> {
 public:
  static constexpr bool kBf16 = P == Precision::bf16;
  using Element = std::conditional_t<kBf16, Bf16, float>;
  static constexpr int kChunk = kBf16 ? 16 : 8;
  static constexpr int kRows = 16 * Tiles;

  __device__ MmaPass(const PassArgs& args, const PassSite& site) {
    const PassSet& set = args.sets[site.set];
    const int per_tile = set.cut.taps * set.cut.chunks;
    const int last = (args.rows + 15) / 16 - 1;
    const int lane = threadIdx.x % kWarp;
    if (site.begin < site.end) {
      const int first = set.cut.at(site.begin).linear;
      LTH_UNROLL
      for (int i = 0; i < Tiles; ++i) {
        const int tile = min(site.row / 16 + i, last);
        packed_[i] = reinterpret_cast<const uint4*>(set.packed) +
                     (size_t(tile) * per_tile + first) * kWarp + lane;
        next_[i] = load_written(packed_[i]);
      }
    }
    LTH_UNROLL
    for (int i = 0; i < Tiles; ++i) {
      LTH_UNROLL
      for (int j = 0; j < Steps; ++j) {
        LTH_UNROLL
        for (int c = 0; c < 4; ++c) sums_[i][j][0][c] = sums_[i][j][1][c] = 0;
      }
    }
  }

  __device__ void stage(const PassArgs& args, const PassSite& site, int index, const Element* tile,
                        int warp_step) {
    const int taps = args.sets[site.set].cut.at(index).taps;
    const int lane = threadIdx.x % kWarp;
    const int row = args.tile.row_stride;
    for (int plane = 0; plane < args.in_step; ++plane) {
      const int count = plane_taps(taps, args.in_step, plane);
      const Element* x = tile + plane * args.tile.plane_stride + warp_step * kLanes +
                         (kBf16 ? lane % 16 * row + lane / 16 * 8 : lane % 4 * row + lane / 4 * 2);
      uint32_t window[Steps][2][2];
      LTH_UNROLL
      for (int j = 0; j < Steps - 1; ++j) load(window[j], x + j * kLanes, row);
      x += (Steps - 1) * kLanes;
      for (int m = 0; m < count; m += Steps) {
        LTH_UNROLL
        for (int u = 0; u < Steps; ++u) {
          if (m + u < count) {
            load(window[(u + Steps - 1) % Steps], x + (m + u) * kLanes, row);
            tap(window, u);
          }
        }
      }
    }
  }

  __device__ void finish(const PassArgs& args, const PassSite& site) const {
    const int lane = threadIdx.x % kWarp;
    LTH_UNROLL
    for (int i = 0; i < Tiles; ++i) {
      LTH_UNROLL
      for (int half = 0; half < 2; ++half) {
        float4 row[Steps];
        LTH_UNROLL
        for (int j = 0; j < Steps; ++j) {
          row[j] = quad(sums_[i][j], half);
        }
        store_sums<Element, 4>(args, site, site.row + i * 16 + half * 8 + lane / 4, site.step, 1,
                               kBf16 ? gathered_quad_index() : lane % 4, row);
      }
    }
  }

 private:
  /// The part of a step that the thread stores: four neighbouring lanes. @param half rows 0-7 or
  /// 8-15
  __device__ static float4 quad(const float (&sums)[2][4], int half) {
    const float2 first = make_float2(sums[0][2 * half], sums[0][2 * half + 1]);
    const float2 second = make_float2(sums[1][2 * half], sums[1][2 * half + 1]);
    if constexpr (kBf16) {
      return gathered_quad(first, second);
    } else {
      // Column 2t of the two fragments is lanes 4t and 4t + 1, column 2t + 1 the next two.
      return make_float4(first.x, second.x, first.y, second.y);
    }
  }

  /// B fragments of a position. @param x of tf32 channel t, lane 2g of it; of bf16 what thread i
  /// brings to ldmatrix: channel i % 16, lane 8 (i / 16)
  __device__ static void load(uint32_t (&b)[2][2], const Element* x, int row) {
    if constexpr (kBf16) {
      uint32_t matrices[4];
      load_matrices_transposed(matrices, x);
      b[0][0] = matrices[0];
      b[0][1] = matrices[1];
      b[1][0] = matrices[2];
      b[1][1] = matrices[3];
    } else {
      LTH_UNROLL
      for (int r = 0; r < 2; ++r) {
        const float2 v = *reinterpret_cast<const float2*>(x + 4 * r * row);
        b[0][r] = to_tf32(v.x);
        b[1][r] = to_tf32(v.y);
      }
    }
  }

  /// @param u slot of the window that holds the first step's position
  __device__ void tap(const uint32_t (&window)[Steps][2][2], int u) {
    uint4 current[Tiles];
    LTH_UNROLL
    for (int i = 0; i < Tiles; ++i) {
      current[i] = next_[i];
      packed_[i] += kWarp;
      next_[i] = load_written(packed_[i]);  // past the last tap: the next tile's first, or padding
    }
    LTH_UNROLL
    for (int j = 0; j < Steps; ++j) {
      LTH_UNROLL
      for (int i = 0; i < Tiles; ++i) {
        const uint32_t a[4] = {current[i].x, current[i].y, current[i].z, current[i].w};
        LTH_UNROLL
        for (int h = 0; h < 2; ++h) {
          if constexpr (kBf16) {
            mma_m16n8k16_bf16(sums_[i][j][h], a, window[(u + j) % Steps][h]);
          } else {
            mma_m16n8k8_tf32(sums_[i][j][h], a, window[(u + j) % Steps][h]);
          }
        }
      }
    }
  }

  float sums_[Tiles][Steps][2][4];
  const uint4* packed_[Tiles];
  uint4 next_[Tiles];
};

}  // namespace lth::cuda::conv
