#include "cuda/ops.h"
#include "cuda/pieces.h"

namespace lth::cuda {
namespace {

/// [N, C, L] to the device's layout and elements, zeros outside the records.
template <class T>
__global__ void store_kernel(const float* source, Rows target, int records) {
  const Chunk chunk = chunk_of_block(target);
  const PieceLengths<T> lengths = piece_lengths<T>(target.lengths, chunk.group);
  const int first = chunk.group * kLanes + first_record<T>();
  write_chunk<T>(target, chunk, lengths, [&](int p) {
    Piece<T> piece = {};
    LTH_UNROLL
    for (int i = 0; i < kPiece<T>; ++i) {
      if (first + i >= records || !holds(lengths, i, p)) continue;
      piece.v[i] = source[(size_t(first + i) * size_t(target.channels) + size_t(chunk.channel)) *
                              size_t(target.length) + size_t(p)];
    }
    return piece;
  });
}

template <class T>
__global__ void load_kernel(Rows source, float* target, size_t count) {
  const size_t stride = size_t(gridDim.x) * blockDim.x;
  for (size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
    const int p = int(i % size_t(source.length));
    const size_t row = i / size_t(source.length);
    const int channel = int(row % size_t(source.channels)), n = int(row / size_t(source.channels));
    target[i] =
        load1(source.position<T>(n / kLanes * source.channels + channel, p) + n % kLanes);
  }
}

size_t host_count(const ActivationShape& shape) {
  return size_t(shape.records) * size_t(shape.channels) * size_t(shape.length);
}

}  // namespace

void store_activation(const Activation& target, const float* host, const Context& context) {
  const size_t bytes = host_count(target.shape) * sizeof(float);
  auto* scratch = static_cast<float*>(context.workspace.require(bytes));
  copy_to_device(scratch, host, bytes, context.stream);
  const Rows rows = rows_of(target);
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((store_kernel<decltype(element)>), row_blocks(rows), kRowThreads, 0,
               context.stream, scratch, rows, target.shape.records);
  });
}

void load_activation(const Activation& source, float* host, const Context& context) {
  const size_t count = host_count(source.shape);
  auto* scratch = static_cast<float*>(context.workspace.require(count * sizeof(float)));
  const size_t blocks = (count + kRowThreads - 1) / kRowThreads;
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((load_kernel<decltype(element)>), unsigned(blocks < 65536 ? blocks : 65536),
               kRowThreads, 0, context.stream, rows_of(source), scratch, count);
  });
  copy_to_host(host, scratch, count * sizeof(float), context.stream);
}

}  // namespace lth::cuda
