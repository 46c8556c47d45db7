#include "inference/plan.h"

#include <algorithm>
#include <limits>
#include <string>

#include "lth/conv1d_desc.h"
#include "lth/error.h"

namespace lth::inference {
namespace {

/// Writes 1 at the positions of the record and 0 around them.
void fill_ones(const Layout& layout, float* row) {
  std::fill_n(row, layout.row, 0.0f);
  for (int p = 0; p < layout.length; ++p) {
    if (layout.kind == Layout::Kind::chunked) {
      row[layout.origin + size_t(p % layout.chunk) * layout.lanes + p / layout.chunk] = 1;
    } else if (layout.kind == Layout::Kind::split) {
      row[layout.origin + size_t(p % layout.parts) * layout.part + size_t(p / layout.parts)] = 1;
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
void find_inner(PlannedStep& plan, const CompiledConv& conv, int pad_left) {
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

/// Lays out values and reserves their memory.
class Planner {
 public:
  Planner(const CompiledNetwork& net, Plan& plan, const Kernels& kernels)
      : net_(net), plan_(plan), kernels_(kernels) {
    int levels = 0;
    for (const Value& value : net.values) levels = std::max(levels, value.level);
    choice_ = choose_chunk(plan.length, net.kernel, kernels.lanes, levels);
    plan.record_layout = layout_of(0);
  }

  void run() {
    reserve_values();
    size_t most_sums = 0;
    for (size_t s = 0; s < net_.steps.size(); ++s) {
      plan_.steps.push_back(step(int(s)));
      const CompiledConv& conv = net_.convs[s];
      if (conv.blocks > 1) most_sums = std::max(most_sums, conv.rows.size());
    }
    const size_t lanes = size_t(kernels_.lanes);
    plan_.scratch = reserve(size_t(plan_.length) * 2 + lanes * size_t(choice_.chunk) * 2);
    plan_.sums = reserve(most_sums * size_t(kernels_.tile) * lanes);
    size_t ones_size = 0;
    for (size_t s = 0; s < net_.steps.size(); ++s) {
      if (net_.convs[s].uses_ones) ones_size += plan_.steps[s].in.row;
    }
    const size_t ones = reserve(ones_size);
    const size_t floats = place_buffers(plan_.buffers);
    if (floats > size_t(std::numeric_limits<int32_t>::max())) {
      throw_range("A record of " + std::to_string(plan_.length) + " samples needs " +
                  std::to_string(floats * sizeof(float)) + " bytes of activations, too many");
    }
    plan_.arena = std::make_unique<Arena>(floats);
    point_taps(plan_.buffers[ones].at);
  }

 private:
  Layout layout_of(int value) const {
    const int level = net_.values[size_t(value)].level;
    const int positions = length_at(plan_.length, level);
    return choice_.chunk > 0 && level <= choice_.halvings
               ? Layout::chunked(positions, choice_.chunk >> level, net_.kernel, kernels_.lanes)
               : Layout::plain(positions, net_.kernel, kernels_.lanes);
  }

  size_t reserve(size_t floats, int first, int last) {
    plan_.buffers.push_back({floats, first, last});
    return plan_.buffers.size() - 1;
  }
  size_t reserve(size_t floats) { return reserve(floats, 0, int(net_.steps.size())); }

  /// One buffer for all values that share a memory, from the first step that writes one of them to
  /// the last that reads one.
  void reserve_values() {
    const int end = int(net_.steps.size());
    std::vector<Buffer> own(net_.values.size(), {0, end, -1});
    const auto use = [&](int value, int step) {
      if (value < 0) return;
      Buffer& buffer = own[size_t(net_.home[size_t(value)])];
      buffer.first = std::min(buffer.first, step);
      buffer.last = std::max(buffer.last, step);
      const size_t channels = size_t(net_.values[size_t(value)].channels);
      buffer.floats = std::max(buffer.floats, layout_of(value).row * channels);
    };
    use(0, 0);
    use(net_.output(), end);
    for (int s = 0; s < end; ++s) {
      const Step& step = net_.steps[size_t(s)];
      for (int value : {step.input, step.shortcut, step.raw, step.active}) use(value, s);
      if (step.pools) use(step.pool.input, s);
    }
    for (size_t v = 0; v < own.size(); ++v) {
      home_.push_back(own[v].last < 0 ? 0 : reserve(own[v].floats, own[v].first, own[v].last));
    }
    plan_.record = buffer_of(0);
  }

  size_t buffer_of(int value) const {
    return value < 0 ? 0 : home_[size_t(net_.home[size_t(value)])];
  }

  PlannedStep step(int s) {
    const Step& step = net_.steps[size_t(s)];
    const CompiledConv& conv = net_.convs[size_t(s)];
    PlannedStep plan;
    plan.out = layout_of(step.raw >= 0 ? step.raw : step.active);
    plan.raw = buffer_of(step.raw);
    plan.active = buffer_of(step.active);
    plan.shortcut = step.shortcut >= 0 ? buffer_of(step.shortcut) : plan.raw;
    if (step.pools) {
      plan.pool_input = layout_of(step.pool.input);
      plan.pool_from = buffer_of(step.pool.input);
      // Positions past the record are written to for it: no taps may read them.
      plan.pools_on_add = step.is_conv && step.pool.stride == 2 &&
                          plan.out.kind == Layout::Kind::chunked &&
                          !net_.convolved[size_t(net_.home[size_t(step.pool.input)])];
      if (step.is_conv && !plan.pools_on_add) {
        const int channels = net_.values[size_t(step.pool.input)].channels;
        plan.shortcut = reserve(plan.out.row * size_t(channels), s, s);
      }
    }
    if (!step.is_conv) return plan;
    plan.in = plan.input = layout_of(step.input);
    plan.from = buffer_of(step.input);
    if (conv.stride > 1 && plan.out.kind == Layout::Kind::plain) {
      plan.in = Layout::split(plan.input.length, conv.stride, net_.kernel, kernels_.lanes);
      plan.split = reserve(plan.in.row * size_t(conv.in_channels), s, s);
    }
    return plan;
  }

  /// Where entries read. `ones`: floats from the arena's start to the rows of ones.
  void point_taps(size_t ones) {
    for (size_t s = 0; s < net_.steps.size(); ++s) {
      if (!net_.steps[s].is_conv) continue;
      const CompiledConv& conv = net_.convs[s];
      PlannedStep& plan = plan_.steps[s];
      const bool splits = plan.in.kind == Layout::Kind::split;
      const size_t input = plan_.buffers[splits ? plan.split : plan.from].at;
      const int pad_left = same_pad_left(plan.in.length, conv.kernel, conv.stride);
      plan.entries = entries_at(conv, plan.in, pad_left, ptrdiff_t(ones) - ptrdiff_t(input));
      find_inner(plan, conv, pad_left);
      if (conv.uses_ones) {
        fill_ones(plan.in, plan_.arena->data() + ones);
        ones += plan.in.row;
      }
    }
  }

  const CompiledNetwork& net_;
  Plan& plan_;
  const Kernels& kernels_;
  ChunkChoice choice_;
  std::vector<size_t> home_;  ///< buffers by home
};

}  // namespace

size_t Plan::bytes() const {
  size_t bytes = arena->floats() * sizeof(float);
  for (const PlannedStep& step : steps) bytes += step.entries.size() * sizeof(Entry);
  return bytes;
}

Plan::Plan(const CompiledNetwork& net, int record_length, const Kernels& kernels)
    : length(record_length) {
  Planner(net, *this, kernels).run();
}

}  // namespace lth::inference
