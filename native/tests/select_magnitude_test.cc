#include <algorithm>
#include <limits>

#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Tensors {
  std::vector<std::vector<float>> values;
  std::vector<std::vector<uint8_t>> alive;  // empty: all
};

/// The definition, by a full sort.
std::vector<std::vector<uint8_t>> reference(const Tensors& tensors, int64_t keep) {
  struct Entry {
    float magnitude;
    size_t tensor, index;
  };
  std::vector<Entry> entries;
  std::vector<std::vector<uint8_t>> masks;
  for (size_t t = 0; t < tensors.values.size(); ++t) {
    masks.emplace_back(tensors.values[t].size(), uint8_t(0));
    for (size_t i = 0; i < tensors.values[t].size(); ++i) {
      if (!tensors.alive[t].empty() && !tensors.alive[t][i]) continue;
      entries.push_back({std::fabs(tensors.values[t][i]), t, i});
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.magnitude > b.magnitude; });
  for (int64_t i = 0; i < keep; ++i) {
    masks[entries[size_t(i)].tensor][entries[size_t(i)].index] = 1;
  }
  return masks;
}

std::vector<std::vector<uint8_t>> select(Backend& backend, const Tensors& tensors, int64_t keep) {
  std::vector<std::unique_ptr<Device<float>>> device;
  std::vector<std::vector<uint8_t>> masks;
  std::vector<SelectTensor> arguments;
  for (const std::vector<float>& values : tensors.values) masks.emplace_back(values.size(), 0xff);
  for (size_t t = 0; t < tensors.values.size(); ++t) {
    device.push_back(std::make_unique<Device<float>>(backend, tensors.values[t]));
    arguments.push_back({device.back()->get(),
                         tensors.alive[t].empty() ? nullptr : tensors.alive[t].data(),
                         masks[t].data(), masks[t].size()});
  }
  backend.select_magnitude(arguments, keep);
  return masks;
}

int64_t count_alive(const Tensors& tensors) {
  int64_t count = 0;
  for (size_t t = 0; t < tensors.values.size(); ++t) {
    count += tensors.alive[t].empty()
                 ? int64_t(tensors.values[t].size())
                 : std::count(tensors.alive[t].begin(), tensors.alive[t].end(), uint8_t(1));
  }
  return count;
}

enum class Kind { uniform, ties, denormal, zeros, one_value, sorted, peaks, comb };

float draw(Kind kind, size_t i, Random& random) {
  switch (kind) {
    case Kind::uniform: return random.between(-1, 1);
    case Kind::ties: return float(random.integer(-3, 3)) / 2;
    case Kind::denormal:
      return float(random.integer(-5, 5)) * std::numeric_limits<float>::denorm_min();
    case Kind::zeros: return random.uniform() < 0.5 ? 0.0f : -0.0f;
    case Kind::one_value: return random.uniform() < 0.5 ? 0.25f : -0.25f;
    case Kind::sorted: return float(i) * 1e-3f;
    // Where a sample of the rest does not see them.
    case Kind::peaks: return i % 4099 == 17 ? float(i) : (i % 4099 == 18 ? INFINITY : 1e-30f);
    // With the period of the sample on the largest shape: it sees none of the large values.
    case Kind::comb: return i % 8 == 0 ? random.between(0.1, 0.2) : random.between(-2, -1);
  }
  return 0;
}

Tensors make(Kind kind, const std::vector<size_t>& sizes, double alive, Random& random) {
  Tensors tensors;
  for (size_t size : sizes) {
    std::vector<float> values;
    std::vector<uint8_t> mask;
    for (size_t i = 0; i < size; ++i) values.push_back(draw(kind, i, random));
    if (alive < 1) {
      for (size_t i = 0; i < size; ++i) mask.push_back(random.uniform() < alive);
    }
    tensors.values.push_back(std::move(values));
    tensors.alive.push_back(std::move(mask));
  }
  return tensors;
}

void test_against_sort() {
  std::vector<std::pair<std::string, std::shared_ptr<Backend>>> backends;
  for_each_backend([&](const std::shared_ptr<Backend>& backend, int) {
    backends.emplace_back(context, backend);
  });
  const std::vector<std::vector<size_t>> shapes = {
      {1}, {17}, {5, 1, 64}, {1000, 3, 70001}, {65536, 65537, 15, 140000}};
  for (size_t s = 0; s < shapes.size(); ++s) {
    for (Kind kind : {Kind::uniform, Kind::ties, Kind::denormal, Kind::zeros, Kind::one_value,
                      Kind::sorted, Kind::peaks, Kind::comb}) {
      for (double alive : {1.0, 0.6, 0.01, 0.0}) {
        if (!chosen()) continue;
        Random random(uint32_t(s * 100 + size_t(kind)));
        const Tensors tensors = make(kind, shapes[s], alive, random);
        const int64_t count = count_alive(tensors);
        for (double share : {0.0, 0.001, 0.2, 0.5, 0.9999, 1.0}) {
          const int64_t keep = int64_t(std::floor(double(count) * share));
          const auto want = reference(tensors, keep);
          for (const auto& [name, backend] : backends) {
            context = name + ", shapes " + std::to_string(s) + ", kind " +
                      std::to_string(int(kind)) + ", alive " + std::to_string(alive) + ", keep " +
                      std::to_string(keep);
            CHECK(select(*backend, tensors, keep) == want);
          }
        }
      }
    }
  }
}

void test_refusals() {
  for_each_backend([](const std::shared_ptr<Backend>& backend, int) {
    Tensors tensors{{std::vector<float>(70000, 1.0f), std::vector<float>(200000, 2.0f)}, {{}, {}}};
    CHECK_THROWS(range, "from 0 to 270000", select(*backend, tensors, 270001));
    CHECK_THROWS(range, "got -1", select(*backend, tensors, -1));
    tensors.values[1][131077] = -kNaN;
    tensors.values[1][199999] = kNaN;
    for (int64_t keep : {0, 5, 100000, 270000}) {
      CHECK_THROWS(range, "tensor 1 holds NaN at index 131077", select(*backend, tensors, keep));
    }
    tensors.values[0][3] = kNaN;
    CHECK_THROWS(range, "tensor 0 holds NaN at index 3", select(*backend, tensors, 7));
    // A pruned place does not count.
    tensors.values = {{1, kNaN, 3}};
    tensors.alive = {{1, 0, 1}};
    CHECK(select(*backend, tensors, 1) == (std::vector<std::vector<uint8_t>>{{0, 0, 1}}));
    CHECK_THROWS(range, "from 0 to 2", select(*backend, tensors, 3));
  });
}

}  // namespace

int main() {
  test_against_sort();
  test_refusals();
  return finish();
}
