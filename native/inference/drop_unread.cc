#include <utility>

#include "inference/absorbed.h"

namespace lth::inference {
namespace {

/// Keeps the rows that `needed` says, with their taps.
template <class Needed>
void keep_rows(SparseConv& conv, const Needed& needed) {
  std::vector<Row> rows;
  std::vector<Tap> taps;
  for (Row row : conv.rows) {
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

}  // namespace

void drop_unread(AbsorbedNetwork& net) {
  size_t most = 1;
  for (const Value& value : net.values) most = std::max(most, size_t(value.channels));
  // By home and channel.
  std::vector<std::vector<bool>> read(net.values.size(), std::vector<bool>(most, false));
  const auto read_of = [&](int value) -> std::vector<bool>& {
    return read[size_t(net.home[size_t(value)])];
  };
  read_of(net.output()).assign(most, true);
  for (size_t s = net.steps.size(); s-- > 0;) {
    Step& step = net.steps[s];
    std::vector<bool> pooled(most, false);
    if (!step.is_conv) {
      pooled = read_of(step.raw);
    } else {
      keep_rows(net.convs[s], [&](Row& row) {
        const size_t c = size_t(row.channel);
        const bool raw = step.raw >= 0 && read_of(step.raw)[c];
        const bool active = step.active >= 0 && read_of(step.active)[c];
        row.store_raw = row.store_raw && raw;
        row.store_active = active;
        if (row.add_shortcut && (raw || active)) {
          (step.pools ? pooled : read_of(step.shortcut))[c] = true;
        }
        return row.store_raw || row.store_active;
      });
      const SparseConv& conv = net.convs[s];
      for (const Row& row : conv.rows) {
        for (size_t t = row.begin; t < row.mid; ++t) {
          read_of(step.input)[size_t(conv.taps[t].channel)] = true;
        }
      }
    }
    if (!step.pools) continue;
    const int channels = net.values[size_t(step.pool.input)].channels;
    for (int c = 0; c < channels; ++c) {
      if (!pooled[size_t(c)]) continue;
      step.pool.channels.push_back(c);
      read_of(step.pool.input)[size_t(c)] = true;
    }
  }
}

}  // namespace lth::inference
