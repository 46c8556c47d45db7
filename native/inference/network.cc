#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "inference/plan.h"
#include "lth/error.h"
#include "lth/inference.h"
#include "lth/isa.h"

namespace lth {

using namespace inference;

namespace {

const Kernels& kernels_for(Isa isa) {
#if LTH_X86
  if (isa == Isa::avx512) return inference::avx512::kernels();
  if (isa == Isa::avx2) return inference::avx2::kernels();
#else
  (void)isa;
#endif
  return inference::portable::kernels();
}

CompiledNetwork compile_network(const InferenceGraph& graph, const Kernels& kernels) {
  AbsorbedNetwork absorbed = absorb(graph);
  CompiledNetwork net;
  static_cast<Wiring&>(net) = static_cast<Wiring&&>(absorbed);
  for (SparseConv& conv : absorbed.convs) {
    net.convs.push_back(compile(conv, kernels));
    conv = {};  // a dense network's taps are large
  }
  return net;
}

/// One pass over a record; all buffers are in the plan's arena.
class Pass {
 public:
  Pass(const CompiledNetwork& net, const Kernels& kernels, Plan& plan)
      : net_(net), kernels_(kernels), plan_(plan) {}

  void run(std::span<const float> samples, std::span<float> logits) {
    load(samples);
    for (size_t s = 0; s < net_.steps.size(); ++s) {
      const Step& step = net_.steps[s];
      const PlannedStep& plan = plan_.steps[s];
      if (!step.is_conv) {
        pool(step.pool, plan, plan.raw);
        if (convolved(step.raw)) {
          for (int channel : step.pool.channels) close(plan.raw, plan.out, channel);
        }
        continue;
      }
      const CompiledConv& conv = net_.convs[s];
      if (plan.in.kind == Layout::Kind::split) split(conv.reads, plan);
      if (plan.pools_on_add) {
        pad_record(step.pool, plan);
      } else if (step.pools) {
        pool(step.pool, plan, plan.shortcut);
      }
      sum(conv, step, plan);
    }
    store(logits);
  }

 private:
  float* at(size_t buffer, const Layout& layout, int channel) const {
    return plan_.arena->data() + plan_.buffers[buffer].at + layout.origin +
           layout.row * size_t(channel);
  }
  float* scratch() const { return plan_.arena->data() + plan_.buffers[plan_.scratch].at; }
  bool convolved(int value) const { return net_.convolved[size_t(net_.home[size_t(value)])]; }

  void load(std::span<const float> samples) {
    const Layout& layout = plan_.record_layout;
    float* row = at(plan_.record, layout, 0);
    if (layout.kind == Layout::Kind::chunked) {
      std::copy(samples.begin(), samples.end(), scratch());
      kernels_.enchunk(scratch(), row, layout.chunk);
    } else {
      std::copy(samples.begin(), samples.end(), row);
    }
    close(plan_.record, layout, 0);
  }

  /// Zeroes the margins of the record in a row, so that a convolution may read past its ends.
  void close(size_t buffer, const Layout& layout, int channel) {
    float* row = at(buffer, layout, channel);
    if (layout.kind == Layout::Kind::chunked) {
      return kernels_.close_chunks({row, layout.length, layout.chunk, layout.halo, layout.halo});
    }
    std::memset(row - layout.origin, 0, layout.origin * sizeof(float));
    const size_t end = layout.row - layout.origin - size_t(layout.length);
    std::memset(row + layout.length, 0, end * sizeof(float));
  }

  void sum(const CompiledConv& conv, const Step& step, const PlannedStep& plan) {
    const bool splits = plan.in.kind == Layout::Kind::split;
    const bool skips = plan.in.kind == Layout::Kind::chunked;
    ConvWork work{};
    work.x = at(splits ? plan.split : plan.from, plan.in, 0);
    work.step = kernels_.lanes * (skips ? conv.stride : 1);
    work.rows = conv.rows.data();
    work.row_count = int(conv.rows.size());
    work.entry = plan.entries.data();
    work.value = conv.value.data();
    work.entries = int(conv.column.size());
    work.groups = conv.groups.data();
    work.blocks = conv.blocks;
    work.group_count = int(conv.groups.size()) / conv.blocks;
    work.sums = plan_.arena->data() + plan_.buffers[plan_.sums].at;
    const Layout& shortcut = plan.pools_on_add ? plan.pool_input : plan.out;
    work.shortcut = at(plan.pools_on_add ? plan.pool_from : plan.shortcut, shortcut, 0);
    work.shortcut_row = shortcut.row;
    work.pool_shortcut = plan.pools_on_add;
    work.raw = at(plan.raw, plan.out, 0);
    work.active = at(plan.active, plan.out, 0);
    work.out_row = plan.out.row;
    work.vectors = plan.out.vectors();
    work.inner_begin = plan.inner_begin;
    work.inner_end = plan.inner_end;
    (conv.dense ? kernels_.dense : kernels_.sparse)(work);
    const bool close_raw = step.raw >= 0 && convolved(step.raw);
    const bool close_active = step.active >= 0 && convolved(step.active);
    for (const RowWork& row : conv.rows) {
      if (row.store_raw && close_raw) close(plan.raw, plan.out, row.channel);
      if (row.store_active && close_active) close(plan.active, plan.out, row.channel);
    }
  }

  /// A channel as plain positions; chunks are put together in the scratch row.
  float* plain_row(size_t buffer, const Layout& layout, int channel) const {
    float* row = at(buffer, layout, channel);
    if (layout.kind != Layout::Kind::chunked) return row;
    kernels_.unchunk(row, scratch(), layout.chunk);
    return scratch();
  }

  /// The channels that a convolution with a stride reads, position by position.
  void split(const std::vector<int>& channels, const PlannedStep& plan) {
    const Layout& to = plan.in;
    const int count = (to.length + to.parts - 1) / to.parts;
    const size_t after = to.part - to.origin - size_t(count);
    for (int channel : channels) {
      float* row = plain_row(plan.from, plan.input, channel);
      float* first = at(plan.split, to, channel);
      if (to.parts == 2) {
        if (to.length % 2 == 1) row[to.length] = 0;
        kernels_.split(row, first, first + to.part, count);
      }
      for (int i = 0; i < to.parts; ++i) {
        float* part = first + size_t(i) * to.part;
        for (int p = 0; to.parts > 2 && p < count; ++p) {
          const int from = p * to.parts + i;
          part[p] = from < to.length ? row[from] : 0;
        }
        std::memset(part - to.origin, 0, to.origin * sizeof(float));
        std::memset(part + count, 0, after * sizeof(float));
      }
    }
  }

  /// Repeats the last position of channels of odd length, for the pooling that follows.
  void pad_record(const Pool& pool, const PlannedStep& plan) {
    const Layout& layout = plan.pool_input;
    if (layout.length % 2 == 0) return;
    for (int channel : pool.channels) {
      float* row = at(plan.pool_from, layout, channel);
      position(row, layout, layout.length) = position(row, layout, layout.length - 1);
    }
  }

  /// Pools the channels of a value.
  void pool(const Pool& pool, const PlannedStep& plan, size_t target) {
    const Layout &from = plan.pool_input, &to = plan.out;
    const int whole = from.length / pool.stride;  // windows
    for (int channel : pool.channels) {
      const float* row = plain_row(plan.pool_from, from, channel);
      float* out = at(target, to, channel);
      float* pooled = to.kind == Layout::Kind::chunked ? scratch() : out;
      if (pool.stride == 2) {
        kernels_.pool(row, pooled, whole);
      } else {
        for (int p = 0; p < whole; ++p) {
          pooled[p] = *std::max_element(row + p * pool.stride, row + (p + 1) * pool.stride);
        }
      }
      if (whole < to.length) {
        pooled[whole] = *std::max_element(row + whole * pool.stride, row + from.length);
      }
      if (to.kind == Layout::Kind::chunked) kernels_.enchunk(pooled, out, to.chunk);
    }
  }

  static float& position(float* row, const Layout& layout, int p) {
    if (layout.kind != Layout::Kind::chunked) return row[p];
    return row[size_t(p % layout.chunk) * size_t(layout.lanes) + size_t(p / layout.chunk)];
  }

  void store(std::span<float> logits) {
    const PlannedStep& plan = plan_.steps.back();
    for (int c = 0; c < net_.values.back().channels; ++c) {
      float* row = at(plan.raw, plan.out, c);
      float* out = logits.data() + size_t(c) * size_t(plan.out.length);
      for (int p = 0; p < plan.out.length; ++p) out[p] = position(row, plan.out, p);
    }
  }

  const CompiledNetwork& net_;
  const Kernels& kernels_;
  Plan& plan_;
};

}  // namespace

struct InferenceNetwork::State {
  Isa isa;
  const Kernels& kernels;
  CompiledNetwork net;
  std::unique_ptr<Plan> plan;  ///< of the last record's length
};

InferenceNetwork::InferenceNetwork(const InferenceGraph& graph, Isa isa) {
  isa = resolve_isa(isa);
  const Kernels& kernels = kernels_for(isa);
  state_.reset(new State{isa, kernels, compile_network(graph, kernels), nullptr});
}

InferenceNetwork::~InferenceNetwork() = default;

std::string InferenceNetwork::description() const {
  return std::string(isa_name(state_->isa)) + ", 1 thread";
}

int InferenceNetwork::classes() const { return state_->net.values.back().channels; }

int InferenceNetwork::steps(int length) const {
  return length_at(length, state_->net.values.back().level);
}

int64_t InferenceNetwork::macs(int length) const {
  const CompiledNetwork& net = state_->net;
  int64_t total = 0;
  for (size_t s = 0; s < net.steps.size(); ++s) {
    const Step& step = net.steps[s];
    const Value& value = net.values[size_t(step.raw >= 0 ? step.raw : step.active)];
    total += net.convs[s].multiplications * length_at(length, value.level);
  }
  return total;
}

size_t InferenceNetwork::bytes() const {
  size_t bytes = state_->plan ? state_->plan->bytes() : 0;
  for (const CompiledConv& conv : state_->net.convs) bytes += conv.bytes();
  return bytes;
}

void InferenceNetwork::run(std::span<const float> samples, std::span<float> logits) {
  constexpr size_t kMostSamples = size_t(1) << 28;
  if (samples.empty() || samples.size() > kMostSamples) {
    throw_range("samples must have from 1 to " + std::to_string(kMostSamples) +
                " elements, got " + std::to_string(samples.size()));
  }
  const int length = int(samples.size());
  const size_t expected = size_t(classes()) * size_t(steps(length));
  if (logits.size() != expected) {
    throw_range("logits must have " + std::to_string(expected) + " elements, got " +
                std::to_string(logits.size()));
  }
  if (!state_->plan || state_->plan->length != length) {
    state_->plan.reset();
    state_->plan = std::make_unique<Plan>(state_->net, length, state_->kernels);
  }
  Pass(state_->net, state_->kernels, *state_->plan).run(samples, logits);
}

}  // namespace lth
