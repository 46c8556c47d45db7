#include "inference/plan.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "lth/conv1d_desc.h"
#include "lth/error.h"

namespace lth::inference {
namespace {

constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kMargin = 64;  // floats between buffers: the last vector's read may pass a row

/// Writes 1 at the positions of the record and 0 around them.
void fill_ones(const Layout& layout, float* row) {
  std::fill_n(row, layout.row, 0.0f);
  for (int p = 0; p < layout.length; ++p) {
    if (layout.kind == Layout::Kind::chunked) {
      row[layout.origin + size_t(p % layout.chunk) * layout.lanes + p / layout.chunk] = 1;
    } else if (layout.kind == Layout::Kind::split) {
      row[layout.origin + size_t(p % 2) * layout.half + p / 2] = 1;
    } else {
      row[layout.origin + size_t(p)] = 1;
    }
  }
  if (layout.kind != Layout::Kind::chunked) return;
  for (int lane = 0; lane < layout.lanes; ++lane) {
    for (int place = -layout.halo; place < layout.chunk + layout.halo; ++place) {
      const int p = lane * layout.chunk + place;
      row[ptrdiff_t(layout.origin) + ptrdiff_t(place) * layout.lanes + lane] =
          p >= 0 && p < layout.length ? 1.0f : 0.0f;
    }
  }
}

/// The vectors of the output whose taps all fall inside the record; all of them where that makes no
/// difference.
void find_inner(PlannedConv& plan, const CompiledConv& conv, int pad_left) {
  const int kernel = conv.kernel, stride = conv.stride;
  if (!conv.uses_ones) {
    plan.inner_end = plan.out.vectors();
    return;
  }
  const int after = kernel - 1 - pad_left;
  const int vectors = plan.out.vectors();
  const bool chunked = plan.out.kind == Layout::Kind::chunked;
  const int positions = chunked ? 1 : plan.out.lanes;  // of a lane that a vector spans
  const auto inside = [&](int v) {
    const int first = v * positions;
    int last = first + positions - 1;
    if (chunked) last += (plan.out.lanes - 1) * plan.out.chunk;
    last = std::min(last, plan.out.length - 1);
    return first * stride - pad_left >= 0 && last * stride + after < plan.in.length;
  };
  int begin = 0;
  while (begin < vectors && !inside(begin)) ++begin;
  int end = begin;
  while (end < vectors && inside(end)) ++end;
  plan.inner_begin = begin;
  plan.inner_end = end;
}

}  // namespace

int length_after(int length, int blocks) {
  for (int i = 1; i < blocks; i += 2) length = same_output_length(length, 2);
  return length;
}

Arena::Arena(size_t floats) : floats_(floats) {
  // A tile touches a page of every channel: huge pages keep them all in the first-level TLB.
  const size_t bytes = (floats * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = nullptr;
#if defined(__linux__)
  // Not from the heap: pages that were in use before stay small ones.
  mapped_ = bytes + kHugePage;
  memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool failed = memory == MAP_FAILED;
#else
  const bool failed = posix_memalign(&memory, kHugePage, bytes) != 0;
#endif
  if (failed) {
    throw_state("Out of memory: an activation arena of " +
                std::to_string(floats * sizeof(float)) + " bytes");
  }
  memory_ = memory;
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory);
  data_ = reinterpret_cast<float*>((start + kHugePage - 1) / kHugePage * kHugePage);
#if defined(__linux__)
  madvise(data_, bytes, MADV_HUGEPAGE);
#endif
  std::fill_n(data_, floats, 0.0f);
}

Arena::~Arena() {
#if defined(__linux__)
  munmap(memory_, mapped_);
#else
  std::free(memory_);
#endif
}

size_t Plan::bytes() const {
  size_t bytes = arena->floats() * sizeof(float);
  for (const PlannedConv& conv : convs) bytes += conv.offset.size() * sizeof(int32_t);
  return bytes;
}

Plan::Plan(const CompiledNetwork& net, int record_length, const Kernels& kernels)
    : length(record_length) {
  const NetworkShape& shape = net.shape;
  const int lanes = kernels.lanes;
  const int kernel = shape.kernel;
  steps = length_after(length, shape.blocks);
  const ChunkChoice choice = choose_chunk(length, kernel, lanes, shape.blocks / 2);
  const auto layout_of = [&](int level, int positions) {
    return choice.chunk > 0 && level <= choice.halvings
               ? Layout::chunked(positions, choice.chunk >> level, kernel, lanes)
               : Layout::plain(positions, kernel, lanes);
  };
  int level = 0;
  Layout layout = layout_of(0, length);
  convs.push_back({layout, layout, {}, 0, 0});
  for (int i = 0; i < shape.blocks; ++i) {
    Layout in = layout;
    if (i % 2 == 1) {
      layout = layout_of(++level, same_output_length(layout.length, 2));
      if (layout.kind == Layout::Kind::plain) in = Layout::split(in.length, kernel, lanes);
    }
    convs.push_back({in, layout, {}, 0, 0});
    convs.push_back({layout, layout, {}, 0, 0});
  }
  convs.push_back({layout, layout, {}, 0, 0});

  const int count = shape.convolutions();
  const auto conv_of = [&](int i) -> const CompiledConv& {
    if (i == 0) return net.stem;
    if (i == count - 1) return net.head;
    const auto& block = net.blocks[size_t(i - 1) / 2];
    return i % 2 == 1 ? block.first : block.second;
  };
  size_t outer_size = 0, inner_size = 0, strided_size = 0, raw_size = 0, ones_size = 0;
  size_t most_rows = 0;
  const auto grow = [](size_t& size, const Layout& each, int channels) {
    size = std::max(size, each.row * size_t(channels));
  };
  for (int i = 0; i < count; ++i) {
    const CompiledConv& conv = conv_of(i);
    const PlannedConv& plan = convs[size_t(i)];
    const int out_channels = i == count - 1 ? shape.classes
                             : i == 0       ? shape.filters
                                            : shape.channels((i - 1) / 2);
    if (conv.blocks > 1) most_rows = std::max(most_rows, conv.rows.size());
    const bool split = plan.in.kind == Layout::Kind::split;
    if (i == 0 || split) grow(strided_size, plan.in, conv.in_channels);
    if (i % 2 == 1 && i < count - 1) {
      grow(inner_size, plan.out, out_channels);
    } else {
      if (i < count - 1) grow(outer_size, plan.out, out_channels);
      grow(raw_size, plan.out, out_channels);
    }
    if (conv.uses_ones) ones_size += plan.in.row;
  }
  size_t end = 0;
  const auto place = [&](size_t size) {
    const size_t at = end;
    end += (size + kMargin + 15) / 16 * 16;
    return at;
  };
  place(0);
  outer = place(outer_size);
  inner = place(inner_size);
  strided = place(strided_size);
  raw[0] = place(raw_size);
  raw[1] = place(raw_size);
  scratch = place(size_t(length) * 2 + size_t(lanes) * size_t(choice.chunk) * 2);
  sums = place(most_rows * size_t(kernels.tile) * size_t(lanes));
  size_t ones = place(ones_size);
  if (end > size_t(std::numeric_limits<int32_t>::max())) {
    throw_range("A record of " + std::to_string(length) + " samples needs " +
                std::to_string(end * sizeof(float)) + " bytes of activations, too many");
  }
  arena = std::make_unique<Arena>(end);
  for (int i = 0; i < count; ++i) {
    const CompiledConv& conv = conv_of(i);
    PlannedConv& plan = convs[size_t(i)];
    const bool from_strided = i == 0 || plan.in.kind == Layout::Kind::split;
    const size_t input = from_strided ? strided : i % 2 == 1 ? outer : inner;
    const int pad_left = same_pad_left(plan.in.length, conv.kernel, conv.stride);
    plan.offset = entry_offsets(conv, plan.in, pad_left, ptrdiff_t(ones) - ptrdiff_t(input));
    find_inner(plan, conv, pad_left);
    if (conv.uses_ones) {
      fill_ones(plan.in, arena->data() + ones);
      ones += plan.in.row;
    }
  }
}

}  // namespace lth::inference
