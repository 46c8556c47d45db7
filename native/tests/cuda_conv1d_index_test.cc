// Index arithmetic of the CUDA convolution kernels, and how launches are cut, on the host.

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cuda/conv1d_survivors.h"
#include "cuda/conv1d_engines.h"
#include "tests/check.h"

#if LTH_CUDA_OCCUPANCY
#include <cuda_occupancy.h>
#endif

namespace {

using namespace lth;
using namespace lth::cuda::conv;
using lth::test::context;

/// Every product of a convolution is found exactly once by a pass's sets of taps.
void geometry() {
  for (int kernel : {1, 2, 3, 5, 16, 17}) {
    for (int stride : {1, 2}) {
      for (int length : {1, 2, 7, 20}) {
        context = std::to_string(kernel) + " taps, stride " + std::to_string(stride) + ", length " +
                  std::to_string(length);
        const Conv1dDesc d{2, 3, kernel, stride, same_pad_left(length, kernel, stride)};
        const int out_length = same_output_length(length, stride);
        std::set<std::tuple<int, int, int>> wanted, forward, dgrad;  // (x, k, y)
        for (int y = 0; y < out_length; ++y) {
          for (int k = 0; k < kernel; ++k) {
            const int x = y * stride + k - d.pad_left;
            if (x >= 0 && x < length) wanted.insert({x, k, y});
          }
        }
        size_t found = 0;
        const auto visit = [&](const PassGeometry& g, int in, int out, const auto& body) {
          for (int s = 0; s < g.set_count; ++s) {
            const TapSet& set = g.sets[s];
            for (int j = 0; set.out_first + j * g.out_step < out; ++j) {
              for (int t = 0; t < set.taps; ++t) {
                const int i = set.base + j * g.in_step + t;
                if (i < 0 || i >= in) continue;
                ++found;
                body(i, set.kernel_index(t), set.out_first + j * g.out_step);
              }
            }
          }
        };
        visit(forward_geometry(d), length, out_length,
              [&](int i, int k, int o) { forward.insert({i, k, o}); });
        visit(dgrad_geometry(d), out_length, length,
              [&](int i, int k, int o) { dgrad.insert({o, k, i}); });
        CHECK(forward == wanted);
        CHECK(dgrad == wanted);
        CHECK(found == 2 * wanted.size());
      }
    }
  }
  context.clear();
}

/// Stages cover every (tap, channel) once, in the order of their linear index; packed words hold
/// every weight once, in the order in which the kernels read them.
void packing() {
  for (int taps : {1, 2, 5, 16, 17, 32, 33, 70}) {
    for (int in_step : {1, 2}) {
      for (int channels : {1, 7, 8, 20}) {
        context = std::to_string(taps) + " taps, step " + std::to_string(in_step) + ", " +
                  std::to_string(channels) + " channels";
        for (int kind = 0; kind < 3; ++kind) {
          const int chunk = kind == 1 ? 16 : 8;
          const StageCut cut = cut_stages(taps, channels, chunk);
          int linear = 0;
          std::set<std::pair<int, int>> places;
          for (int s = 0; s < cut.stages; ++s) {
            const StageCut::Stage stage = cut.at(s);
            CHECK(stage.linear == linear);
            CHECK(stage.first_tap % 2 == 0 && stage.taps > 0 && stage.channels > 0);
            for (int o = 0; o < stage.taps; ++o) {
              int ordinal = -1;
              const StageCut::Stage same = cut.find(linear + o, ordinal);
              CHECK(ordinal == o && same.first_tap == stage.first_tap &&
                    same.first_channel == stage.first_channel);
              const int tap = stage.first_tap + tap_of_ordinal(stage.taps, in_step, o);
              for (int c = 0; c < stage.channels; ++c) {
                places.insert({tap, stage.first_channel + c});
              }
            }
            linear += stage.taps;
          }
          CHECK(linear == cut.taps * cut.chunks);
          CHECK(places.size() == size_t(taps) * channels);

          constexpr int kRows = 32;
          const int words = kind == 2 ? kRows * cut.chunks * kSimtChunk * taps
                                      : kRows / 16 * cut.chunks * taps * kFragmentWords;
          std::set<std::tuple<int, int, int>> seen;
          for (int w = 0; w < words; ++w) {
            for (int half = 0; half < (kind == 1 ? 2 : 1); ++half) {
              const PackedWeight p =
                  kind == 2 ? simt_packed_weight(cut, in_step, w)
                            : mma_packed_weight(cut, in_step, kind == 1, w, half);
              CHECK(p.row >= 0 && p.row < kRows && p.tap >= 0 && p.tap < taps);
              CHECK(p.channel >= 0 && p.channel < cut.chunks * chunk);
              seen.insert({p.row, p.channel, p.tap});
            }
          }
          CHECK(seen.size() == size_t(kRows) * cut.chunks * chunk * taps);
        }
      }
    }
  }
  context.clear();
}

/// Rows of a tile that are read at once lie in different banks.
void banks() {
  for (int in_step : {1, 2}) {
    for (int steps = 1; steps < 80; ++steps) {
      const TileShape t = TileShape::make(steps, in_step, 16);
      CHECK(t.row_stride % 32 == 8 || t.row_stride % 32 == 24);  // floats
      CHECK(t.row_stride / 8 % 2 == 1);                          // pieces of 8 bf16
      CHECK(t.row_stride >= t.plane_stride * in_step && t.row_stride % 8 == 0);
    }
  }
  for (int kernel : {1, 8, 9, 16, 40}) {
    for (int stride : {1, 2}) {
      for (const bool windows : {true, false}) {
        const int row = WgradTaps::make(kernel, stride, windows).row_size();
        CHECK(row % 32 == 16 && row / 2 % 32 % 16 == 8);  // words of float, of bf16
      }
    }
  }
  CHECK(kGradRowSize % 32 == 16 && kGradRowSize / 2 % 32 % 16 == 8);
}

/// Taps of the weight gradient: every kernel index once, and each finds the inputs of its stage in
/// the blocks that are in the ring then.
void weight_gradient_taps() {
  for (int kernel : {1, 2, 8, 9, 16, 17, 40}) {
    for (int stride : {1, 2}) {
      const WgradTaps t = WgradTaps::make(kernel, stride, true);
      std::set<int> seen;
      for (int tb = 0; tb < t.blocks; ++tb) {
        for (int plane = 0; plane < stride; ++plane) {
          for (int tile = 0; tile < t.tiles; ++tile) {
            for (int m = 0; m < kWgradSteps; ++m) {
              const int tap = tb * t.taps_per_block() + tile * kWgradSteps + m;
              const int k = t.kernel_index(plane, tap);
              if (k >= kernel) continue;
              CHECK(seen.insert(k).second);
              // Step u of stage s finds tap 7 of its tile, the newest, at offset u of block
              // s + 1 + tile.
              const int pad = 3, j0 = 8, s = 5, u = 2;
              CHECK_EQ(t.position(j0, pad, tb, plane, s + 1 + tile, u) - stride * (7 - m),
                          (j0 + 8 * s + u) * stride + k - pad);
            }
          }
        }
      }
      CHECK_EQ(int(seen.size()), kernel);
    }
  }
}

void survivors() {
  // [3, 4, 2] with row 1 and channel 2 dead.
  const Conv1dDesc d{4, 3, 2, 1, 0};
  const SparsePattern p{3, 8, {0, 3, 3, 5}, {0, 3, 6, 1, 7}};
  const Survivors s = Survivors::list(d, &p);
  CHECK(s.out_live == std::vector<int32_t>({0, 2}) && s.out_dead == std::vector<int32_t>({1}));
  CHECK(s.in_live == std::vector<int32_t>({0, 1, 3}) && s.in_dead == std::vector<int32_t>({2}));
  CHECK(survivor_bits(p) ==
        std::vector<uint32_t>({1U << 0 | 1U << 3 | 1U << 6 | 1U << 17 | 1U << 23}));
  CHECK(survivor_bits({5, 8, {0, 0, 0, 0, 1, 2}, {7, 6}}) ==
        std::vector<uint32_t>({1U << 31, 1U << 6}));
  const SurvivorPlaces places = list_places(d, p, s);
  CHECK(places.target == std::vector<int32_t>({0, 3, 6, 17, 23}));
  CHECK(places.source == std::vector<int32_t>({0, 3, 4, 7, 11}));
  const SparseTiles tiles = list_tiles(d, p, WgradTaps::make(2, 1, false), s);
  CHECK(tiles.begin == std::vector<int32_t>({0, 5}) && tiles.longest == 5);
  CHECK(tiles.index == places.target);
  CHECK_EQ(tiles.row_and_tap[4], 1 << 16 | 1);

  // Rows of a block are dealt so that its warps have much the same to do.
  SparsePattern many{64, 64, {0}, {}};
  for (int r = 0; r < 64; ++r) {
    for (int c = 0; c <= r; ++c) many.column.push_back(c);
    many.row_begin.push_back(int32_t(many.column.size()));
  }
  const Conv1dDesc wide{32, 64, 2, 1, 0};
  const std::vector<int32_t> order =
      order_rows(wide, many, false, Survivors::list(wide, &many).out_live);
  CHECK(std::set<int32_t>(order.begin(), order.end()).size() == 64);
  for (int block = 0; block < 2; ++block) {
    int least = 1 << 30, most = 0;
    for (int w = 0; w < kSparseWarps; ++w) {
      int sum = 0;
      for (int r = 0; r < kSparseWarpRows; ++r) {
        sum += order[block * 32 + w * kSparseWarpRows + r] + 1;
      }
      least = std::min(least, sum);
      most = std::max(most, sum);
    }
    CHECK(most - least <= kSparseWarpRows);
  }
}

/// Every convolution of the network fills a large GPU, fits a small one, and covers its output.
/// Hand-worked, and what NVIDIA's header says where the toolkit is at hand.
void occupancy() {
  constexpr size_t kLimit = size_t(227) << 10;
  // 222 registers are 7,104 of a warp, 7,168 in units of 256: two warps a quarter, eight in all.
  CHECK_EQ(resident_blocks(222, 3, 1000, kLimit), 2);
  CHECK_EQ(resident_blocks(222, 4, 1000, kLimit), 2);
  CHECK_EQ(resident_blocks(222, 5, 1000, kLimit), 1);
  CHECK_EQ(resident_blocks(222, 8, 1000, kLimit), 1);
  CHECK_EQ(resident_blocks(222, 9, 1000, kLimit), 0);
  // 160 fill a quarter with three, 168 with three too, 172 with two.
  CHECK_EQ(resident_blocks(160, 4, 1000, kLimit), 3);
  CHECK_EQ(resident_blocks(168, 4, 1000, kLimit), 3);
  CHECK_EQ(resident_blocks(172, 4, 1000, kLimit), 2);
  // Of 228 KiB two blocks may have 113 KiB each, which leaves the KiB that each takes besides.
  CHECK_EQ(resident_blocks(128, 4, size_t(113) << 10, kLimit), 2);
  CHECK_EQ(resident_blocks(128, 4, (size_t(113) << 10) + 1, kLimit), 1);
#if LTH_CUDA_OCCUPANCY
  cudaOccDeviceProp h200;
  h200.computeMajor = 9;
  h200.computeMinor = 0;
  h200.maxThreadsPerBlock = 1024;
  h200.maxThreadsPerMultiprocessor = 2048;
  h200.regsPerBlock = h200.regsPerMultiprocessor = 65536;
  h200.warpSize = 32;
  h200.sharedMemPerBlock = size_t(48) << 10;
  h200.sharedMemPerMultiprocessor = size_t(228) << 10;
  h200.numSms = 132;
  h200.sharedMemPerBlockOptin = kLimit;
  h200.reservedSharedMemPerBlock = 1024;
  const cudaOccDeviceState state{};
  for (int registers = 128; registers <= 255; ++registers) {
    for (int warps = 1; warps <= 8; ++warps) {
      for (const size_t shared : {size_t(0), size_t(30) << 10, size_t(81) << 10, kLimit}) {
        cudaOccFuncAttributes function;
        function.maxThreadsPerBlock = 256;
        function.numRegs = registers;
        function.sharedSizeBytes = 0;
        function.partitionedGCConfig = PARTITIONED_GC_OFF;
        function.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
        function.maxDynamicSharedSizeBytes = kLimit;
        function.numBlockBarriers = 1;
        cudaOccResult result;
        const cudaOccError error = cudaOccMaxActiveBlocksPerMultiprocessor(
            &result, &h200, &function, &state, 32 * warps, shared);
        context = std::to_string(registers) + " registers, " + std::to_string(warps) +
                  " warps, " + std::to_string(shared) + " bytes";
        CHECK_EQ(int(error), int(CUDA_OCC_SUCCESS));
        CHECK_EQ(resident_blocks(registers, warps, shared, kLimit),
                 result.activeBlocksPerMultiprocessor);
      }
    }
  }
  context.clear();
#endif
}

void tilings() {
  const EngineShape* const engines = kTf32Shapes;
  for (int records : {32, 128}) {
    for (size_t shared : {size_t(99) << 10, size_t(227) << 10}) {
      int length = records == 32 ? 8960 : 17920;
      for (int block = 0; block < 16; ++block) {
        const int channels = 32 << block / 4, stride = block % 2 ? 2 : 1;
        context = "block " + std::to_string(block) + ", " + std::to_string(records) + " records";
        const int out_length = same_output_length(length, stride);
        for (int chunk : {8, 16}) {
          const TilingRequest r{channels,
                                (records + 15) / 16,
                                out_length,
                                stride,
                                1,
                                cut_stages(16, channels, chunk),
                                132,
                                shared,
                                size_t(chunk == 16 ? 2 : 4)};
          const PassTiling t = choose_tiling(r, engines, 2, 8);
          CHECK(t.engine >= 0);
          CHECK(t.shared <= shared);
          CHECK(t.tiles * engines[t.engine].steps * t.warp_columns >= out_length);
          CHECK(t.splits <= r.cut.stages);
          const int blocks = t.tiles * r.groups * t.splits *
                             ceil_div(channels, engines[t.engine].rows * t.warp_rows);
          CHECK(blocks * t.threads() / 32 >= 4 * 132);  // half of what keeps it busy
          if (chunk == 8) continue;
          // Warpgroups: whole ones, at most two.
          const PassTiling w = choose_tiling(r, kWgmmaShapes, 2, 8);
          CHECK(w.engine >= 0 && w.shared <= shared && w.splits <= r.cut.stages);
          CHECK(w.threads() == 128 || w.threads() == 256);
          CHECK_EQ(w.threads(), 128 * w.warp_rows * w.warp_columns);
          CHECK(w.tiles * kWgmmaShapes[w.engine].steps * w.warp_columns >= out_length);
        }
        length = out_length;
      }
    }
  }
  context.clear();
}

}  // namespace

int main() {
  geometry();
  packing();
  banks();
  weight_gradient_taps();
  survivors();
  occupancy();
  tilings();
  return lth::test::finish();
}
