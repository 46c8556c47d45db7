#pragma once

#include "cuda/conv1d_rows.h"
#include "cuda/norm_view.h"

/// The kernel of all weight gradients:
///   dweight[co, ci, k] = sum over n, j of dy[n, co, j] * x[n, ci, j * stride + k - pad].
/// A block computes 32 output channels x some input channels x a block of taps over a segment of
/// the (group, 8 positions) sequence; segments are added in order by a second kernel. dy passes
/// through shared memory 8 positions at a time, x through a ring (WgradTaps) that keeps what later
/// taps need, so every input is read once. An Engine holds the sums in registers.
namespace lth::cuda::conv {

struct WgradArgs {
  Rows x, dy;
  NormView folded;          ///< what dy meets is this norm's result, x its input
  const int32_t* lengths;   ///< [groups * 16] of dy
  const int32_t* out_list;  ///< [out_count] -> output channel, null: all
  const int32_t* in_list;
  int out_count, in_count;
  int pad;
  WgradTaps taps;
  int inputs;               ///< input channels of a block
  int in_tiles;             ///< blocks along the input channels
  int slices;               ///< sparse engine: blocks that share a tile's entries
  int chunks, total_chunks; ///< of 8 positions: per group, of all groups
  int segments;
  float* partial;           ///< [segments][partial_stride]
  size_t partial_stride;    ///< sums of weights, then of bias [Cout]
  size_t bias_first;
  const int32_t* tile_begin;///< sparse engine: entries of each tile
  const int2* entries;      ///< offset into the ring; row << 16 | tap
};

/// The part of the work of a block.
struct WgradSite {
  int tile;                     ///< (out tile, in tile, tap block)
  int first_out, first_in, tap_block, slice;
  int segment;
};

/// A range of one group's positions in the rings' terms.
struct WgradRun {
  int group, first_step, stages;
};

/// Input channel number c of a block, -1 past the last.
__device__ inline int channel_of_block(const WgradArgs& args, const WgradSite& site, int c) {
  const int index = site.first_in + c;
  return index >= args.in_count ? -1 : args.in_list ? args.in_list[index] : index;
}

/// A ring in which the records of a position lie side by side: blocks of [channel][plane][8
/// positions][16].
template <class T>
struct RowRing {
  /// The first record of the pieces that this thread copies.
  __device__ static int first() { return first_record<T>(); }

  /// body(place in the ring, channel, position) for each piece of 16 bytes of ring block b that this
  /// thread copies, always the same of a position; the channel is -1 past the last.
  template <class Body>
  __device__ static void for_each(const WgradArgs& args, const WgradSite& site, const WgradRun& run,
                                  int b, const Body& body) {
    constexpr int kPieces = kPiecesPerPosition<T>, kBlockPieces = kWgradSteps * kPieces;
    const WgradTaps& t = args.taps;
    const int slot = b % t.ring_blocks();
    const int count = args.inputs * t.stride * kBlockPieces;
    for (int i = threadIdx.x; i < count; i += kWgradThreads) {
      const int offset = i % kBlockPieces / kPieces, piece = i % kPieces;
      const int row_index = i / kBlockPieces;
      const int plane = t.stride == 2 ? row_index & 1 : 0;
      const int c = t.stride == 2 ? row_index >> 1 : row_index;
      body(c * t.row_size() + plane * t.plane_size() + (slot * kWgradSteps + offset) * kLanes +
               piece * kPiece<T>,
           channel_of_block(args, site, c),
           t.position(run.first_step, args.pad, site.tap_block, plane, b, offset));
    }
  }
};

/// Starts the copies of ring block b.
template <class Ring, class T>
__device__ inline void load_ring_block(const WgradArgs& args, const WgradSite& site,
                                       const WgradRun& run, int b, T* ring) {
  Ring::for_each(args, site, run, b, [&](int place, int channel, int position) {
    const bool valid = channel >= 0 && position >= 0 && position < args.x.length;
    const void* source = args.x.data;
    if (valid) {
      source = args.x.row<T>(run.group, channel) + size_t(position) * kLanes + Ring::first();
    }
    cp_async_16(ring + place, source, valid);
  });
}

/// Applies the norm to the values that this thread has copied.
template <class Ring, class T>
__device__ inline void normalize_ring_block(const WgradArgs& args, const WgradSite& site,
                                            const WgradRun& run, int b, T* ring) {
  if (!args.folded.map) return;
  const NormReader<kPiece<T>> reader(args.folded, run.group, Ring::first());
  Ring::for_each(args, site, run, b, [&](int place, int channel, int position) {
    if (channel < 0 || position < 0 || position >= args.x.length) return;
    T* const at = ring + place;
    store_piece(at, reader.piece(reader.map_of(channel), channel, position, load_piece(at)));
  });
}

/// Starts the copies of a stage's dy: [32 channels][8 positions][16].
template <class T>
__device__ inline void load_gradient(const WgradArgs& args, const WgradSite& site,
                                     const WgradRun& run, int stage, T* buffer) {
  constexpr int kPieces = kPiecesPerPosition<T>, kRowPieces = kWgradSteps * kPieces;
  for (int i = threadIdx.x; i < kWgradRows * kRowPieces; i += kWgradThreads) {
    const int r = i / kRowPieces, offset = i % kRowPieces / kPieces;
    const int lane = i % kPieces * kPiece<T>;
    const int position = run.first_step + stage * kWgradSteps + offset;
    const bool valid = site.first_out + r < args.out_count && position < args.dy.length;
    const int index = valid ? site.first_out + r : 0;
    const T* row = args.dy.row<T>(run.group, args.out_list ? args.out_list[index] : index);
    const void* source = valid ? row + size_t(position) * kLanes + lane : args.dy.data;
    cp_async_16(buffer + r * kGradRowSize + offset * kLanes + lane, source, valid);
  }
}

/// Sums of dy's rows for the bias: 8 neighbouring threads share a row, one position each.
class BiasSums {
 public:
  template <class T>
  __device__ void add(const T* buffer) {
    const T* at = buffer + threadIdx.x / 8 * kGradRowSize + threadIdx.x % 8 * kLanes;
    float sum = 0;
    for (int quad = 0; quad < 4; ++quad) {
      const float4 v = load4(at + quad * 4);
      sum += (v.x + v.y) + (v.z + v.w);
    }
    sum_ += double(sum);
  }
  __device__ void finish(const WgradArgs& args, const WgradSite& site) {
    for (int bit = 1; bit < 8; bit *= 2) sum_ += __shfl_xor_sync(kAllLanes, sum_, bit);
    const int index = site.first_out + int(threadIdx.x) / 8;
    if (index < args.out_count && threadIdx.x % 8 == 0) {
      args.partial[site.segment * args.partial_stride + args.bias_first +
                   (args.out_list ? args.out_list[index] : index)] = float(sum_);
    }
  }

 private:
  double sum_ = 0;
};

/// The stages of a segment inside one group, as far as records reach.
__device__ inline WgradRun next_run(const WgradArgs& args, int& chunk, int end) {
  const int group = chunk / args.chunks, first = chunk % args.chunks;
  const int last = min(args.chunks, first + end - chunk);
  chunk += last - first;
  int longest = 0;
  for (int i = 0; i < kLanes; ++i) longest = max(longest, args.lengths[group * kLanes + i]);
  const int live = (min(longest, args.dy.length) + kWgradSteps - 1) / kWgradSteps;
  return {group, first * kWgradSteps, max(0, min(last, live) - first)};
}

/// Engine: Element is what the activations, and the ring and the buffer of dy with them, are of;
/// Ring is how x lies in the ring; begin_run takes the first window of x, stage adds 8 positions,
/// end_run what a stage leaves, finish stores the partial sums; kBlocks blocks are to share a multiprocessor. Grid: (tiles x slices, segments).
template <class Engine>
__global__ void __launch_bounds__(kWgradThreads, Engine::kBlocks)
    wgrad_kernel(const WgradArgs args) {
  using T = typename Engine::Element;
  using Ring = typename Engine::Ring;
  LTH_DYNAMIC_SHARED(T, shared);
  WgradSite site;
  site.slice = int(blockIdx.x) % args.slices;
  site.tile = int(blockIdx.x) / args.slices;
  site.tap_block = site.tile % args.taps.blocks;
  const int in_tile = site.tile / args.taps.blocks % args.in_tiles;
  site.first_in = in_tile * args.inputs;
  site.first_out = site.tile / args.taps.blocks / args.in_tiles * kWgradRows;
  site.segment = blockIdx.y;
  const bool bias = site.tap_block == 0 && in_tile == 0 && site.slice == 0;

  T* ring = shared;
  T* gradient = shared + args.inputs * args.taps.row_size();
  constexpr int kBuffer = kWgradRows * kGradRowSize;
  Engine engine(args, site);
  BiasSums bias_sums;
  if (!bias && !engine.busy()) return;  // of the whole block

  int chunk = int((long long)args.total_chunks * site.segment / args.segments);
  const int end = int((long long)args.total_chunks * (site.segment + 1) / args.segments);
  while (chunk < end) {
    const WgradRun run = next_run(args, chunk, end);
    if (run.stages == 0) continue;
    for (int b = 0; b <= args.taps.tiles; ++b) load_ring_block<Ring>(args, site, run, b, ring);
    load_gradient(args, site, run, 0, gradient);
    cp_async_commit();
    cp_async_wait<0>();
    for (int b = 0; b <= args.taps.tiles; ++b) normalize_ring_block<Ring>(args, site, run, b, ring);
    Engine::publish();
    __syncthreads();
    engine.begin_run(args, ring);
    __syncthreads();  // ring block 0 is overwritten from here on
    for (int s = 0; s < run.stages; ++s) {
      if (s > 0) {
        cp_async_wait<0>();
        normalize_ring_block<Ring>(args, site, run, s + args.taps.tiles, ring);
        Engine::publish();
        __syncthreads();
      }
      if (s + 1 < run.stages) {
        load_ring_block<Ring>(args, site, run, s + 1 + args.taps.tiles, ring);
        load_gradient(args, site, run, s + 1, gradient + ((s + 1) & 1) * kBuffer);
        cp_async_commit();
      }
      engine.stage(args, s, ring, gradient + (s & 1) * kBuffer);
      if (bias) bias_sums.add(gradient + (s & 1) * kBuffer);
    }
    engine.end_run(args, run.stages, ring);
    __syncthreads();
  }
  engine.finish(args, site);
  if (bias) bias_sums.finish(args, site);
}

/// What most engines have.
template <class T>
struct PlainWgrad {
  using Element = T;
  using Ring = RowRing<T>;
  static constexpr int kBlocks = 1;
  /// Called by every thread between its last write to the ring and the barrier.
  __device__ static void publish() {}
  __device__ void end_run(const WgradArgs&, int, const T*) {}
};

/// The tile of taps, and the plane, of a warp whose number along the taps is w.
struct TapTile {
  int plane, tile, first;  ///< first: tap of the plane

  __device__ TapTile(const WgradArgs& args, const WgradSite& site, int w)
      : plane(w / args.taps.tiles), tile(w % args.taps.tiles),
        first(site.tap_block * args.taps.taps_per_block() + tile * kWgradSteps) {}
  __device__ bool any(const WgradArgs& args) const {
    return args.taps.kernel_index(plane, first) < args.taps.kernel;
  }
};

/// Stores a partial sum of a dense engine: [out_count][in_count][K].
__device__ inline void store_partial(const WgradArgs& args, const WgradSite& site, int out, int in,
                                     int k, float sum) {
  if (out >= args.out_count || in >= args.in_count || k >= args.taps.kernel) return;
  args.partial[site.segment * args.partial_stride +
               (size_t(out) * args.in_count + in) * args.taps.kernel + k] = sum;
}

}  // namespace lth::cuda::conv
