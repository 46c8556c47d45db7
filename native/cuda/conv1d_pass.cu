// Forward and dgrad: plans, packed weights and launches. They are one operation (conv1d_index.h) on
// different geometries, so they share every kernel.

#include "cuda/conv1d_pass.h"

#include "cuda/conv1d_pass_mma.h"
#include "cuda/conv1d_pass_simt.h"
#include "cuda/conv1d_pass_sparse.h"
#include "cuda/conv1d_plan.h"
#include "cuda/conv1d_engines.h"
#include "cuda/conv1d_wgmma.h"
#include "lth/error.h"

namespace lth::cuda::conv {
namespace {

constexpr int kThreads = 256;

/// Adds the parts of a split contraction in order and finishes the output.
template <class T>
__global__ void __launch_bounds__(kThreads) split_sum_kernel(const PassArgs args) {
  const int set = blockIdx.z;
  const int quads = args.sets[set].steps * 4;
  const int i = blockIdx.y * kThreads + threadIdx.x;
  const int row = int(blockIdx.x) / args.groups, group = int(blockIdx.x) % args.groups;
  if (i >= quads) return;
  const int step = i / 4, quad = i % 4;
  float4 sum = make_float4(0, 0, 0, 0);
  for (int s = 0; s < args.splits; ++s) {
    const float4 v = load4(args.partial + args.partial_place(s, set, row, group, step) + 4 * quad);
    sum = make_float4(sum.x + v.x, sum.y + v.y, sum.z + v.z, sum.w + v.w);
  }
  OutputQuad<T>(args.out, group, args.out_channel(row), quad)
      .store(args.sets[set].taps.out_first + step * args.out_step, sum);
}

/// Rows without surviving weights: bias and residual only.
template <class T>
__global__ void __launch_bounds__(kThreads) dead_rows_kernel(const Output out,
                                                             const int32_t* dead) {
  const int channel = dead[blockIdx.x], group = blockIdx.y;
  out.zero_halo<T>(group, channel, threadIdx.x, kThreads);
  const OutputQuad<T> quad(out, group, channel, threadIdx.x % 4);
  for (int p = threadIdx.x / 4; p < out.rows.length; p += kThreads / 4) {
    quad.store(p, make_float4(0, 0, 0, 0));
  }
}

template <class T>
struct Engine {
  using type = T;
};

template <class E>
void launch_engine(const PassArgs& args, dim3 grid, int threads, size_t shared, Stream stream) {
  LTH_LAUNCH((pass_kernel<E>), grid, dim3(threads), shared, stream, args);
}

}  // namespace

PassPlan::PassPlan(const Source& source, ConvKernel kernel, const DeviceInfo& device,
                   Stream stream)
    : geometry_(source.geometry), kernel_(kernel), precision_(source.precision) {
  rows_.live_count = int(source.row_live.size());
  rows_.dead_count = int(source.row_dead.size());
  in_count_ = int(source.in_live.size());
  rows_.dead = DeviceArray<int32_t>(source.row_dead, stream);
  if (in_count_ < geometry_.in_channels) {
    in_live_ = DeviceArray<int32_t>(source.in_live, stream);
  }
  if (rows_.live_count == 0) return;
  if (kernel == ConvKernel::sparse) {
    make_sparse(source, device, stream);
  } else {
    if (rows_.dead_count > 0) rows_.live = DeviceArray<int32_t>(source.row_live, stream);
    make_dense(stream);
  }
}

void PassPlan::make_dense(Stream stream) {
  const bool simt = kernel_ == ConvKernel::simt;
  const int chunk = simt ? kSimtChunk : kernel_ == ConvKernel::tf32 ? 8 : 16;
  size_t total = 0;
  for (int s = 0; s < geometry_.set_count; ++s) {
    cuts_[s] = cut_stages(geometry_.sets[s].taps, in_count_, chunk);
    const int per_tile = cuts_[s].taps * cuts_[s].chunks;
    words_[s] = simt ? ceil_div(rows_.live_count, kSimtRows) * per_tile * kSimtRows * kSimtChunk
                     : ceil_div(rows_.live_count, 16) * per_tile * kFragmentWords;
    first_word_[s] = total;
    total += words_[s];
  }
  // Weights are loaded a tap ahead, with wgmma a batch of taps: fragments past the end are read, and
  // not used.
  const size_t ahead = kFragmentWords * (kernel_ == ConvKernel::wgmma ? kWgmmaBatch : 1);
  packed_ = DeviceArray<uint32_t>(total + ahead);
  fill_zero(packed_.data() + total, ahead * sizeof(uint32_t), stream);
}

void PassPlan::make_sparse(const Source& source, const DeviceInfo& device, Stream stream) {
  const Conv1dDesc desc{source.transposed ? geometry_.out_channels : geometry_.in_channels,
                        source.transposed ? geometry_.in_channels : geometry_.out_channels,
                        source.transposed ? geometry_.weight_out_stride
                                          : geometry_.weight_in_stride,
                        1, 0};
  const std::vector<int32_t> order =
      order_rows(desc, *source.pattern, source.transposed, source.row_live);
  rows_.live = DeviceArray<int32_t>(order, stream);
  warps_ = std::min(kSparseWarps, ceil_div(rows_.live_count, kSparseWarpRows));
  slots_ = ceil_div(rows_.live_count, warps_ * kSparseWarpRows) * warps_ * kSparseWarpRows;

  // As many channels a stage as two blocks of a multiprocessor can hold twice.
  constexpr size_t kWantedShared = 98 << 10;
  int taps = 0;
  for (int s = 0; s < geometry_.set_count; ++s) taps = std::max(taps, geometry_.sets[s].taps);
  const int tap_block = cut_stages(taps, in_count_, 1).tap_block;
  tile_ = TileShape::make(kSparseSteps, geometry_.in_step, tap_block);
  const int most = int(std::min(kWantedShared, device.shared_per_block) /
                       (2 * element_bytes(precision_) * tile_.row_stride));
  const int chunk = ceil_div(in_count_, ceil_div(in_count_, most));

  std::vector<int2> entries;
  std::vector<int32_t> index;
  for (int s = 0; s < geometry_.set_count; ++s) {
    cuts_[s] = cut_stages(geometry_.sets[s].taps, in_count_, chunk);
    SparseRows rows = list_rows(geometry_, geometry_.sets[s], cuts_[s], tile_, *source.pattern,
                                source.transposed, order, source.in_live, slots_);
    first_word_[s] = entries.size();
    words_[s] = int(rows.index.size());
    for (int32_t& b : rows.begin) b += int32_t(entries.size());
    for (const int32_t offset : rows.offset) entries.push_back(make_int2(offset, 0));
    index.insert(index.end(), rows.index.begin(), rows.index.end());
    row_begin_[s] = DeviceArray<int32_t>(rows.begin, stream);
  }
  entries_ = DeviceArray<int2>(entries, stream);
  index_ = DeviceArray<int32_t>(index, stream);
}

void PassPlan::pack_jobs(const float* weight, std::vector<PackJob>& jobs) const {
  if (rows_.live_count == 0) return;
  PackJob job{};
  job.weight = weight;
  if (kernel_ == ConvKernel::sparse) {
    job.kind = PackJob::Kind::gather;
    job.target = reinterpret_cast<uint32_t*>(entries_.data()) + 1;
    job.words = int(entries_.size());
    job.index = index_.data();
    jobs.push_back(job);
    return;
  }
  job.kind = kernel_ == ConvKernel::simt   ? PackJob::Kind::simt
             : kernel_ == ConvKernel::tf32 ? PackJob::Kind::tf32
                                           : PackJob::Kind::bf16;
  job.out_list = rows_.live.data();
  job.in_list = in_live_.data();
  job.rows = rows_.live_count;
  job.channels = in_count_;
  job.out_stride = geometry_.weight_out_stride;
  job.in_stride = geometry_.weight_in_stride;
  job.in_step = geometry_.in_step;
  for (int s = 0; s < geometry_.set_count; ++s) {
    job.target = packed_.data() + first_word_[s];
    job.words = words_[s];
    job.taps = geometry_.sets[s];
    job.cut = cuts_[s];
    jobs.push_back(job);
  }
}

void PassPlan::run(const Data& data, PlanContext& context, Stream stream) const {
  PassArgs args{};
  args.in = Rows::of(data.in);
  if (data.folded) args.folded = NormView::of(*data.folded, data.folded->map);
  args.out = {Rows::of(data.out), data.add ? Rows::of(*data.add) : Rows{}, data.bias,
              data.out.lengths};
  args.groups = data.out.groups();
  if (rows_.dead_count > 0) {
    with_element(precision_, [&](auto element) {
      LTH_LAUNCH((dead_rows_kernel<decltype(element)>), dim3(rows_.dead_count, args.groups),
                 dim3(kThreads), 0, stream, args.out, rows_.dead.data());
    });
  }
  PassTiling tiling;
  if (rows_.live_count > 0) {
    args.in_list = in_live_.data();
    args.out_list = rows_.live.data();
    args.rows = rows_.live_count;
    args.in_step = geometry_.in_step;
    args.out_step = geometry_.out_step;
    args.set_count = geometry_.set_count;
    args.entries = entries_.data();
    args.slots = slots_;
    int widest = 0;
    for (int s = 0; s < geometry_.set_count; ++s) {
      const TapSet& taps = geometry_.sets[s];
      const int steps = std::max(0, data.out.shape.length - taps.out_first);
      args.sets[s] = {taps, cuts_[s], ceil_div(steps, geometry_.out_step),
                      packed_.data() + first_word_[s], row_begin_[s].data()};
      if (cuts_[s].stages * cuts_[s].tap_block > cuts_[widest].stages * cuts_[widest].tap_block) {
        widest = s;
      }
    }
    tiling = choose(args, cuts_[widest], context.device);
    args.tile = tiling.tile;
    args.warp_columns = tiling.warp_columns;
    args.tiles = tiling.tiles;
    args.splits = tiling.splits;
    args.partial_steps = args.sets[0].steps;
  }

  // The kernel has all results in registers only without dead rows and without a split contraction;
  // otherwise a separate kernel reads the results again.
  const bool measures = data.statistics_for || data.gradient_for;
  const bool fused = measures && rows_.dead_count == 0 && rows_.live_count > 0 && args.splits == 1;
  NormParts parts;
  size_t part_bytes = 0;
  if (measures) {
    if (fused) {
      args.measure = measure_of(data, args, measured_steps(tiling.engine));
      parts.count = args.measure.count;
    } else {
      parts.count = own_parts(data.out);
    }
    part_bytes = parts_bytes(data.out, parts.count);
  }
  const size_t partial_bytes =
      args.splits > 1 ? args.partial_place(args.splits, 0, 0, 0, 0) * sizeof(float) : 0;
  if (part_bytes + partial_bytes > 0) {
    auto* memory = static_cast<char*>(context.require(part_bytes + partial_bytes, stream));
    parts.data = args.measure.parts = reinterpret_cast<NormPart*>(memory);
    args.partial = reinterpret_cast<float*>(memory + part_bytes);
  }
  if (rows_.live_count > 0) launch(args, tiling, stream);
  if (data.statistics_for) {
    if (!fused) measure_statistics(*data.statistics_for, precision_, parts.data, stream);
    fold_statistics(*data.statistics_for, parts, data.statistics_for->map, stream);
  } else if (data.gradient_for) {
    if (!fused) measure_gradient(*data.gradient_for, precision_, parts.data, stream);
    fold_gradient(*data.gradient_for, parts, data.gradient_for->map, stream);
  }
}

Measure PassPlan::measure_of(const Data& data, const PassArgs& args, int steps) {
  Measure measure;
  measure.lengths = data.out.lengths;
  for (int s = 0; s < args.set_count; ++s) {
    measure.per_set[s] = ceil_div(args.sets[s].steps, steps);
  }
  measure.count = args.groups * (measure.per_set[0] + measure.per_set[1]);
  measure.kind = data.statistics_for ? Measure::Kind::statistics : Measure::Kind::gradient;
  if (data.gradient_for) {
    const NormForward& forward = *data.gradient_for->forward;
    measure.view = NormView::of(forward, forward.map);
    measure.x = Rows::of(data.gradient_for->x);
  }
  return measure;
}

int PassPlan::measured_steps(int engine) const {
  switch (kernel_) {
    case ConvKernel::sparse: return kSparseSteps;
    case ConvKernel::simt: return kSimtSteps;
    case ConvKernel::wgmma: return wgmma_part(kWgmmaShapes[engine].steps);
    default: return kTf32Shapes[engine].steps;
  }
}

int PassPlan::engine_rows(int engine) const {
  switch (kernel_) {
    case ConvKernel::sparse: return kSparseWarpRows;
    case ConvKernel::simt: return kSimtRows;
    case ConvKernel::wgmma: return kWgmmaShapes[engine].rows;
    default: return kTf32Shapes[engine].rows;
  }
}

PassTiling PassPlan::choose(const PassArgs& args, const StageCut& widest,
                            const DeviceInfo& device) const {
  const TilingRequest request{args.rows,    args.groups,     args.sets[0].steps,
                              args.in_step, args.set_count,  widest,
                              device.sm_count, device.shared_per_block,
                              element_bytes(precision_), args.folded.map != nullptr};
  const bool bf16 = precision_ == Precision::bf16;
  PassTiling tiling;
  if (kernel_ == ConvKernel::sparse) {
    // Entries of a row of a stage; each needs four reads of 512 bytes, or of 256 in bf16.
    const double entries = double(entries_.size()) / std::max(1, widest.stages * args.rows);
    const int taps = std::max(1, std::min(widest.taps, widest.tap_block));
    const double cycles = entries * 16 * double(element_bytes(precision_));
    const EngineShape shape{kSparseWarpRows, kSparseSteps,
                            (bf16 ? kSparseBf16 : kSparseFloat).registers, cycles / taps,
                            entries * kSparseWarpRows * sizeof(int2) / taps};
    tiling = tile_sparse(request, shape, warps_, tile_);
  } else if (kernel_ == ConvKernel::simt) {
    tiling = choose_tiling(request, bf16 ? &kSimtBf16Shape : &kSimtFloatShape, 1, 8);
  } else if (kernel_ == ConvKernel::wgmma) {
    tiling = choose_tiling(request, kWgmmaShapes, 2, 8);
  } else {
    tiling = choose_tiling(request, bf16 ? kBf16Shapes : kTf32Shapes, 2, 8);
  }
  if (tiling.engine < 0) {
    throw_state("A convolution's tile does not fit into the " +
                std::to_string(device.shared_per_block) +
                " bytes of shared memory that a block of this GPU may use");
  }
  return tiling;
}

void PassPlan::launch(const PassArgs& args, const PassTiling& tiling, Stream stream) const {
  const int block_rows = tiling.warp_rows * engine_rows(tiling.engine);
  const dim3 grid(tiling.tiles * args.groups, ceil_div(args.rows, block_rows),
                  args.set_count * args.splits);
  const auto start = [&](auto engine) {
    launch_engine<typename decltype(engine)::type>(args, grid, tiling.threads(), tiling.shared,
                                                   stream);
  };
  switch (kernel_) {
    case ConvKernel::sparse:
      with_element(precision_,
                   [&](auto element) { start(Engine<SparsePass<decltype(element)>>()); });
      break;
    case ConvKernel::simt:
      with_element(precision_, [&](auto element) { start(Engine<SimtPass<decltype(element)>>()); });
      break;
    case ConvKernel::tf32:
      if (tiling.engine == 0) start(Engine<MmaPass<Precision::tf32, 2, 8>>());
      else start(Engine<MmaPass<Precision::tf32, 2, 4>>());
      break;
    case ConvKernel::bf16:
      if (tiling.engine == 0) start(Engine<MmaPass<Precision::bf16, 2, 8>>());
      else start(Engine<MmaPass<Precision::bf16, 2, 4>>());
      break;
    case ConvKernel::wgmma:
      launch_wgmma(tiling.engine, args, grid, tiling.threads(), tiling.shared, stream);
      break;
  }
  if (args.splits > 1) {
    const int blocks = ceil_div(args.sets[0].steps * 4, kThreads);
    with_element(precision_, [&](auto element) {
      LTH_LAUNCH((split_sum_kernel<decltype(element)>),
                 dim3(args.rows * args.groups, blocks, args.set_count), dim3(kThreads), 0, stream,
                 args);
    });
  }
}

}  // namespace lth::cuda::conv
