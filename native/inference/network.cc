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

CompiledNetwork compile_network(const NetworkTensors& tensors, const Kernels& kernels) {
  FoldedNetwork folded = fold(tensors);
  CompiledNetwork net;
  net.shape = folded.shape;
  net.stem = compile(folded.stem, kernels);
  for (FoldedNetwork::Block& block : folded.blocks) {
    net.blocks.push_back({compile(block.first, kernels), compile(block.second, kernels),
                          std::move(block.shortcut)});
    block = {};  // a dense network's taps are large
  }
  net.head = compile(folded.head, kernels);
  return net;
}

/// One pass over a record; all buffers are in the plan's arena.
class Pass {
 public:
  Pass(const CompiledNetwork& net, const Kernels& kernels, Plan& plan)
      : net_(net), kernels_(kernels), plan_(plan), arena_(plan.arena->data()) {}

  void run(std::span<const float> samples, std::span<float> logits) {
    load(samples);
    conv(net_.stem, 0, plan_.strided, {plan_.outer, 0, 0});
    size_t raw = plan_.raw[0], spare = plan_.raw[1];
    for (size_t i = 0; i < net_.blocks.size(); ++i) {
      const auto& block = net_.blocks[i];
      const PlannedConv& first = plan_.convs[2 * i + 1];
      size_t input = plan_.outer;
      if (block.first.stride == 2) {
        if (first.in.kind == Layout::Kind::split) {
          split(block.first.reads, int(i));
          input = plan_.strided;
        }
        if (first.out.kind == Layout::Kind::chunked) {
          pad_residual(block.shortcut, int(i), raw);
        } else {
          pool(block.shortcut, int(i), raw, spare);
          std::swap(raw, spare);
        }
      }
      conv(block.first, 2 * i + 1, input, {plan_.inner, 0, 0});
      // The first block's residual is the stem's activation; chunks are pooled as they are added.
      if (i == 0) {
        conv(block.second, 2, plan_.inner, {plan_.outer, raw, plan_.outer});
      } else if (block.first.stride == 2 && first.out.kind == Layout::Kind::chunked) {
        conv(block.second, 2 * i + 2, plan_.inner, {plan_.outer, spare, raw, &first.in});
        std::swap(raw, spare);
      } else {
        conv(block.second, 2 * i + 2, plan_.inner, {plan_.outer, raw, raw});
      }
    }
    conv(net_.head, plan_.convs.size() - 1, plan_.outer, {plan_.outer, raw, raw});
    store(raw, logits);
  }

 private:
  /// Buffers of a convolution's results, as floats from the arena's start.
  struct Targets {
    size_t active, raw, shortcut;
    const Layout* pooled = nullptr;  ///< how a shortcut lies that is to be pooled
  };

  float* at(size_t buffer, const Layout& layout, int channel) const {
    return arena_ + buffer + layout.origin + layout.row * size_t(channel);
  }

  void load(std::span<const float> samples) {
    const Layout& layout = plan_.convs[0].in;
    float* row = at(plan_.strided, layout, 0);
    if (layout.kind == Layout::Kind::chunked) {
      float* whole = arena_ + plan_.scratch;
      std::copy(samples.begin(), samples.end(), whole);
      kernels_.enchunk(whole, row, layout.chunk);
    } else {
      std::copy(samples.begin(), samples.end(), row);
    }
    close(plan_.strided, layout, 0);
  }

  /// Zeroes what surrounds the record in a row, so that a convolution may read past its ends.
  void close(size_t buffer, const Layout& layout, int channel) {
    float* row = at(buffer, layout, channel);
    if (layout.kind == Layout::Kind::chunked) {
      return kernels_.close_chunks({row, layout.length, layout.chunk, layout.halo, layout.halo});
    }
    std::memset(row - layout.origin, 0, layout.origin * sizeof(float));
    const size_t end = layout.row - layout.origin - size_t(layout.length);
    std::memset(row + layout.length, 0, end * sizeof(float));
  }

  void conv(const CompiledConv& conv, size_t index, size_t input, const Targets& to) {
    const PlannedConv& plan = plan_.convs[index];
    ConvWork work{};
    work.x = at(input, plan.in, 0);
    const bool skips = plan.in.kind == Layout::Kind::chunked && conv.stride == 2;
    work.step = kernels_.lanes * (skips ? 2 : 1);
    work.rows = conv.rows.data();
    work.row_count = int(conv.rows.size());
    work.offset = plan.offset.data();
    work.value = conv.value.data();
    work.entries = int(conv.column.size());
    work.groups = conv.groups.data();
    work.blocks = conv.blocks;
    work.group_count = int(conv.groups.size()) / conv.blocks;
    work.sums = arena_ + plan_.sums;
    const Layout& shortcut = to.pooled ? *to.pooled : plan.out;
    work.shortcut = at(to.shortcut, shortcut, 0);
    work.shortcut_row = shortcut.row;
    work.pool_shortcut = to.pooled != nullptr;
    work.raw = at(to.raw, plan.out, 0);
    work.active = at(to.active, plan.out, 0);
    work.out_row = plan.out.row;
    work.vectors = plan.out.vectors();
    work.inner_begin = plan.inner_begin;
    work.inner_end = plan.inner_end;
    (conv.dense ? kernels_.dense : kernels_.sparse)(work);
    for (const RowWork& row : conv.rows) {
      if (row.store_active) close(to.active, plan.out, row.channel);
    }
  }

  /// A channel as plain positions, padded by a copy of its last one, which no maximum notices.
  const float* plain_row(size_t buffer, const Layout& layout, int channel, float padding) {
    float* row = at(buffer, layout, channel);
    if (layout.kind == Layout::Kind::chunked) {
      float* whole = arena_ + plan_.scratch;
      kernels_.unchunk(row, whole, layout.chunk);
      row = whole;
    }
    if (layout.length % 2 == 1) row[layout.length] = padding;
    return row;
  }

  /// The outer activation's channels as even and odd positions.
  void split(const std::vector<int>& channels, int block) {
    const Layout& from = plan_.convs[size_t(block) * 2].out;
    const Layout& to = plan_.convs[size_t(block) * 2 + 1].in;
    const int count = (from.length + 1) / 2;
    for (int channel : channels) {
      float* even = at(plan_.strided, to, channel);
      float* odd = even + to.half;
      kernels_.split(plain_row(plan_.outer, from, channel, 0.0f), even, odd, count);
      const size_t after = to.half - to.origin - size_t(count);
      for (float* part : {even, odd}) {
        std::memset(part - to.origin, 0, to.origin * sizeof(float));
        std::memset(part + count, 0, after * sizeof(float));
      }
    }
  }

  /// Repeats the last position of residuals of odd length, for the pooling that follows.
  void pad_residual(const std::vector<int>& channels, int block, size_t source) {
    const Layout& layout = plan_.convs[size_t(block) * 2].out;
    if (layout.length % 2 == 0) return;
    for (int channel : channels) {
      float* row = at(source, layout, channel);
      position(row, layout, layout.length) = last(row, layout);
    }
  }

  /// The shortcut of a block of stride 2 as plain positions.
  void pool(const std::vector<int>& channels, int block, size_t source, size_t target) {
    const Layout& from = plan_.convs[size_t(block) * 2].out;
    const Layout& to = plan_.convs[size_t(block) * 2 + 1].out;
    for (int channel : channels) {
      float* in = at(source, from, channel);
      const float* row = plain_row(source, from, channel, last(in, from));
      kernels_.pool(row, at(target, to, channel), to.length);
    }
  }

  static float& position(float* row, const Layout& layout, int p) {
    if (layout.kind != Layout::Kind::chunked) return row[p];
    return row[size_t(p % layout.chunk) * size_t(layout.lanes) + size_t(p / layout.chunk)];
  }
  static float last(float* row, const Layout& layout) {
    return position(row, layout, layout.length - 1);
  }

  void store(size_t raw, std::span<float> logits) {
    const Layout& layout = plan_.convs.back().out;
    for (int c = 0; c < net_.shape.classes; ++c) {
      float* row = at(raw, layout, c);
      float* out = logits.data() + size_t(c) * size_t(layout.length);
      for (int p = 0; p < layout.length; ++p) out[p] = position(row, layout, p);
    }
  }

  const CompiledNetwork& net_;
  const Kernels& kernels_;
  Plan& plan_;
  float* arena_;
};

}  // namespace

struct InferenceNetwork::State {
  Isa isa;
  const Kernels& kernels;
  CompiledNetwork net;
  std::unique_ptr<Plan> plan;  ///< of the last record's length
};

InferenceNetwork::InferenceNetwork(const NetworkTensors& tensors, Isa isa) {
  isa = resolve_isa(isa);
  const Kernels& kernels = kernels_for(isa);
  state_.reset(new State{isa, kernels, compile_network(tensors, kernels), nullptr});
}

InferenceNetwork::~InferenceNetwork() = default;

std::string InferenceNetwork::description() const {
  return std::string(isa_name(state_->isa)) + ", 1 thread";
}

int InferenceNetwork::classes() const { return state_->net.shape.classes; }

int InferenceNetwork::steps(int length) const {
  return length_after(length, state_->net.shape.blocks);
}

int64_t InferenceNetwork::macs(int length) const {
  const CompiledNetwork& net = state_->net;
  int64_t total = net.stem.multiplications * length;
  for (size_t i = 0; i < net.blocks.size(); ++i) {
    const int positions = length_after(length, int(i) + 1);
    total += (net.blocks[i].first.multiplications + net.blocks[i].second.multiplications) *
             positions;
  }
  return total + net.head.multiplications * steps(length);
}

size_t InferenceNetwork::bytes() const {
  const CompiledNetwork& net = state_->net;
  size_t bytes = net.stem.bytes() + net.head.bytes();
  for (const auto& block : net.blocks) bytes += block.first.bytes() + block.second.bytes();
  return bytes + (state_->plan ? state_->plan->bytes() : 0);
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
