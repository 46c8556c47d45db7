#include "cuda/ops.h"
#include "cuda/pieces.h"

namespace lth::cuda {
namespace {

/// Rows of y beyond x's channels are zero.
template <class T>
__global__ void __launch_bounds__(kRowThreads) forward_kernel(Rows x, Rows y, int stride) {
  const Chunk chunk = chunk_of_block(y);
  PieceLengths<T> lengths = piece_lengths<T>(y.lengths, chunk.group);
  if (chunk.channel >= x.channels) lengths = {};
  const PieceLengths<T> before = piece_lengths<T>(x.lengths, chunk.group);
  const int row = chunk.group * x.channels + chunk.channel;
  write_chunk<T>(y, chunk, lengths, [&](int p) {
    Piece<T> best = piece_at<T>(x, row, p * stride);
    if (stride == 2 && 2 * p + 1 < x.length) {
      const Piece<T> second = piece_at<T>(x, row, 2 * p + 1);
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) {
        if (holds(before, i, 2 * p + 1) && second.v[i] > best.v[i]) best.v[i] = second.v[i];
      }
    }
    return best;
  });
}

template <class T>
__global__ void __launch_bounds__(kRowThreads) backward_kernel(Rows x, Rows dy, Rows add,
                                                               bool adds, Rows dx, int stride) {
  const Chunk chunk = chunk_of_block(dx);
  const PieceLengths<T> lengths = piece_lengths<T>(dx.lengths, chunk.group);
  const int dy_row = chunk.group * dy.channels + chunk.channel;
  write_chunk<T>(dx, chunk, lengths, [&](int q) {
    Piece<T> gradient = piece_at<T>(dy, dy_row, q / stride);
    if (stride == 2) {
      const int even = q & ~1;
      const Piece<T> first = piece_at<T>(x, chunk.row, even);
      const bool has_second = even + 1 < x.length;
      const Piece<T> second = has_second ? piece_at<T>(x, chunk.row, even + 1) : first;
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) {
        const bool later = has_second && holds(lengths, i, even + 1) && second.v[i] > first.v[i];
        if (later != (q != even)) gradient.v[i] = 0;
      }
    }
    if (adds) {
      const Piece<T> other = piece_at<T>(add, chunk.row, q);
      LTH_UNROLL
      for (int i = 0; i < kPiece<T>; ++i) gradient.v[i] += other.v[i];
    }
    return gradient;
  });
}

}  // namespace

void shortcut_forward(const ShortcutForward& args, const Context& context) {
  const Rows y = rows_of(args.y);
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((forward_kernel<decltype(element)>), row_blocks(y), kRowThreads, 0, context.stream,
               rows_of(args.x), y, args.stride);
  });
}

void shortcut_backward(const ShortcutBackward& args, const Context& context) {
  const Rows dx = rows_of(args.dx);
  with_element(context.precision, [&](auto element) {
    LTH_LAUNCH((backward_kernel<decltype(element)>), row_blocks(dx), kRowThreads, 0,
               context.stream, rows_of(args.x), rows_of(args.dy),
               args.add ? rows_of(*args.add) : Rows{}, args.add != nullptr, dx, args.stride);
  });
}

}  // namespace lth::cuda
