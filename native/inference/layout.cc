#include "inference/layout.h"

#include <algorithm>

namespace lth::inference {
namespace {

constexpr size_t kLine = 16;  // floats of a cache line
/// Shorter chunks lose more to the repeated reach of the kernel than aligned loads save.
constexpr int kLeastChunk = 32;

size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// Lines between two channels, so that the same positions of all channels, which a tile reads
/// together, spread evenly over the sets of L1: sets begin anew every kSets lines, and multiples of
/// the golden ratio of them spread any number of channels.
size_t spread(size_t floats) {
  constexpr size_t kSets = 64, kGolden = 39;
  const size_t lines = round_up(floats, kLine) / kLine;
  if (lines < kSets) return (lines | 1) * kLine;  // channels follow one another
  return (lines + (kSets + kGolden - lines % kSets) % kSets) * kLine;
}

}  // namespace

Layout Layout::plain(int length, int kernel, int lanes) {
  Layout layout;
  layout.lanes = lanes;
  layout.length = length;
  layout.origin = round_up(size_t(kernel), kLine);
  layout.row = spread(layout.origin + round_up(size_t(length), kLine) + size_t(kernel) + kLine);
  return layout;
}

Layout Layout::split(int length, int stride, int kernel, int lanes) {
  Layout layout = plain((length + stride - 1) / stride, kernel, lanes);
  layout.kind = Kind::split;
  layout.length = length;
  layout.parts = stride;
  layout.part = layout.row;
  layout.row *= size_t(stride);
  return layout;
}

Layout Layout::chunked(int length, int chunk, int kernel, int lanes) {
  Layout layout;
  layout.kind = Kind::chunked;
  layout.lanes = lanes;
  layout.length = length;
  layout.chunk = chunk;
  layout.halo = kernel / 2;  // SAME padding reaches no further on either side
  layout.origin = round_up(size_t(kernel) * size_t(lanes), kLine);
  layout.row = spread(layout.origin + size_t(chunk + kernel) * size_t(lanes) + kLine);
  return layout;
}

int Layout::vectors() const {
  return kind == Kind::chunked ? chunk : (length + lanes - 1) / lanes;
}

ptrdiff_t Layout::tap_offset(int channel, int tap, int pad_left) const {
  const ptrdiff_t start = ptrdiff_t(row) * channel;
  const ptrdiff_t shift = tap - pad_left;
  if (kind == Kind::chunked) return start + shift * lanes;
  if (kind == Kind::plain) return start + shift;
  const ptrdiff_t which = shift & (parts - 1);  // also of what lies before the record
  return start + which * ptrdiff_t(part) + (shift - which) / parts;
}

ChunkChoice choose_chunk(int length, int kernel, int lanes, int levels) {
  const int least = std::max(kLeastChunk, 2 * kernel);
  const int chunk = (length + lanes - 1) / lanes;
  if (chunk < least) return {};
  int halvings = 0;
  while (halvings < levels && (chunk >> (halvings + 1)) >= least) ++halvings;
  return {int(round_up(size_t(chunk), size_t(1) << halvings)), halvings};
}

}  // namespace lth::inference
