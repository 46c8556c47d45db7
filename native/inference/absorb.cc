#include <algorithm>
#include <cmath>
#include <limits>

#include "inference/absorbed.h"

namespace lth::inference {
namespace {

using Op = InferenceNode::Op;

/// y = scale * x + shift
struct Affine {
  double scale, shift;
};

std::vector<Affine> affine_of(const NormTensors& norm, float epsilon) {
  std::vector<Affine> result;
  for (size_t c = 0; c < norm.gamma.size(); ++c) {
    const double inv_std = 1.0 / std::sqrt(double(norm.variance[c]) + double(epsilon));
    const double scale = double(norm.gamma[c]) * inv_std;
    result.push_back({scale, double(norm.beta[c]) - double(norm.mean[c]) * scale});
  }
  return result;
}

/// A channel of a value: what memory holds at a position plus, inside the record, a constant.
struct Channel {
  bool stored = false;
  double constant = 0;
};
using Channels = std::vector<Channel>;

double activated(double value, bool relu) { return relu ? std::max(value, 0.0) : value; }

float floor_of(bool relu) { return relu ? 0.0f : -std::numeric_limits<float>::infinity(); }

/// Appends the taps of one output channel. Constants of the inputs go to the row of ones.
Row add_row(SparseConv& conv, int channel, const ConvTensors& tensors, const Channels& input,
            double factor, double bias) {
  Row row;
  row.channel = channel;
  row.begin = conv.taps.size();
  std::vector<double> ones(size_t(conv.kernel), 0.0);
  const float* weight =
      tensors.weight.data() + size_t(channel) * size_t(conv.in_channels) * size_t(conv.kernel);
  for (int c = 0; c < conv.in_channels; ++c) {
    const Channel& from = input[size_t(c)];
    for (int k = 0; k < conv.kernel; ++k, ++weight) {
      if (*weight == 0) continue;
      const double value = double(*weight) * factor;
      ones[size_t(k)] += value * from.constant;
      if (from.stored && float(value) != 0) conv.taps.push_back({c, k, float(value)});
    }
  }
  row.mid = conv.taps.size();
  double inner = bias;
  for (int k = 0; k < conv.kernel; ++k) {
    const float value = float(ones[size_t(k)]);
    if (value == 0) continue;
    conv.taps.push_back({conv.in_channels, k, value});
    inner += ones[size_t(k)];
  }
  row.end = conv.taps.size();
  row.edge_bias = float(bias);
  row.inner_bias = float(inner);
  return row;
}

class Absorber {
 public:
  explicit Absorber(const InferenceGraph& graph) : graph_(graph) {
    net_.values = checked_values(graph);
    channels_.resize(net_.values.size());
    channels_[0] = {{true, 0}};
    for (size_t v = 0; v < net_.values.size(); ++v) net_.home.push_back(int(v));
  }

  AbsorbedNetwork run() {
    for (int i = 0; i < int(graph_.nodes.size()); ++i) {
      const InferenceNode& node = graph_.nodes[size_t(i)];
      if (node.op == Op::shortcut) {
        shortcut(i);
      } else if (node.op == Op::conv) {
        net_.kernel = std::max(net_.kernel, node.kernel);
        const int norm = norm_of(i + 1);
        const bool only_norm = norm >= 0 && node.add < 0 && readers(i + 1).size() == 1;
        only_norm ? activating_conv(i, norm) : summing_conv(i, norm);
      } else if (norm_of(node.input) != i) {
        lone_norm(i);
      }
    }
    net_.convolved.assign(net_.values.size(), false);
    for (const Step& step : net_.steps) {
      if (step.is_conv) net_.convolved[home(step.input)] = true;
    }
    return std::move(net_);
  }

 private:
  const InferenceNode& node_of(int value) const { return graph_.nodes[size_t(value) - 1]; }
  bool is_conv(int value) const { return value > 0 && node_of(value).op == Op::conv; }
  const std::vector<int>& readers(int value) const { return net_.values[size_t(value)].readers; }
  size_t home(int value) const { return size_t(net_.home[size_t(value)]); }
  Channels& channels(int value) { return channels_[size_t(value)]; }

  /// The norm that is computed together with a convolution: the first that reads it. -1: none.
  int norm_of(int value) const {
    if (!is_conv(value)) return -1;
    for (int reader : readers(value)) {
      if (graph_.nodes[size_t(reader)].op == Op::norm) return reader;
    }
    return -1;
  }

  /// The convolution that pools a shortcut's input as it adds it: its only reader. -1: none.
  int pooling_conv(int node) const {
    const InferenceNode& shortcut = graph_.nodes[size_t(node)];
    if (shortcut.op != Op::shortcut || shortcut.stride == 1) return -1;
    const std::vector<int>& reading = readers(node + 1);
    if (reading.size() != 1) return -1;
    const InferenceNode& reader = graph_.nodes[size_t(reading[0])];
    return reader.op == Op::conv && reader.input != node + 1 ? reading[0] : -1;
  }

  /// Whether taps read a value, or a view of it.
  bool has_taps(int value) const {
    return std::any_of(readers(value).begin(), readers(value).end(), [&](int reader) {
      const InferenceNode& node = graph_.nodes[size_t(reader)];
      if (node.op == Op::conv) return node.input == value;
      if (node.op == Op::norm) return norm_of(value) != reader;
      return node.stride == 1 && has_taps(reader + 1);
    });
  }

  /// The last node whose step reads what lies in the memory of `place`, of those known so far.
  int last_read(size_t place, int values) const {
    int last = -1;
    for (int v = 0; v <= values; ++v) {
      if (home(v) != place) continue;
      for (int reader : readers(v)) last = std::max({last, reader, pooling_conv(reader)});
    }
    return last;
  }

  /// Whether a convolution may sum up in the memory of what it adds: a sum that nothing reads any
  /// more. Channels without survivors then cost nothing.
  bool replaces(int i) const {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    if (node.add < 0 || pooling_conv(node.add - 1) == i || i + 1 == net_.output()) return false;
    const size_t place = home(node.add);
    return is_conv(int(place)) && place != home(node.input) && last_read(place, i) <= i &&
           !has_taps(i + 1);
  }

  SparseConv empty_conv(int i) const {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    SparseConv conv;
    conv.in_channels = net_.values[size_t(node.input)].channels;
    conv.out_channels = net_.values[size_t(i) + 1].channels;
    conv.kernel = node.kernel;
    conv.stride = node.stride;
    return conv;
  }

  void push(Step step, SparseConv conv) {
    net_.steps.push_back(std::move(step));
    net_.convs.push_back(std::move(conv));
  }

  /// A convolution whose output only a norm reads: the norm's scale goes into its weights.
  void activating_conv(int i, int norm) {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    const bool relu = graph_.nodes[size_t(norm)].relu;
    const std::vector<Affine> affine =
        affine_of(graph_.nodes[size_t(norm)].norm, graph_.epsilon);
    SparseConv conv = empty_conv(i);
    Channels& output = channels(norm + 1);
    output.assign(size_t(conv.out_channels), {});
    for (int co = 0; co < conv.out_channels; ++co) {
      const auto [scale, shift] = affine[size_t(co)];
      const double bias = scale * double(node.conv.bias[size_t(co)]) + shift;
      Row row = add_row(conv, co, node.conv, channels(node.input), scale, bias);
      row.floor = floor_of(relu);
      if (row.begin == row.end) {
        output[size_t(co)] = {false, activated(bias, relu)};
      } else {
        output[size_t(co)] = {true, 0};
        conv.rows.push_back(row);
      }
    }
    push({.input = node.input, .active = norm + 1}, std::move(conv));
  }

  /// A convolution whose sums are kept besides the output of their norm.
  void summing_conv(int i, int norm) {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    Step step{.input = node.input, .raw = i + 1};
    SparseConv conv = empty_conv(i);
    Channels raw(size_t(conv.out_channels));
    const bool stays = replaces(i), is_output = i + 1 == net_.output();
    if (node.add >= 0) {
      raw = channels(node.add);
      step.pools = pooling_conv(node.add - 1) == i;
      if (step.pools) {
        step.pool = {node_of(node.add).input, node_of(node.add).stride, {}};
      } else {
        step.shortcut = node.add;
      }
      if (stays) net_.home[size_t(i) + 1] = int(home(node.add));
    }
    std::vector<Affine> affine(raw.size(), {1, 0});
    bool relu = false;
    Channels active(raw.size());
    if (norm >= 0) {
      step.active = norm + 1;
      relu = graph_.nodes[size_t(norm)].relu;
      affine = affine_of(graph_.nodes[size_t(norm)].norm, graph_.epsilon);
    }
    for (int co = 0; co < conv.out_channels; ++co) {
      Channel& sum = raw[size_t(co)];
      const auto [scale, shift] = affine[size_t(co)];
      const double bias = sum.constant + double(node.conv.bias[size_t(co)]);
      Row row = add_row(conv, co, node.conv, channels(node.input), 1.0, bias);
      const bool changes = row.begin != row.end || (!stays && sum.stored) || is_output;
      if (!changes && !sum.stored) {
        sum.constant = bias;
        active[size_t(co)] = {false, activated(scale * bias + shift, relu)};
        continue;
      }
      row.scale = float(scale);
      row.shift = float(shift);
      row.floor = floor_of(relu);
      row.add_shortcut = sum.stored;
      row.store_raw = changes;
      sum = {true, changes ? 0.0 : bias};
      active[size_t(co)] = {true, 0};
      conv.rows.push_back(row);
    }
    channels(i + 1) = std::move(raw);
    if (norm >= 0) channels(norm + 1) = std::move(active);
    push(std::move(step), std::move(conv));
  }

  /// A norm that does not follow a convolution, or its second norm: one tap per channel.
  void lone_norm(int i) {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    const std::vector<Affine> affine = affine_of(node.norm, graph_.epsilon);
    SparseConv conv = empty_conv(i);
    conv.kernel = conv.stride = 1;
    Channels& output = channels(i + 1);
    for (int c = 0; c < conv.out_channels; ++c) {
      const Channel& from = channels(node.input)[size_t(c)];
      const auto [scale, shift] = affine[size_t(c)];
      const double bias = scale * from.constant + shift;
      if (!from.stored || float(scale) == 0) {
        output.push_back({false, activated(bias, node.relu)});
        continue;
      }
      Row row;
      row.channel = c;
      row.begin = conv.taps.size();
      conv.taps.push_back({c, 0, float(scale)});
      row.mid = row.end = conv.taps.size();
      row.edge_bias = row.inner_bias = float(bias);
      row.floor = floor_of(node.relu);
      conv.rows.push_back(row);
      output.push_back({true, 0});
    }
    push({.input = node.input, .active = i + 1}, std::move(conv));
  }

  void shortcut(int i) {
    const InferenceNode& node = graph_.nodes[size_t(i)];
    channels(i + 1) = channels(node.input);
    channels(i + 1).resize(size_t(node.channels));
    if (node.stride == 1) {
      net_.home[size_t(i) + 1] = int(home(node.input));
    } else if (pooling_conv(i) < 0) {
      Step step{.is_conv = false, .pools = true, .raw = i + 1};
      step.pool = {node.input, node.stride, {}};
      push(std::move(step), {});
    }
  }

  const InferenceGraph& graph_;
  AbsorbedNetwork net_;
  std::vector<Channels> channels_;  ///< by value
};

}  // namespace

bool SparseConv::uses_ones() const {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.mid != row.end; });
}

AbsorbedNetwork absorb(const InferenceGraph& graph) {
  AbsorbedNetwork net = Absorber(graph).run();
  drop_unread(net);
  return net;
}

}  // namespace lth::inference
