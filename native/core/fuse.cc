#include "core/recording.h"

namespace lth {
namespace {

/// The operand that an op can make itself, of a folded norm's input; or none.
ValueIndex foldable_operand(const Op& op) {
  return std::visit(Overloaded{
                        [](const ConvOp& o) { return o.x; },
                        [](const ConvWgradOp& o) { return o.conv.x; },
                        [](const NormBackwardOp& o) { return o.norm.y; },
                        [](const auto&) { return kNone; },
                    },
                    op);
}

/// Of every value, whether it has to lie in memory.
std::vector<bool> values_in_memory(const Recording& recording) {
  std::vector<int> readers(recording.values.size());
  for (const Node& node : recording.nodes) {
    for (ValueIndex v : op_values(node.op).reads) ++readers[size_t(v)];
    if (const ValueIndex v = foldable_operand(node.op); v != kNone) --readers[size_t(v)];
  }
  std::vector<bool> result;
  for (size_t v = 0; v < readers.size(); ++v) {
    result.push_back(readers[v] > 0 || recording.values[v].output);
  }
  return result;
}

/// The op of type T that makes a value, or null.
template <class T>
T* producer(Recording& recording, ValueIndex value) {
  const int node = recording.values[size_t(value)].producer;
  return node == kNone ? nullptr : std::get_if<T>(&recording.nodes[size_t(node)].op);
}

}  // namespace

void unfuse_norms(Recording& recording) {
  const auto plain = [](ConvOp& conv) { conv.folded = conv.source = conv.measures = kNone; };
  for (Node& node : recording.nodes) {
    std::visit(Overloaded{
                   [&](ConvOp& o) { plain(o); },
                   [](ConvDgradOp& o) { o.measures = o.measured_x = kNone; },
                   [&](ConvWgradOp& o) { plain(o.conv); },
                   [](NormOp& o) { o.folded = o.measured = false; },
                   [](NormBackwardOp& o) { o.norm.folded = o.norm.measured = o.measured = false; },
                   [](auto&) {},
               },
               node.op);
  }
}

void fuse_norms(Recording& recording) {
  if (!recording.backend->fuses_norms()) return;
  unfuse_norms(recording);  // an earlier plan may have fused what is an output now
  const std::vector<bool> in_memory = values_in_memory(recording);
  for (size_t i = 0; i < recording.nodes.size(); ++i) {
    auto* norm = std::get_if<NormOp>(&recording.nodes[i].op);
    if (!norm) continue;
    norm->folded = !in_memory[size_t(norm->y)];
    auto* conv = producer<ConvOp>(recording, norm->x);
    if (norm->settings.training && conv && conv->measures == kNone) {
      conv->measures = int(i);
      norm->measured = true;
    }
  }
  const auto fold = [&](ConvOp& conv) {
    const auto* norm = producer<NormOp>(recording, conv.x);
    if (!norm || !norm->folded) return;
    conv.folded = recording.values[size_t(conv.x)].producer;
    conv.source = norm->x;
  };
  for (size_t i = 0; i < recording.nodes.size(); ++i) {
    Op& op = recording.nodes[i].op;
    if (auto* conv = std::get_if<ConvOp>(&op)) fold(*conv);
    if (auto* wgrad = std::get_if<ConvWgradOp>(&op)) fold(wgrad->conv);
    if (auto* backward = std::get_if<NormBackwardOp>(&op)) {
      backward->norm = *producer<NormOp>(recording, backward->norm.y);
      auto* dgrad = producer<ConvDgradOp>(recording, backward->dy);
      if (dgrad && dgrad->measures == kNone) {
        dgrad->measures = int(i);
        dgrad->measured_x = backward->norm.x;
        backward->measured = true;
      }
    }
  }
}

}  // namespace lth
