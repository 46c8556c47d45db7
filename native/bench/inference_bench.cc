// Time of one record on one thread by density: uniform masks and masks by global magnitude of the
// initial weights. Usage: inference_bench [samples [density]]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "lth/isa.h"
#include "tests/network_reference.h"

namespace {

using lth::test::MadeNetwork;

/// Prunes all but the largest weights of all layers together.
void keep_largest(MadeNetwork& net, double density) {
  std::vector<float> all;
  for (const auto& weight : net.weights) {
    for (float w : weight) all.push_back(std::abs(w));
  }
  const size_t keep = size_t(density * double(all.size()));
  std::nth_element(all.begin(), all.end() - ptrdiff_t(keep), all.end());
  const float least = all[all.size() - keep];
  for (auto& weight : net.weights) {
    for (float& w : weight) w = std::abs(w) < least ? 0.0f : w;
  }
}

/// The median, and the best as what the machine can do between other work.
struct Milliseconds {
  double median, best;
};

Milliseconds time_of(lth::InferenceNetwork& engine, const std::vector<float>& samples) {
  std::vector<float> logits(size_t(engine.classes()) * engine.steps(int(samples.size())));
  std::vector<double> times;
  for (int i = 0; i < 43; ++i) {
    const auto start = std::chrono::steady_clock::now();
    engine.run(samples, logits);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (i >= 2) times.push_back(time.count() * 1e3);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[0]};
}

}  // namespace

int main(int argc, char** argv) {
  const int length = argc > 1 ? std::atoi(argv[1]) : 8960;
  const lth::test::ResNetShape shape{32, 16, 16, 4, 4};
  std::vector<float> samples(static_cast<size_t>(length), 0.0f);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = float(i % 300 < 10) - 0.1f;
  for (lth::Isa isa : {lth::Isa::avx512, lth::Isa::avx2, lth::Isa::portable}) {
    for (const char* kind : {"uniform", "global"}) {
      for (double density : {1.0, 0.2, 0.05, 0.02, 0.007}) {
        if (argc > 2 && density != std::atof(argv[2])) continue;
        if (isa == lth::Isa::portable && density > 0.05) continue;
        const bool uniform = std::strcmp(kind, "uniform") == 0;
        if (!uniform && density == 1.0) continue;
        MadeNetwork net(shape, uniform ? density : 1.0, 1);
        if (!uniform) keep_largest(net, density);
        lth::InferenceNetwork engine(net.graph(), isa);
        const auto [median, best] = time_of(engine, samples);
        const double gflop = 2e-9 * double(engine.macs(length));
        std::printf("%-8s %-8s density %.3f  %8.3f ms (best %.3f)  %7.3f GFLOP  %6.1f GFLOP/s\n",
                    lth::isa_name(isa), kind, density, median, best, gflop, gflop / median * 1e3);
      }
    }
  }
}
