// Global magnitude selection beside std::nth_element on the same weights: magnitudes of four normal
// distributions, as the stages of the full network have them.
//
//   topk_bench [--threads N] [--isa portable|avx2|avx512] [--weights N]... [--keep SHARE]...
//              [--alive SHARE] [--repeat N] [--json]
//
// Without --weights: 10,454,528 and 100,000,000. Without --keep: 0.007, 0.1, 0.5 and 0.8. --alive:
// so much of the weights survived the rounds before, and --keep is a share of those. The masks are
// checked against the threshold that nth_element finds.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "lth/backend.h"

using namespace lth;

namespace {

constexpr size_t kTensors = 34;

struct Settings {
  CpuOptions cpu = {.threads = 0, .isa = Isa::automatic};
  std::vector<double> weights;
  std::vector<double> keeps;
  double alive = 1;
  int repeat = 9;
  bool json = false;
};

struct Row {
  size_t weights;
  double keep;
  double milliseconds, fastest, nth_element;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

uint32_t next(uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/// The weights of a network whose later layers are larger and have smaller weights.
struct Weights {
  Weights(Backend& backend, size_t size, double alive_share)
      : backend(backend), size(size), value(static_cast<float*>(backend.allocate(size * 4))),
        alive(alive_share < 1 ? size : 0), mask(size) {
    uint32_t state = 2463534242U;
    for (size_t i = 0; i < size; ++i) {
      // The sum of four uniform numbers is near enough to a normal one.
      float sum = 0;
      for (int k = 0; k < 4; ++k) sum += float(next(state) >> 8) / float(1 << 23) - 1;
      const double place = double(i) / double(size);
      value[i] = sum * (place < 0.013 ? 0.062f : place < 0.065 ? 0.044f
                        : place < 0.25 ? 0.031f : 0.022f);
      if (!alive.empty()) {
        alive[i] = next(state) < alive_share * 4294967296.0;
        if (!alive[i]) value[i] = 0;
      }
    }
    for (size_t t = 0; t < kTensors; ++t) {
      const size_t begin = size * t / kTensors, end = size * (t + 1) / kTensors;
      tensors.push_back({value + begin, alive.empty() ? nullptr : alive.data() + begin,
                         mask.data() + begin, end - begin});
    }
  }
  ~Weights() { backend.release(value); }
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  int64_t kept_of(double share) const {
    const int64_t count = alive.empty() ? int64_t(size)
                                        : std::count(alive.begin(), alive.end(), uint8_t(1));
    return int64_t(double(count) * share);
  }

  Backend& backend;
  size_t size;
  float* value;
  std::vector<uint8_t> alive, mask;
  std::vector<SelectTensor> tensors;
};

/// Milliseconds of nth_element on a copy of the magnitudes alive; leaves the threshold.
double time_nth_element(const Weights& weights, int64_t keep, float& threshold) {
  std::vector<float> magnitudes;
  magnitudes.reserve(weights.size);
  for (size_t i = 0; i < weights.size; ++i) {
    if (weights.alive.empty() || weights.alive[i]) {
      magnitudes.push_back(std::fabs(weights.value[i]));
    }
  }
  const auto start = std::chrono::steady_clock::now();
  const auto at = magnitudes.end() - std::ptrdiff_t(keep);
  std::nth_element(magnitudes.begin(), at, magnitudes.end());
  const double time = milliseconds_since(start);
  threshold = *at;
  return time;
}

/// Ends the program unless the mask keeps `keep` weights, all at or above the threshold.
void check(const Weights& weights, int64_t keep, float threshold) {
  int64_t kept = 0;
  for (size_t i = 0; i < weights.size; ++i) {
    kept += weights.mask[i];
    const bool alive = weights.alive.empty() || weights.alive[i];
    const float magnitude = std::fabs(weights.value[i]);
    if (weights.mask[i] ? !alive || magnitude < threshold : alive && magnitude > threshold) {
      std::fprintf(stderr, "error: the mask is wrong at weight %zu\n", i);
      std::exit(1);
    }
  }
  if (kept == keep) return;
  std::fprintf(stderr, "error: the mask keeps %lld weights, not %lld\n", (long long)kept,
               (long long)keep);
  std::exit(1);
}

Row measure(Backend& backend, Weights& weights, double share, int repeat) {
  const int64_t keep = std::max<int64_t>(weights.kept_of(share), 1);
  std::vector<double> times;
  for (int i = 0; i < repeat + 2; ++i) {
    const auto start = std::chrono::steady_clock::now();
    backend.select_magnitude(weights.tensors, keep);
    if (i >= 2) times.push_back(milliseconds_since(start));
  }
  std::sort(times.begin(), times.end());
  float threshold = 0;
  const double nth_element = time_nth_element(weights, keep, threshold);
  check(weights, keep, threshold);
  return {weights.size, share, times[times.size() / 2], times[0], nth_element};
}

Settings parse(int argc, char** argv) {
  Settings settings;
  bench::Arguments arguments(argc, argv);
  while (arguments.more()) {
    if (arguments.take("--threads")) settings.cpu.threads = int(arguments.number());
    else if (arguments.take("--isa")) settings.cpu.isa = bench::isa_named(arguments.word());
    else if (arguments.take("--weights")) settings.weights.push_back(arguments.number());
    else if (arguments.take("--keep")) settings.keeps.push_back(arguments.number());
    else if (arguments.take("--alive")) settings.alive = arguments.number();
    else if (arguments.take("--repeat")) settings.repeat = int(arguments.number());
    else if (arguments.take("--json")) settings.json = true;
    else arguments.refuse();
  }
  if (settings.weights.empty()) settings.weights = {10454528, 1e8};
  if (settings.keeps.empty()) settings.keeps = {0.007, 0.1, 0.5, 0.8};
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const auto backend = make_cpu_backend(settings.cpu);
  if (!settings.json) {
    std::printf("%s, %g of the weights alive; median and fastest of %d\n",
                backend->description().c_str(), settings.alive, settings.repeat);
  }
  const char* separator = "[";
  for (double size : settings.weights) {
    Weights weights(*backend, size_t(size), settings.alive);
    for (double share : settings.keeps) {
      const Row row = measure(*backend, weights, share, settings.repeat);
      if (settings.json) {
        std::printf("%s{\"weights\":%zu,\"keep\":%g,\"milliseconds\":%.4f,\"fastest\":%.4f,"
                    "\"nthElement\":%.4f}", separator, row.weights, row.keep, row.milliseconds,
                    row.fastest, row.nth_element);
        separator = ",\n";
      } else {
        std::printf("%11zu weights, keep %5.1f %%: %8.3f ms (%8.3f), nth_element %8.1f ms\n",
                    row.weights, 100 * row.keep, row.milliseconds, row.fastest, row.nth_element);
        std::fflush(stdout);
      }
    }
  }
  if (settings.json) std::printf("]\n");
  return 0;
}
