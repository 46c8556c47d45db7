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

struct Settings {
  float smoothing, focal;
  bool weighted, mixed;
  int teachers;
  float temperature, teacher_weight;
};

const Settings kSettings[] = {
    {0.1f, 0, false, false, 0, 1, 0},  {0, 0, true, false, 0, 1, 0},
    {0, 2, false, false, 0, 1, 0},     {0, 0.5f, false, false, 0, 1, 0},
    {0, 0, false, true, 0, 1, 0},      {0, 0, false, false, 1, 2, 0.7f},
    {0, 0, false, false, 3, 4, 1},     {0.05f, 1.5f, true, true, 8, 3, 0.25f},
};

/// The loss of one step from its definition, in lth/backend.h.
struct StepLoss {
  const Settings& settings;
  std::vector<float> class_weights;

  static std::vector<long double> softmax(const std::vector<long double>& logits,
                                          long double temperature) {
    const long double highest = *std::max_element(logits.begin(), logits.end());
    std::vector<long double> shares;
    long double sum = 0;
    for (long double z : logits) {
      shares.push_back(std::exp((z - highest) / temperature));
      sum += shares.back();
    }
    for (long double& share : shares) share /= sum;
    return shares;
  }

  long double operator()(const std::vector<long double>& logits, int label, int second,
                         long double share,
                         const std::vector<std::vector<long double>>& teachers) const {
    const size_t classes = logits.size();
    const auto target = [&](size_t c, int y) {
      const long double smoothing = settings.smoothing;
      return (long double)(class_weights[size_t(y)]) *
             ((c == size_t(y) ? 1 - smoothing : 0) + smoothing / (long double)(classes));
    };
    const std::vector<long double> p = softmax(logits, 1);
    long double hard = 0, soft = 0;
    for (size_t c = 0; c < classes; ++c) {
      const long double t = share * target(c, label) + (1 - share) * target(c, second);
      if (t > 0) hard -= t * std::pow(1 - p[c], (long double)(settings.focal)) * std::log(p[c]);
    }
    if (teachers.empty()) return hard;
    const long double temperature = settings.temperature, weight = settings.teacher_weight;
    const std::vector<long double> own = softmax(logits, temperature);
    for (size_t c = 0; c < classes; ++c) {
      long double q = 0;
      for (const auto& teacher : teachers) {
        q += softmax(teacher, temperature)[c] / (long double)(teachers.size());
      }
      soft += q * std::log(q / own[c]);
    }
    return (1 - weight) * hard + weight * temperature * temperature * soft;
  }
};

/// Loss and gradient against the definition and its finite differences.
void test_settings(Backend& backend, const Settings& k, SameBits& same) {
  constexpr int kRecords = 18, kClasses = 4, kLength = 7;
  Random random(uint32_t(100 * k.teachers + k.mixed));
  const std::vector<int32_t> lengths = ragged(kRecords, kLength, random);
  const At at{kClasses, kLength};
  const size_t size = at(kRecords, 0, 0);
  const std::vector<float> host = random.floats(size, -3, 3);
  std::vector<int32_t> host_labels(32, 0), host_seconds(32, 0);
  std::vector<float> host_shares = random.floats(32, 0, 1);
  for (size_t n = 0; n < kRecords; ++n) {
    host_labels[n] = random.integer(0, kClasses - 1);
    host_seconds[n] = random.integer(0, kClasses - 1);
    if (!k.mixed) host_shares[n] = 1;
  }
  StepLoss loss_of{k, std::vector<float>(kClasses, 1.0f)};
  if (k.weighted) loss_of.class_weights = {0.5f, 2, 0, 1.25f};
  DeviceActivation logits(backend, {kRecords, kClasses, kLength, 2}, lengths);
  DeviceActivation dlogits(backend, {kRecords, kClasses, kLength, 1}, lengths);
  logits.write(host);
  std::vector<std::vector<float>> host_teachers;
  std::vector<std::unique_ptr<DeviceActivation>> teachers;
  std::vector<Activation> views;
  for (int i = 0; i < k.teachers; ++i) {
    const ActivationShape shape{kRecords, kClasses, kLength, i % 3};
    host_teachers.push_back(random.floats(size, -3, 3));
    teachers.push_back(std::make_unique<DeviceActivation>(backend, shape, lengths));
    teachers.back()->write(host_teachers.back());
    views.push_back(teachers.back()->get());
  }
  Device<int32_t> labels(backend, host_labels), seconds(backend, host_seconds);
  Device<float> shares(backend, host_shares), weights(backend, loss_of.class_weights);
  Device<double> result(backend, 3);
  backend.cross_entropy({.logits = logits.get(),
                         .labels = labels.get(),
                         .dlogits = dlogits.get(),
                         .result = result.get(),
                         .label_smoothing = k.smoothing,
                         .focal = k.focal,
                         .class_weights = k.weighted ? weights.get() : nullptr,
                         .second_labels = k.mixed ? seconds.get() : nullptr,
                         .shares = k.mixed ? shares.get() : nullptr,
                         .teachers = views,
                         .temperature = k.temperature,
                         .teacher_weight = k.teacher_weight});
  const std::vector<float> got = dlogits.read();
  same.check("dlogits", got);
  same.check("result", result.values());

  double valid = 0;
  for (int32_t length : lengths) valid += length;
  long double loss = 0;
  for (int n = 0; n < kRecords; ++n) {
    for (int l = 0; l < lengths[size_t(n)]; ++l) {
      const auto step = [&](const std::vector<float>& values) {
        std::vector<long double> own;
        for (int c = 0; c < kClasses; ++c) own.push_back(values[at(n, c, l)]);
        return own;
      };
      std::vector<std::vector<long double>> taught;
      for (const auto& teacher : host_teachers) taught.push_back(step(teacher));
      const auto loss_at = [&](const std::vector<long double>& own) {
        return loss_of(own, host_labels[size_t(n)], host_seconds[size_t(n)],
                       host_shares[size_t(n)], taught);
      };
      const std::vector<long double> own = step(host);
      loss += loss_at(own);
      for (int c = 0; c < kClasses; ++c) {
        constexpr long double kStep = 1e-6L;
        std::vector<long double> above = own, below = own;
        above[size_t(c)] += kStep;
        below[size_t(c)] -= kStep;
        const double want = double((loss_at(above) - loss_at(below)) / (2 * kStep)) / valid;
        CHECK_NEAR(got[at(n, c, l)], want, 4 * kTolerance / valid);
      }
    }
  }
  CHECK_NEAR(result[0], double(loss) / valid, 1e-12);
  CHECK_EQ(result[1], valid);
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
    std::vector<SameBits> same(std::size(kCases)), same_settings(std::size(kSettings));
    for (const Family::Member& member : family.members) {
      context = member.name;
      const auto backend = member.make();
      for (size_t i = 0; i < std::size(kCases); ++i) test_case(*backend, kCases[i], same[i]);
      for (size_t i = 0; i < std::size(kSettings); ++i) {
        test_settings(*backend, kSettings[i], same_settings[i]);
      }
      test_empty_batch(*backend);
    }
  }
  context.clear();
  return finish();
}
