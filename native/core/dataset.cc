#include <algorithm>
#include <climits>
#include <string>

#include "lth/error.h"
#include "lth/program.h"

namespace lth {
namespace {

using std::to_string;

void check(std::span<const int16_t> samples, std::span<const int64_t> offsets,
           std::span<const int32_t> lengths, std::span<const int32_t> labels) {
  if (offsets.empty()) throw_range("A data set needs at least one record, got 0");
  if (offsets.size() > size_t(INT_MAX)) {
    throw_range("A data set holds fewer than 2^31 records, got " + to_string(offsets.size()));
  }
  if (lengths.size() != offsets.size() || labels.size() != offsets.size()) {
    throw_range("A data set needs one offset, length and label per record, got " +
                to_string(offsets.size()) + ", " + to_string(lengths.size()) + " and " +
                to_string(labels.size()));
  }
  const int64_t total = int64_t(samples.size());
  for (size_t i = 0; i < offsets.size(); ++i) {
    const std::string record = "Record " + to_string(i) + " of the data set ";
    if (lengths[i] < 1) throw_range(record + "must not be empty: length " + to_string(lengths[i]));
    if (offsets[i] < 0 || offsets[i] > total - lengths[i]) {
      throw_range(record + "reaches outside the " + to_string(total) + " samples: offset " +
                  to_string(offsets[i]) + ", length " + to_string(lengths[i]));
    }
    if (labels[i] < 0 || labels[i] == INT_MAX) {
      throw_range(record + "has a label out of range: " + to_string(labels[i]));
    }
  }
}

size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

ResidentDataset::ResidentDataset(Backend& backend, std::span<const int16_t> samples,
                                 std::span<const int64_t> offsets,
                                 std::span<const int32_t> lengths, std::span<const int32_t> labels)
    : backend_(backend) {
  check(samples, offsets, lengths, labels);
  size_t bytes = 0;
  const auto place = [&bytes](size_t size) {
    const size_t at = bytes;
    bytes += padded(size);
    return at;
  };
  const size_t samples_at = place(samples.size_bytes());
  const size_t offsets_at = place(offsets.size_bytes());
  const size_t lengths_at = place(lengths.size_bytes());
  const size_t labels_at = place(labels.size_bytes());
  memory_ = backend_.allocate(bytes);
  char* base = static_cast<char*>(memory_);
  backend_.upload(base + samples_at, samples.data(), samples.size_bytes());
  backend_.upload(base + offsets_at, offsets.data(), offsets.size_bytes());
  backend_.upload(base + lengths_at, lengths.data(), lengths.size_bytes());
  backend_.upload(base + labels_at, labels.data(), labels.size_bytes());
  view_.samples = reinterpret_cast<const int16_t*>(base + samples_at);
  view_.offsets = reinterpret_cast<const int64_t*>(base + offsets_at);
  view_.lengths = reinterpret_cast<const int32_t*>(base + lengths_at);
  view_.labels = reinterpret_cast<const int32_t*>(base + labels_at);
  view_.records = int(offsets.size());
  classes_ = *std::max_element(labels.begin(), labels.end()) + 1;
}

ResidentDataset::~ResidentDataset() { backend_.release(memory_); }

}  // namespace lth
