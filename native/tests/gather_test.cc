#include "lth/program.h"
#include "lth/random.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

struct Records {
  std::vector<int16_t> samples;
  std::vector<int64_t> offsets;
  std::vector<int32_t> lengths, labels;
};

Records make_records(int count, int most, Random& random) {
  Records records;
  for (int i = 0; i < count; ++i) {
    const int length = i == 0 ? 1 : random.integer(most / 2, most);
    records.samples.resize(records.samples.size() + 3, 32767);  // a gap, to be left alone
    records.offsets.push_back(int64_t(records.samples.size()));
    records.lengths.push_back(length);
    records.labels.push_back(random.integer(0, 3));
    for (int s = 0; s < length; ++s) {
      records.samples.push_back(int16_t(random.integer(-32768, 32767)));
    }
  }
  return records;
}

void test_batch(Backend& backend, int slots, int length, bool flip, SameBits& same) {
  Random random(uint32_t(slots * 7 + length));
  const Records records = make_records(9, 1400, random);
  const ResidentDataset dataset(backend, records.samples, records.offsets, records.lengths,
                                records.labels);
  CHECK_EQ(dataset.records(), 9);
  std::vector<int32_t> indices;
  for (int n = 0; n < slots; ++n) indices.push_back(n == 2 ? -1 : random.integer(n / kLanes, 8));
  const size_t padded = size_t(slots + kLanes - 1) / kLanes * kLanes;
  Device<int32_t> device_indices(backend, indices), device_labels(backend, padded);
  DeviceActivation x(backend, {slots, 1, length, 3}, std::vector<int32_t>(size_t(slots), -1));
  const float mean = 7.5f, inv_std = 1 / 246.0f;
  backend.gather({&dataset.view(), device_indices.get(), mean, inv_std, flip, 99, 4, x.get(),
                  const_cast<int32_t*>(x->lengths), device_labels.get()});
  const std::vector<int32_t> lengths = x.fetch_lengths(), labels = device_labels.values();
  const std::vector<float> got = x.read();
  same.check("x", got);
  const RandomKey key = random_key(99, 4, 0);
  int negated = 0;
  for (int n = 0; n < int(padded); ++n) {
    const int32_t record = n < slots ? indices[size_t(n)] : -1;
    const int32_t want_length =
        record < 0 ? 0 : std::min(records.lengths[size_t(record)], int32_t(length));
    CHECK_EQ(lengths[size_t(n)], want_length);
    CHECK_EQ(labels[size_t(n)], record < 0 ? 0 : records.labels[size_t(record)]);
    const bool negate = flip && (random_bits(key, uint32_t(n)) & 1U);
    negated += negate && n < slots;
    for (int l = 0; l < want_length; ++l) {
      const int16_t sample = records.samples[size_t(records.offsets[size_t(record)] + l)];
      const double want = (double(sample) - double(mean)) * double(inv_std) * (negate ? -1 : 1);
      CHECK_NEAR(got[size_t(n) * size_t(length) + size_t(l)], want,
                 kTolerance * (std::fabs(double(sample)) + 8) * double(inv_std));
    }
  }
  if (flip && slots >= 16) CHECK(negated > 0 && negated < slots);
}

/// All kinds of augmentation at once: the same bits on every backend, which test/conformance
/// compares with a reference.
void test_augmented(Backend& backend, SameBits& same) {
  Random random(5);
  const Records records = make_records(9, 1400, random);
  const ResidentDataset dataset(backend, records.samples, records.offsets, records.lengths,
                                records.labels);
  constexpr int kSlots = 20, kLength = 1024;
  std::vector<int32_t> indices;
  for (int n = 0; n < kSlots; ++n) indices.push_back(n == 2 ? -1 : n % 9);
  Device<int32_t> device_indices(backend, indices), labels(backend, 2 * kLanes);
  DeviceActivation x(backend, {kSlots, 1, kLength, 3}, std::vector<int32_t>(kSlots, -1));
  const Augmentation augment{.hop = 64,
                             .stretch = {0.67f, 1.33f},
                             .log2_amplitude = {-2, 1},
                             .wander_amplitude = {0, 200},
                             .wander_frequency = {0.0002f, 0.002f},
                             .noise = {0, 30},
                             .burst_probability = 0.005,
                             .burst_length = 9,
                             .masks = 2,
                             .mask_length = 100,
                             .mixup = 0.4};
  Device<int32_t> second_labels(backend, 2 * kLanes);
  Device<float> shares(backend, 2 * kLanes);
  backend.gather({.dataset = &dataset.view(),
                  .indices = device_indices.get(),
                  .mean = 7.5f,
                  .inv_std = 1 / 246.0f,
                  .flip = true,
                  .seed = 99,
                  .stream = 4,
                  .x = x.get(),
                  .lengths = const_cast<int32_t*>(x->lengths),
                  .labels = labels.get(),
                  .augment = &augment,
                  .second_labels = second_labels.get(),
                  .shares = shares.get()});
  same.check("the lengths of an augmented batch", x.fetch_lengths());
  same.check("an augmented batch", x.read());
  same.check("the second labels of an augmented batch", second_labels.values());
  same.check("the shares of an augmented batch", shares.values());
  int mixed = 0;
  for (int n = 0; n < kSlots; ++n) {
    CHECK_EQ(labels[size_t(n)], n == 2 ? 0 : records.labels[size_t(indices[size_t(n)])]);
    CHECK_EQ(x.length(n) % augment.hop, 0);
    const float share = shares[size_t(n)];
    CHECK(share >= 0 && share <= 1);
    mixed += share < 1;
    // Record 0 has one sample; the others keep some, whatever the stretch, if both of a mixture do.
    if (n == 2 || indices[size_t(n)] == 0) CHECK_EQ(x.length(n), 0);
    if (n != 2 && indices[size_t(n)] != 0 && share == 1) CHECK(x.length(n) > 0);
  }
  CHECK(mixed >= kSlots - 5);
}

void test_dataset_errors(Backend& backend) {
  const std::vector<int16_t> samples(10);
  const auto make = [&](std::vector<int64_t> offsets, std::vector<int32_t> lengths,
                        std::vector<int32_t> labels) {
    ResidentDataset(backend, samples, offsets, lengths, labels);
  };
  make({0, 5}, {5, 5}, {0, 1});
  CHECK_THROWS(range, "at least one record", make({}, {}, {}));
  CHECK_THROWS(range, "got 2, 1 and 2", make({0, 5}, {5}, {0, 1}));
  CHECK_THROWS(range, "offset 6, length 5", make({0, 6}, {5, 5}, {0, 1}));
  CHECK_THROWS(range, "offset -1", make({-1}, {5}, {0}));
  CHECK_THROWS(range, "offset 9223372036854775807", make({INT64_MAX}, {5}, {0}));
  CHECK_THROWS(range, "length 0", make({0}, {0}, {0}));
  CHECK_THROWS(range, "label out of range: -1", make({0}, {5}, {-1}));
}

}  // namespace

int main() {
  const struct {
    int slots, length;
    bool flip;
  } cases[] = {{1, 100, false}, {16, 700, true},  {17, 513, true},
               {3, 1, true},    {33, 1500, false}, {40, 1100, true}};
  SameBits same_everywhere;
  for (const Family& family : families()) {
    std::vector<SameBits> same(std::size(cases));
    for (const Family::Member& member : family.members) {
      context = member.name;
      const auto backend = member.make();
      for (size_t i = 0; i < std::size(cases); ++i) {
        test_batch(*backend, cases[i].slots, cases[i].length, cases[i].flip, same[i]);
      }
      test_augmented(*backend, same_everywhere);
    }
  }
  context.clear();
  test_dataset_errors(*make_cpu_backend({.threads = 1}));
  return finish();
}
