#include <algorithm>
#include <cmath>

#include "inference/checks.h"
#include "inference/folded.h"

namespace lth::inference {
namespace {

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

/// A channel of an activation: computed per position, or the same at every position of the record.
struct Channel {
  bool computed = false;
  double constant = 0;  ///< of a residual: also what is still to be added to a computed channel
};
using Channels = std::vector<Channel>;

/// Appends the taps of one output channel. What constant inputs add goes to the row of ones.
FoldedRow add_row(FoldedConv& conv, int channel, const ConvTensors& tensors, const Channels& input,
                  double factor, double bias) {
  FoldedRow row;
  row.channel = channel;
  row.begin = conv.taps.size();
  std::vector<double> ones(size_t(conv.kernel), 0.0);
  const float* weight =
      tensors.weight.data() + size_t(channel) * conv.in_channels * size_t(conv.kernel);
  for (int c = 0; c < conv.in_channels; ++c) {
    const Channel& from = input[size_t(c)];
    for (int k = 0; k < conv.kernel; ++k, ++weight) {
      if (*weight == 0) continue;
      const double value = double(*weight) * factor;
      if (!from.computed) {
        ones[size_t(k)] += value * from.constant;
      } else if (float(value) != 0) {
        conv.taps.push_back({c, k, float(value)});
      }
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

FoldedConv empty_conv(const NetworkShape& shape, int index) {
  const ConvExtent e = conv_extent(shape, index);
  FoldedConv conv;
  conv.in_channels = e.in_channels;
  conv.out_channels = e.out_channels;
  conv.kernel = e.kernel;
  conv.stride = e.stride;
  return conv;
}

/// A convolution whose output only its norm and ReLU read. `output`: what it gives.
FoldedConv activating_conv(const NetworkTensors& net, int index, const Channels& input,
                           Channels& output) {
  FoldedConv conv = empty_conv(net.shape, index);
  const ConvTensors& tensors = net.convolutions[size_t(index)];
  const std::vector<Affine> norm = affine_of(net.norms[size_t(index)], net.epsilon);
  output.assign(size_t(conv.out_channels), {});
  for (int co = 0; co < conv.out_channels; ++co) {
    const auto [scale, shift] = norm[size_t(co)];
    const double bias = scale * double(tensors.bias[size_t(co)]) + shift;
    const FoldedRow row = add_row(conv, co, tensors, input, scale, bias);
    if (row.begin == row.end) {
      output[size_t(co)] = {false, std::max(bias, 0.0)};
    } else {
      output[size_t(co)] = {true, 0};
      conv.rows.push_back(row);
    }
  }
  return conv;
}

/// A block's second convolution, which adds to the residual. `raw` becomes the residual after it,
/// `output` its activation by the norm that follows.
FoldedConv residual_conv(const NetworkTensors& net, int index, const Channels& input,
                         Channels& raw, Channels& output) {
  FoldedConv conv = empty_conv(net.shape, index);
  const ConvTensors& tensors = net.convolutions[size_t(index)];
  const std::vector<Affine> norm = affine_of(net.norms[size_t(index)], net.epsilon);
  raw.resize(size_t(conv.out_channels));
  output.assign(size_t(conv.out_channels), {});
  // The first block's residual lies where its activation will, a pooled one is another: they move.
  const int block = index / 2 - 1;
  const bool moves = block == 0 || block % 2 == 1;
  for (int co = 0; co < conv.out_channels; ++co) {
    Channel& residual = raw[size_t(co)];
    const auto [scale, shift] = norm[size_t(co)];
    const double bias = residual.constant + double(tensors.bias[size_t(co)]);
    FoldedRow row = add_row(conv, co, tensors, input, 1.0, bias);
    const bool changes = row.begin != row.end || (moves && residual.computed);
    if (!changes && !residual.computed) {
      residual.constant = bias;
      output[size_t(co)] = {false, std::max(scale * bias + shift, 0.0)};
      continue;
    }
    row.scale = float(scale);
    row.shift = float(shift);
    row.add_shortcut = residual.computed;
    row.store_raw = changes;
    residual = {true, changes ? 0.0 : bias};
    output[size_t(co)] = {true, 0};
    conv.rows.push_back(row);
  }
  return conv;
}

std::vector<bool> channels_read(const FoldedConv& conv) {
  std::vector<bool> read(size_t(conv.in_channels) + 1, false);
  for (const FoldedRow& row : conv.rows) {
    for (size_t t = row.begin; t < row.mid; ++t) read[size_t(conv.taps[t].channel)] = true;
  }
  return read;
}

/// Keeps the rows that `needed` says, with their taps.
template <class Needed>
void keep_rows(FoldedConv& conv, const Needed& needed) {
  std::vector<FoldedRow> rows;
  std::vector<FoldedTap> taps;
  for (FoldedRow row : conv.rows) {
    if (!needed(row)) continue;
    const size_t begin = taps.size();
    taps.insert(taps.end(), conv.taps.begin() + ptrdiff_t(row.begin),
                conv.taps.begin() + ptrdiff_t(row.end));
    row.mid = begin + (row.mid - row.begin);
    row.end = taps.size();
    row.begin = begin;
    rows.push_back(row);
  }
  conv.rows = std::move(rows);
  conv.taps = std::move(taps);
}

/// Removes what nothing reads, from the head backwards.
void drop_unread(FoldedNetwork& net) {
  std::vector<bool> active = channels_read(net.head);
  std::vector<bool> raw(active.size(), false);
  for (size_t i = net.blocks.size(); i-- > 0;) {
    auto& [first, second, shortcut] = net.blocks[i];
    std::vector<bool> raw_before = raw;
    keep_rows(second, [&](FoldedRow& row) {
      const size_t c = size_t(row.channel);
      const bool changes = row.store_raw;
      row.store_raw = changes && raw[c];
      row.store_active = active[c];
      raw_before[c] = row.add_shortcut && (raw[c] || active[c]);
      return row.store_raw || row.store_active;
    });
    raw = raw_before;
    const std::vector<bool> read = channels_read(second);
    keep_rows(first, [&](FoldedRow& row) {
      row.store_active = true;
      return read[size_t(row.channel)];
    });
    active = channels_read(first);
    for (int c = 0; c < first.in_channels; ++c) {
      if (raw[size_t(c)]) shortcut.push_back(c);
    }
  }
  keep_rows(net.stem, [&](FoldedRow& row) {
    row.store_active = true;
    return active[size_t(row.channel)] || raw[size_t(row.channel)];
  });
}

}  // namespace

bool FoldedConv::uses_ones() const {
  return std::any_of(rows.begin(), rows.end(),
                     [](const FoldedRow& row) { return row.mid != row.end; });
}

FoldedNetwork fold(const NetworkTensors& tensors) {
  check_network(tensors);
  FoldedNetwork net;
  net.shape = tensors.shape;
  Channels active;
  net.stem = activating_conv(tensors, 0, Channels{{true, 0}}, active);
  Channels raw = active;
  for (int i = 0; i < tensors.shape.blocks; ++i) {
    FoldedNetwork::Block block;
    Channels inner;
    block.first = activating_conv(tensors, 2 * i + 1, active, inner);
    block.second = residual_conv(tensors, 2 * i + 2, inner, raw, active);
    net.blocks.push_back(std::move(block));
  }
  net.head = empty_conv(tensors.shape, tensors.shape.convolutions() - 1);
  const ConvTensors& head = tensors.convolutions.back();
  for (int co = 0; co < net.head.out_channels; ++co) {
    FoldedRow row = add_row(net.head, co, head, active, 1.0, double(head.bias[size_t(co)]));
    row.store_raw = true;
    net.head.rows.push_back(row);
  }
  drop_unread(net);
  return net;
}

}  // namespace lth::inference
