#include "core/pattern.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

/// A tensor, its average and what it was at each step.
struct Averaged {
  Averaged(Backend& backend, int rows, int columns, double density, Random& random)
      : size(size_t(rows) * size_t(columns)), mask(size, 1) {
    if (density < 1) {
      for (uint8_t& kept : mask) kept = random.uniform() < density;
      pattern = std::make_unique<SparsePattern>(build_pattern(mask.data(), rows, columns));
    }
    average = std::make_unique<Device<float>>(backend, masked(random));
  }

  std::vector<float> masked(Random& random) const {
    std::vector<float> values = random.floats(size, -1, 1);
    for (size_t i = 0; i < size; ++i) values[i] *= float(mask[i]);
    return values;
  }

  size_t size;
  std::vector<uint8_t> mask;
  std::unique_ptr<SparsePattern> pattern;
  std::unique_ptr<Device<float>> value, average;
  std::vector<std::vector<float>> history;
};

constexpr int kSteps = 4;

void test_average(Backend& backend, float decay, SameBits& same) {
  Random random(3);
  std::vector<Averaged> tensors;
  const struct {
    int rows, columns;
    double density;
  } kinds[] = {{1, 1, 1},        {7, 5, 1},         {40, 1001, 1}, {30, 40, 0.5},
               {64, 700, 0.015}, {9, 9000, 0.01}, {300, 33, 0}, {5, 77, 0.06}};
  for (const auto& k : kinds) tensors.emplace_back(backend, k.rows, k.columns, k.density, random);
  Device<double> norm(backend, std::vector<double>(1, 1.0));
  Device<double> bad(backend, std::vector<double>(1, NAN));
  for (int step = 1; step <= kSteps; ++step) {
    std::vector<ParameterView> views;
    for (Averaged& t : tensors) {
      t.history.push_back(t.masked(random));
      t.value = std::make_unique<Device<float>>(backend, t.history.back());
      views.push_back({.value = t.value->get(),
                       .size = t.size,
                       .pattern = t.pattern.get(),
                       .average = t.average->get()});
    }
    backend.average_step({views, decay, norm.get(), step});
    // A step that is left out moves nothing.
    const std::vector<float> before = tensors[2].average->values();
    backend.average_step({views, decay, bad.get(), step});
    CHECK(tensors[2].average->values() == before);
  }
  for (size_t n = 0; n < tensors.size(); ++n) {
    const Averaged& t = tensors[n];
    const std::vector<float> got = t.average->values();
    same.check("average " + std::to_string(n), got);
    bool pruned_are_zero = true;
    for (size_t i = 0; i < t.size; ++i) {
      // The weighted mean of all steps: where it started no longer matters.
      double sum = 0, weights = 0;
      for (int step = 1; step <= kSteps; ++step) {
        const double weight = std::pow(double(decay), kSteps - step);
        sum += weight * double(t.history[size_t(step - 1)][i]);
        weights += weight;
      }
      if (t.mask[i]) CHECK_NEAR(got[i], sum / weights, 2 * kTolerance);
      else pruned_are_zero = pruned_are_zero && got[i] == 0;
    }
    CHECK(pruned_are_zero);
  }
}

}  // namespace

int main() {
  constexpr float kDecays[] = {0, 0.5f, 0.999f};
  for (const Family& family : families()) {
    std::vector<SameBits> same(std::size(kDecays));
    for (const Family::Member& member : family.members) {
      context = member.name;
      const auto backend = member.make();
      for (size_t i = 0; i < std::size(kDecays); ++i) test_average(*backend, kDecays[i], same[i]);
    }
  }
  context.clear();
  return finish();
}
