// Weight and bias gradients: plans, launches and the second stage of the sums.

#include "cuda/conv1d_wgrad.h"

#include <algorithm>

#include "cuda/conv1d_plan.h"
#include "cuda/conv1d_wgmma.h"
#include "cuda/conv1d_wgrad_mma.h"
#include "cuda/conv1d_wgrad_simt.h"
#include "cuda/conv1d_wgrad_sparse.h"

namespace lth::cuda::conv {
namespace {

constexpr int kThreads = 256;
constexpr int kSumElements = 32, kSumSlices = kThreads / kSumElements;
constexpr int kZeroElements = 16 * kThreads;

/// Sums of partial sums: out[target[i]] = sum over segments of partial[segment][source[i]]. Weights
/// that are pruned get 0.
struct SumArgs {
  const float* partial;
  size_t stride;
  int segments;
  int weights;            ///< elements of dweight with a sum
  const int32_t* target;  ///< [weights] or null: i
  const int32_t* source;  ///< [weights] or null: i
  float* dweight;
  size_t bias_first;
  int biases;
  float* dbias;
  const uint32_t* kept;   ///< bit i % 32 of word i / 32: weight i is not pruned; null: none is
  int all_weights;        ///< elements of dweight

  /// Blocks that add sums; those after them write zeros.
  LTH_HD int sum_blocks() const { return ceil_div(weights + biases, kSumElements); }
  int blocks() const { return sum_blocks() + (kept ? ceil_div(all_weights, kZeroElements) : 0); }
};

__device__ void zero_pruned(const SumArgs& args, int block) {
  const int end = min((block + 1) * kZeroElements, args.all_weights);
  for (int i = block * kZeroElements + int(threadIdx.x); i < end; i += kThreads) {
    if (!(args.kept[i / 32] >> (i % 32) & 1U)) args.dweight[i] = 0;
  }
}

/// 8 threads share an element, each takes a range of the segments; in double, in a fixed order.
__global__ void __launch_bounds__(kThreads) segment_sum_kernel(const SumArgs args) {
  if (int(blockIdx.x) >= args.sum_blocks()) {
    return zero_pruned(args, int(blockIdx.x) - args.sum_blocks());
  }
  LTH_SHARED(sums, double[kSumSlices][kSumElements]);
  const int element = threadIdx.x % kSumElements, slice = threadIdx.x / kSumElements;
  const int i = int(blockIdx.x) * kSumElements + element;
  const bool weight = i < args.weights;
  const bool present = i < args.weights + args.biases;
  double sum = 0;
  if (present) {
    const size_t place = weight ? size_t(args.source ? args.source[i] : i)
                                : args.bias_first + (i - args.weights);
    const int begin = int((long long)args.segments * slice / kSumSlices);
    const int end = int((long long)args.segments * (slice + 1) / kSumSlices);
    const float* at = args.partial + begin * args.stride + place;
    LTH_UNROLL
    for (int s = begin; s < end; ++s, at += args.stride) sum += double(*at);
  }
  sums[slice][element] = sum;
  __syncthreads();
  if (slice != 0 || !present) return;
  for (int s = 1; s < kSumSlices; ++s) sum += sums[s][element];
  if (weight) {
    args.dweight[args.target ? args.target[i] : i] = float(sum);
  } else {
    args.dbias[i - args.weights] = float(sum);
  }
}

/// Bias sums of output channels that no block of the weight gradient works on. Grid: (channels,
/// segments); like the others, segments are of the (group, 8 positions) sequence.
template <class T>
__global__ void __launch_bounds__(kThreads) dead_bias_kernel(const WgradArgs args,
                                                             const int32_t* dead) {
  LTH_SHARED(sums, double[kThreads / kWarp]);
  const int channel = dead[blockIdx.x];
  int chunk = int((long long)args.total_chunks * blockIdx.y / args.segments);
  const int end = int((long long)args.total_chunks * (blockIdx.y + 1) / args.segments);
  double sum = 0;
  while (chunk < end) {
    const WgradRun run = next_run(args, chunk, end);
    const int last = min(run.first_step + run.stages * kWgradSteps, args.dy.length);
    const T* row = args.dy.row<T>(run.group, channel);
    for (int i = run.first_step * 4 + threadIdx.x; i < last * 4; i += kThreads) {
      const float4 v = load4(row + size_t(i) * 4);
      sum += double(v.x + v.y) + double(v.z + v.w);
    }
  }
  for (int bit = kWarp / 2; bit > 0; bit /= 2) sum += __shfl_xor_sync(kAllLanes, sum, bit);
  if (threadIdx.x % kWarp == 0) sums[threadIdx.x / kWarp] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  double total = 0;
  for (int w = 0; w < kThreads / kWarp; ++w) total += sums[w];
  args.partial[blockIdx.y * args.partial_stride + args.bias_first + channel] = float(total);
}

size_t shared_bytes(const WgradTaps& taps, int inputs, Precision precision) {
  return element_bytes(precision) * (size_t(inputs) * taps.row_size() +
                                     2 * size_t(kWgradRows) * kGradRowSize);
}

/// Segments of the (group, 8 positions) sequence, within 64 MiB of partial sums: few, yet such that
/// the blocks fill the device in whole waves. `strict`: of at most 64 stages, because floats are
/// added one by one; fewer where the second stage has few segments to average.
int choose_segments(int total_chunks, int tiles, size_t stride, int sm_count, bool strict) {
  constexpr size_t kMostBytes = size_t(64) << 20;
  constexpr double kStageCycles = 3400, kSumBytesPerCycle = 1500;
  const int most = int(std::max<size_t>(1, kMostBytes / (stride * sizeof(float))));
  int best = 1;
  double least = 0;
  for (int s = 1; s <= std::min({most, total_chunks, 4 * sm_count}); ++s) {
    const int waves = ceil_div(std::max(1, tiles) * s, sm_count);
    // Records of unequal length leave segments empty: more waves even that out.
    const double stages = double(ceil_div(total_chunks, s)) * waves * (1 + 0.2 / waves);
    const double cycles = stages * kStageCycles + s * double(stride) * 8 / kSumBytesPerCycle;
    if (s > 1 && cycles >= least) continue;
    best = s;
    least = cycles;
  }
  if (strict) best = std::max(best, ceil_div(total_chunks, std::clamp(total_chunks / 64, 8, 64)));
  return std::clamp(best, 1, std::max(1, total_chunks));
}

}  // namespace

WgradPlan::WgradPlan(const Conv1dDesc& desc, const SparsePattern* pattern,
                     const Survivors& survivors, ConvKernel kernel, Precision precision,
                     Stream stream)
    : desc_(desc), kernel_(kernel), precision_(precision) {
  rows_.live_count = int(survivors.out_live.size());
  rows_.dead_count = int(survivors.out_dead.size());
  in_count_ = int(survivors.in_live.size());
  rows_.dead = DeviceArray<int32_t>(survivors.out_dead, stream);
  if (rows_.dead_count > 0) rows_.live = DeviceArray<int32_t>(survivors.out_live, stream);
  if (in_count_ < desc.in_channels) in_live_ = DeviceArray<int32_t>(survivors.in_live, stream);
  kept_ = pattern ? int(pattern->nnz()) : desc.weight_count();
  if (pattern) kept_bits_ = DeviceArray<uint32_t>(survivor_bits(*pattern), stream);
  if (!pattern || kept_ == 0) return;
  if (kernel != ConvKernel::sparse) {
    const SurvivorPlaces places = list_places(desc, *pattern, survivors);
    target_ = DeviceArray<int32_t>(places.target, stream);
    source_ = DeviceArray<int32_t>(places.source, stream);
    return;
  }
  const SparseTiles tiles =
      list_tiles(desc, *pattern, WgradTaps::make(desc.kernel, desc.stride, false), survivors);
  longest_ = tiles.longest;
  std::vector<int2> entries;
  for (size_t i = 0; i < tiles.index.size(); ++i) {
    entries.push_back(make_int2(tiles.offset[i], tiles.row_and_tap[i]));
  }
  tile_begin_ = DeviceArray<int32_t>(tiles.begin, stream);
  entries_ = DeviceArray<int2>(entries, stream);
  target_ = DeviceArray<int32_t>(tiles.index, stream);
}

void WgradPlan::run(const ConvWgrad& run, PlanContext& context, Stream stream,
                    Workspace* workspace) const {
  WgradArgs args{};
  args.x = Rows::of(run.x);
  args.dy = Rows::of(run.dy);
  if (run.folded) args.folded = NormView::of(*run.folded, run.folded->map);
  args.lengths = run.dy.lengths;
  args.out_list = rows_.live.data();
  args.in_list = in_live_.data();
  args.out_count = rows_.live_count;
  args.in_count = in_count_;
  args.pad = desc_.pad_left;
  const bool wgmma = kernel_ == ConvKernel::wgmma;
  args.taps =
      WgradTaps::make(desc_.kernel, desc_.stride, kernel_ != ConvKernel::sparse && !wgmma);
  args.chunks = ceil_div(run.dy.shape.length, kWgradSteps);
  args.total_chunks = args.chunks * run.dy.groups();
  args.tile_begin = tile_begin_.data();
  args.entries = entries_.data();
  args.slices = 1;

  const bool sparse = kernel_ == ConvKernel::sparse, simt = kernel_ == ConvKernel::simt;
  const size_t limit = context.device.shared_per_block;
  if (sparse) {
    args.inputs = SparseTiles::kInputs;
    args.slices = std::max(1, ceil_div(longest_, kSparseWgradMost * kWgradThreads / kWarp));
  } else if (wgmma) {
    args.inputs = in_count_ > 32 && shared_bytes(args.taps, 64, precision_) <= limit ? 64 : 32;
  } else {
    // Eight warps: along the taps, and along the input channels what is left.
    const int each = simt ? kSimtWgradIn : 8;
    const int along_taps = args.taps.warps() * (simt ? kWgradRows / kSimtWgradOut : 1);
    int warps = std::min(std::max(1, 8 / along_taps), ceil_div(std::max(1, in_count_), each));
    while (warps > 1 && shared_bytes(args.taps, warps * each, precision_) > limit) --warps;
    args.inputs = warps * each;
  }
  args.in_tiles = std::max(1, ceil_div(in_count_, args.inputs));
  const int out_tiles = ceil_div(rows_.live_count, kWgradRows);
  const int tiles = out_tiles * args.in_tiles * args.taps.blocks * args.slices;

  const size_t sums = kept_ == 0 ? 0
                      : sparse   ? size_t(kept_)
                                 : size_t(rows_.live_count) * in_count_ * desc_.kernel;
  args.bias_first = sums;
  args.partial_stride = sums + desc_.out_channels;
  args.segments = choose_segments(args.total_chunks, tiles, args.partial_stride,
                                  context.device.sm_count, simt);
  args.partial = static_cast<float*>(
      context.require(args.segments * args.partial_stride * sizeof(float), stream, workspace));

  if (rows_.dead_count > 0) {
    with_element(precision_, [&](auto element) {
      LTH_LAUNCH((dead_bias_kernel<decltype(element)>), dim3(rows_.dead_count, args.segments),
                 dim3(kThreads), 0, stream, args, rows_.dead.data());
    });
  }
  if (kept_ > 0) {
    const dim3 grid(tiles, args.segments), block(kWgradThreads);
    const size_t shared = shared_bytes(args.taps, args.inputs, precision_);
    switch (kernel_) {
      case ConvKernel::sparse:
        with_element(precision_, [&](auto element) {
          LTH_LAUNCH((wgrad_kernel<SparseWgrad<decltype(element)>>), grid, block, shared, stream,
                     args);
        });
        break;
      case ConvKernel::simt:
        with_element(precision_, [&](auto element) {
          LTH_LAUNCH((wgrad_kernel<SimtWgrad<decltype(element)>>), grid, block, shared, stream,
                     args);
        });
        break;
      case ConvKernel::tf32:
        LTH_LAUNCH((wgrad_kernel<MmaWgrad<Precision::tf32>>), grid, block, shared, stream, args);
        break;
      case ConvKernel::wgmma:
        launch_wgmma_wgrad(args.inputs / 2, args, grid, shared, stream);
        break;
      case ConvKernel::bf16:
        LTH_LAUNCH((wgrad_kernel<MmaWgrad<Precision::bf16>>), grid, block, shared, stream, args);
        break;
    }
  }
  const SumArgs sum{.partial = args.partial,
                    .stride = args.partial_stride,
                    .segments = args.segments,
                    .weights = kept_,
                    .target = target_.data(),
                    .source = source_.data(),
                    .dweight = run.dweight,
                    .bias_first = args.bias_first,
                    .biases = desc_.out_channels,
                    .dbias = run.dbias,
                    .kept = kept_bits_.data(),
                    .all_weights = desc_.weight_count()};
  LTH_LAUNCH(segment_sum_kernel, dim3(sum.blocks()), dim3(kThreads), 0, stream, sum);
}

}  // namespace lth::cuda::conv
