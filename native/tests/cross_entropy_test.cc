#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

struct Case {
  int records, classes, length;
  double spread;  // of the logits
};

const Case kCases[] = {{1, 1, 1, 1},   {3, 4, 5, 3},    {16, 4, 35, 3},
                       {17, 3, 8, 200}, {40, 7, 13, 1}, {4, 4, 6, 80}};

void test_case(Backend& backend, const Case& k, SameBits& same) {
  Random random(uint32_t(k.records + k.length));
  const std::vector<int32_t> lengths = ragged(k.records, k.length, random);
  const At at{k.classes, k.length};
  std::vector<float> host = random.floats(at(k.records, 0, 0), -k.spread, k.spread);
  for (float& value : host) value = random.uniform() < 0.2 ? 1.0f : value;  // ties
  std::vector<int32_t> host_labels(size_t(k.records + kLanes - 1) / kLanes * kLanes, 0);
  for (int n = 0; n < k.records; ++n) host_labels[size_t(n)] = random.integer(0, k.classes - 1);
  DeviceActivation logits(backend, {k.records, k.classes, k.length, 0}, lengths);
  DeviceActivation dlogits(backend, {k.records, k.classes, k.length, 1}, lengths);
  logits.write(host);
  Device<int32_t> labels(backend, host_labels);
  Device<double> result(backend, 3);
  backend.cross_entropy({logits.get(), labels.get(), dlogits.get(), result.get()});
  const std::vector<float> got = dlogits.read();
  same.check("dlogits", got);
  same.check("result", result.values());

  double loss = 0, terms = 0, valid = 0, correct = 0;
  for (int32_t length : lengths) valid += length;
  for (int n = 0; n < k.records; ++n) {
    const int label = host_labels[size_t(n)];
    for (int l = 0; l < lengths[size_t(n)]; ++l) {
      int best = 0;
      for (int c = 1; c < k.classes; ++c) {
        if (host[at(n, c, l)] > host[at(n, best, l)]) best = c;
      }
      long double sum = 0;
      for (int c = 0; c < k.classes; ++c) {
        sum += std::exp((long double)(host[at(n, c, l)]) - (long double)(host[at(n, best, l)]));
      }
      for (int c = 0; c < k.classes; ++c) {
        const long double share =
            std::exp((long double)(host[at(n, c, l)]) - (long double)(host[at(n, best, l)])) / sum;
        const double want = double((share - (c == label ? 1 : 0)) / (long double)(valid));
        CHECK_NEAR(got[at(n, c, l)], want, kTolerance / valid);
      }
      const double step = double(std::log(sum)) + double(host[at(n, best, l)]) -
                          double(host[at(n, label, l)]);
      loss += step;
      terms += 1 + std::fabs(double(host[at(n, best, l)])) +
               std::fabs(double(host[at(n, label, l)]));
      correct += best == label;
    }
  }
  CHECK_NEAR(result[0], valid > 0 ? loss / valid : 0, 1e-14 * terms);
  CHECK_EQ(result[1], valid);
  CHECK_EQ(result[2], correct);
}

void test_empty_batch(Backend& backend) {
  const std::vector<int32_t> empty = {0, 0, 0};
  DeviceActivation logits(backend, {3, 4, 5, 0}, empty), dlogits(backend, {3, 4, 5, 2}, empty);
  logits.write(std::vector<float>(60, 1.0f));
  Device<int32_t> labels(backend, std::vector<int32_t>(16, 0));
  Device<double> result(backend, 3);
  backend.cross_entropy({logits.get(), labels.get(), dlogits.get(), result.get()});
  CHECK(result.values() == std::vector<double>({0, 0, 0}));
  CHECK(dlogits.read() == std::vector<float>(60, 0.0f));
}

}  // namespace

int main() {
  for (const Family& family : families()) {
    std::vector<SameBits> same(std::size(kCases));
    for (const Family::Member& member : family.members) {
      context = member.name;
      const auto backend = member.make();
      for (size_t i = 0; i < std::size(kCases); ++i) test_case(*backend, kCases[i], same[i]);
      test_empty_batch(*backend);
    }
  }
  context.clear();
  return finish();
}
