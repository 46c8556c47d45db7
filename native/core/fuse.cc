#include "core/ops/conv1d.h"
#include "core/recording.h"

namespace lth {
namespace {

/// For every value, whether it must lie in memory.
std::vector<bool> values_in_memory(const Recording& recording) {
  std::vector<int> readers(recording.values.size());
  for (const Node& node : recording.nodes) {
    for (ValueIndex v : node.op->values().reads) {
      if (v != kNone) ++readers[size_t(v)];
    }
    if (const ValueIndex v = node.op->foldable(); v != kNone) --readers[size_t(v)];
  }
  std::vector<bool> result;
  for (size_t v = 0; v < readers.size(); ++v) {
    result.push_back(readers[v] > 0 || recording.values[v].output);
  }
  return result;
}

/// The op of type T that makes a value, or null.
template <class T>
T* producer(const Recording& recording, ValueIndex value) {
  const int node = recording.values[size_t(value)].producer;
  return node == kNone ? nullptr : dynamic_cast<T*>(recording.nodes[size_t(node)].op.get());
}

bool folds(const Recording& recording, const NormOp& norm, const std::vector<bool>& in_memory) {
  const bool dropout = norm.settings.training && norm.settings.dropout > 0;
  return !in_memory[size_t(norm.y)] &&
         recording.backend->folds_norm(bytes_without_halo(recording, norm.y), dropout);
}

}  // namespace

bool may_fold(const Recording& recording, ValueIndex value) {
  const auto* norm = producer<const NormOp>(recording, value);
  return norm && folds(recording, *norm, values_in_memory(recording));
}

void unfuse_norms(Recording& recording) {
  for (Node& node : recording.nodes) node.op->unfuse();
}

void fuse_norms(Recording& recording) {
  unfuse_norms(recording);  // an earlier plan may have fused what is an output now
  const bool measures = recording.backend->measures_norms();
  const std::vector<bool> in_memory = values_in_memory(recording);
  for (Node& node : recording.nodes) {
    auto* norm = dynamic_cast<NormOp*>(node.op.get());
    if (!norm) continue;
    norm->folded = folds(recording, *norm, in_memory);
    auto* conv = producer<ConvOp>(recording, norm->x);
    if (measures && norm->settings.training && conv && !conv->measures) {
      conv->measures = norm;
      norm->measured = true;
    }
  }
  for (Node& node : recording.nodes) {
    if (auto* conv = dynamic_cast<ConvOp*>(node.op.get())) {
      const auto* norm = producer<NormOp>(recording, conv->x);
      if (norm && norm->folded) conv->folded = norm;
    }
    if (auto* backward = dynamic_cast<NormBackwardOp*>(node.op.get())) {
      auto* dgrad = producer<ConvDgradOp>(recording, backward->dy);
      if (measures && dgrad && !dgrad->measures) {
        dgrad->measures = backward;
        backward->measured = true;
      }
    }
  }
}

}  // namespace lth
