#pragma once

#include "cuda/conv1d_measure.h"

/// The kernel of all passes: a block computes rows x steps x 16 lanes of one group. Its inputs pass
/// through shared memory stage by stage, copied while the stage before is computed; an Engine holds
/// the sums in registers and multiplies.
namespace lth::cuda::conv {

/// One set of outputs in a launch.
struct PassSet {
  TapSet taps;
  StageCut cut;
  int steps;                 ///< output steps over the whole length
  const uint32_t* packed;    ///< dense engines: packed weights
  const int32_t* row_begin;  ///< sparse engine: [stages][slots + 1] entries
};

struct PassArgs {
  Rows in;
  NormView folded;          ///< what is multiplied is this norm's result, `in` its input
  Output out;
  const int32_t* in_list;   ///< [in channels with survivors] -> channel, null: all
  const int32_t* out_list;  ///< [rows] -> channel, null: all
  int rows;                 ///< output channels with survivors
  int groups;
  int in_step, out_step;
  int set_count;
  PassSet sets[2];
  TileShape tile;
  int warp_columns;         ///< warps of a block along the steps; the others lie along the rows
  int tiles;                ///< blocks along the steps of a group
  int splits;               ///< parts of the contraction
  float* partial;           ///< [splits][sets][rows][groups][partial_steps][16] when splits > 1
  int partial_steps;
  const int2* entries;      ///< sparse engine: offset into the tile, bits of the value
  int slots;                ///< sparse engine: rows, rounded up to a block's
  Measure measure;          ///< when splits = 1 and no row is dead

  LTH_HD size_t partial_place(int split, int set, int row, int group, int step) const {
    return ((((size_t(split) * set_count + set) * rows + row) * groups + group) * partial_steps +
            step) * kLanes;
  }
  __device__ int out_channel(int row) const { return out_list ? out_list[row] : row; }
};

/// The destination of an engine's sums.
struct PassSite {
  int group, set, split;
  int row;    ///< first row of the warp
  int step;   ///< first step of the warp
  int part;   ///< of the norm that is measured
  int begin, end;  ///< stages
};

/// Sums of four lanes at `Count` steps of a row, which `Width` neighbouring lanes share: to the
/// output, where they are measured, or to the partial sums when the contraction is split. Whole
/// warps only.
/// @param first the first of the steps, `between` apart
template <class T, int Width, int Count>
__device__ inline void store_sums(const PassArgs& args, const PassSite& site, int row, int first,
                                  int between, int quad, float4 (&sums)[Count]) {
  const PassSet& set = args.sets[site.set];
  const bool exists = row < args.rows;
  const int steps = exists ? set.steps : 0;
  if (args.splits > 1) {
    LTH_UNROLL
    for (int i = 0; i < Count; ++i) {
      const int step = first + i * between;
      if (step >= steps) continue;
      const size_t place = args.partial_place(site.split, site.set, row, site.group, step);
      store4_global(args.partial + place + 4 * quad, sums[i]);
    }
    return;
  }
  const Measure& measure = args.measure;
  const MeasureSite place{.group = site.group,
                          .channel = exists ? args.out_channel(row) : 0,
                          .part = site.part,
                          .first = set.taps.out_first + first * args.out_step,
                          .step = between * args.out_step,
                          .quad = quad,
                          .exists = exists};
  const OutputQuad<T> out(args.out, site.group, place.channel, quad);
  // All reads come before the writes, so that the reads wait for memory together.
  float4 residual[Count], x[Count];
  LTH_UNROLL
  for (int i = 0; i < Count; ++i) {
    residual[i] = x[i] = make_float4(0, 0, 0, 0);
    if (first + i * between >= steps) continue;
    if (out.adds()) residual[i] = out.residual(place.position(i));
    if (measure.kind == Measure::Kind::gradient) x[i] = measured_input<T>(measure, place, i);
  }
  LTH_UNROLL
  for (int i = 0; i < Count; ++i) {
    if (first + i * between >= steps) continue;
    sums[i] = out.store(place.position(i), sums[i], residual[i]);
  }
  if (measure.kind == Measure::Kind::statistics) {
    measure_statistics<Width>(measure, place, out.lengths(), sums);
  } else if (measure.kind == Measure::Kind::gradient) {
    measure_gradient<T, Width>(measure, place, out.lengths(), sums, x);
  }
}

/// Channel number c of a stage, -1 past the last.
__device__ inline int channel_of_stage(const PassArgs& args, const StageCut::Stage& stage, int c) {
  const int index = stage.first_channel + c;
  return c >= stage.channels ? -1 : args.in_list ? args.in_list[index] : index;
}

/// A tile in which the records of a position lie side by side: [chunk][plane][index][16].
template <class T>
struct RowTile {
  /// The first record of the pieces that this thread copies.
  __device__ static int first() { return first_record<T>(); }

  /// row(channel)(place in the tile, position) for each piece of 16 bytes of a stage's inputs that
  /// this thread copies, always the same of a position; the channel is -1 past the last.
  template <class Row>
  __device__ static void for_each(const PassArgs& args, const PassSet& set, int first_step,
                                  int block_steps, int stage_index, const Row& row) {
    constexpr int kPieces = kPiecesPerPosition<T>;
    const StageCut::Stage stage = set.cut.at(stage_index);
    const int count = (args.in_step * (block_steps - 1) + stage.taps) * kPieces;
    const int first = set.taps.base + args.in_step * first_step + stage.first_tap;
    const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
    for (int c = warp; c < set.cut.chunk; c += blockDim.x / kWarp) {
      const auto body = row(channel_of_stage(args, stage, c));
      for (int i = lane; i < count; i += kWarp) {
        const int local = int(unsigned(i) / kPieces);
        const int plane = args.in_step == 2 ? local & 1 : 0;
        const int place = args.in_step == 2 ? local >> 1 : local;
        body(c * args.tile.row_stride + plane * args.tile.plane_stride + place * kLanes +
                 int(unsigned(i) % kPieces) * kPiece<T>,
             first + local);
      }
    }
  }
};

/// Starts the copies of a stage's inputs, zeros outside the records' length and past the last
/// channel.
template <class Tile, class T>
__device__ inline void load_tile(const PassArgs& args, const PassSet& set, int group,
                                 int first_step, int block_steps, int stage_index, T* tile) {
  Tile::for_each(args, set, first_step, block_steps, stage_index, [&](int channel) {
    const T* row = args.in.row<T>(group, max(channel, 0)) + Tile::first();
    const int length = channel < 0 ? 0 : args.in.length;
    return [=, &args](int place, int position) {
      const bool valid = position >= 0 && position < length;
      const void* source = valid ? row + size_t(position) * kLanes : args.in.data;
      cp_async_16(tile + place, source, valid);
    };
  });
}

/// Applies the norm to the values that this thread has copied.
template <class Tile, class T>
__device__ inline void normalize_tile(const PassArgs& args, const PassSet& set, int group,
                                      int first_step, int block_steps, int stage_index, T* tile) {
  const NormReader<kPiece<T>> reader(args.folded, group, Tile::first());
  Tile::for_each(args, set, first_step, block_steps, stage_index, [&](int channel) {
    const float4 map = reader.map_of(max(channel, 0));
    const int length = channel < 0 ? 0 : args.in.length;
    return [=, &reader](int place, int position) {
      if (position < 0 || position >= length) return;
      T* const at = tile + place;
      store_piece(at, reader.piece(map, channel, position, load_piece(at)));
    };
  });
}

/// An Engine has kRows rows and kSteps steps per warp, of which it measures kPart at a time, and names
/// the Element of the activations and the Tile of them; `stage` adds a stage's products, `finish`
/// hands out the sums. kGroup neighbouring warps have the same steps, one below the other, and go
/// through stages together. Grid: (tiles x groups, blocks of rows, sets x splits).
template <class Engine>
__global__ void __launch_bounds__(256, 1) pass_kernel(const PassArgs args) {
  using T = typename Engine::Element;
  using Tile = typename Engine::Tile;
  LTH_DYNAMIC_SHARED(T, shared);
  constexpr int kGroup = Engine::kGroup, kGroupRows = kGroup * Engine::kRows;
  const int warp = threadIdx.x / kWarp;
  const int warp_group = warp / kGroup;
  const int warp_rows = int(blockDim.x) / kWarp / kGroup / args.warp_columns;
  const int block_steps = Engine::kSteps * args.warp_columns;
  const int first_step = int(blockIdx.x) % args.tiles * block_steps;
  const int block_row = int(blockIdx.y) * warp_rows * kGroupRows;
  const int group_row = block_row + warp_group / args.warp_columns * kGroupRows;

  PassSite site;
  site.group = int(blockIdx.x) / args.tiles;
  site.set = int(blockIdx.z) % args.set_count;
  site.split = int(blockIdx.z) / args.set_count;
  site.row = group_row + warp % kGroup * Engine::kRows;
  const int warp_step = warp_group % args.warp_columns * Engine::kSteps;
  site.step = first_step + warp_step;

  const PassSet& set = args.sets[site.set];
  site.part = site.group * (args.measure.per_set[0] + args.measure.per_set[1]) +
              site.set * args.measure.per_set[0] + site.step / Engine::kPart;
  site.begin = int((long long)set.cut.stages * site.split / args.splits);
  site.end = int((long long)set.cut.stages * (site.split + 1) / args.splits);
  const int live = args.out.live(site.group);
  if (set.taps.out_first + first_step * args.out_step >= live) site.end = site.begin;
  const bool computes = group_row < args.rows && site.step < set.steps;

  if (site.split == 0 && site.set == 0 && blockIdx.x % args.tiles == 0) {
    const int rows = min(warp_rows * kGroupRows, args.rows - block_row);
    for (int r = 0; r < rows; ++r) {
      args.out.zero_halo<T>(site.group, args.out_channel(block_row + r), threadIdx.x, blockDim.x);
    }
  }

  const int buffer_size = set.cut.chunk * args.tile.row_stride;
  Engine engine(args, site);
  if (site.begin < site.end) {
    load_tile<Tile>(args, set, site.group, first_step, block_steps, site.begin, shared);
    cp_async_commit();
  }
  for (int s = site.begin; s < site.end; ++s) {
    // One barrier per stage: after it the inputs of this stage are complete, and the buffer of the
    // previous stage is free for the next one.
    cp_async_wait<0>();
    const int buffer = (s - site.begin) & 1;
    if (args.folded.map) {
      normalize_tile<Tile>(args, set, site.group, first_step, block_steps, s,
                           shared + buffer * buffer_size);
    }
    Engine::publish();
    __syncthreads();
    if (s + 1 < site.end) {
      load_tile<Tile>(args, set, site.group, first_step, block_steps, s + 1,
                      shared + (buffer ^ 1) * buffer_size);
      cp_async_commit();
    }
    if (computes) engine.stage(args, site, s, shared + buffer * buffer_size, warp_step);
  }
  if (computes) engine.finish(args, site);
}

/// What an engine has whose warps work on their own, on tiles of rows.
template <class T, int Steps>
struct PlainEngine {
  using Element = T;
  using Tile = RowTile<T>;
  static constexpr int kGroup = 1;
  static constexpr int kSteps = Steps, kPart = Steps;
  /// Called by every thread between its last write to a tile and the barrier.
  __device__ static void publish() {}
};

}  // namespace lth::cuda::conv
