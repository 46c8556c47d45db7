#include "cuda/ops.h"
#include "cuda/pieces.h"
#include "lth/random.h"

namespace lth::cuda {
namespace {

struct GatherArguments {
  Dataset dataset;
  const int32_t* indices;
  float mean, inv_std;
  bool flip;
  uint64_t seed;
  uint32_t stream;
  const StepValues* step_values;
  Rows x;
  int records;
  int32_t* lengths;
  int32_t* labels;
};

template <class T>
__global__ void __launch_bounds__(kRowThreads) gather_kernel(GatherArguments a) {
  const Chunk chunk = chunk_of_block(a.x);
  const int first = chunk.group * kLanes + first_record<T>();
  const RandomKey key =
      random_key(a.seed, a.step_values ? a.step_values->stream : a.stream, 0);
  PieceLengths<T> lengths;
  const int16_t* samples[kPiece<T>];
  float scale[kPiece<T>];
  LTH_UNROLL
  for (int i = 0; i < kPiece<T>; ++i) {
    const int n = first + i;
    const int32_t record = n < a.records ? a.indices[n] : -1;
    lengths.v[i] = record < 0 ? 0 : min(a.dataset.lengths[record], a.x.length);
    samples[i] = a.dataset.samples + (record < 0 ? 0 : a.dataset.offsets[record]);
    const bool negate = a.flip && (random_bits(key, uint32_t(n)) & 1U);
    scale[i] = negate ? -a.inv_std : a.inv_std;
  }
  write_chunk<T>(a.x, chunk, lengths, [&](int p) {
    Piece<T> piece = {};
    LTH_UNROLL
    for (int i = 0; i < kPiece<T>; ++i) {
      if (holds(lengths, i, p)) {
        piece.v[i] = __fmul_rn(__fsub_rn(float(samples[i][p]), a.mean), scale[i]);
      }
    }
    return piece;
  });
  if (chunk.begin == 0 && threadIdx.x < kLanes) {
    const int n = chunk.group * kLanes + int(threadIdx.x);
    const int32_t record = n < a.records ? a.indices[n] : -1;
    a.lengths[n] = record < 0 ? 0 : min(a.dataset.lengths[record], a.x.length);
    a.labels[n] = record < 0 ? 0 : a.dataset.labels[record];
  }
}

__global__ void derive_lengths_kernel(DeriveLengths a) {
  const int n = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (n < a.count) a.out[n] = (a.in[n] + a.stride - 1) / a.stride;
}

}  // namespace

void gather(const Gather& args, const Context& context) {
  if (args.augment) return gather_augmented(args, context);
  const Rows x = rows_of(args.x);
  const GatherArguments arguments{*args.dataset, args.indices, args.mean,        args.inv_std,
                                  args.flip,     args.seed,    args.stream,      args.step_values,
                                  x,             args.x.shape.records, args.lengths, args.labels};
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((gather_kernel<decltype(element)>), row_blocks(x), kRowThreads, 0, context.stream,
               arguments);
  });
}

void derive_lengths(const DeriveLengths& args, const Context& context) {
  constexpr int kThreads = 128;
  LTH_LAUNCH(derive_lengths_kernel, unsigned((args.count + kThreads - 1) / kThreads), kThreads, 0,
             context.stream, args);
}

}  // namespace lth::cuda
