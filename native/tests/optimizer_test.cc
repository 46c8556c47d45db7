#include "core/pattern.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

/// A trainable tensor on the device beside its float64 double.
struct Tensor {
  Tensor(Backend& backend, int rows, int columns, double density, Random& random)
      : size(size_t(rows) * size_t(columns)), mask(size, 1) {
    if (density < 1) {
      for (uint8_t& kept : mask) kept = random.uniform() < density;
      pattern = std::make_unique<SparsePattern>(build_pattern(mask.data(), rows, columns));
    }
    for (int a = 0; a < 4; ++a) {
      std::vector<float> values = random.floats(size, a == 3 ? 0 : -1, 1);
      for (size_t i = 0; i < size; ++i) values[i] *= float(mask[i]);
      exact[a].assign(values.begin(), values.end());
      arrays[a] = std::make_unique<Device<float>>(backend, values);
    }
  }

  ParameterView view() const {
    return {arrays[0]->get(), arrays[1]->get(), arrays[2]->get(), arrays[3]->get(), size,
            pattern.get(), decays};
  }

  size_t size;
  bool decays = true;
  std::vector<uint8_t> mask;
  std::unique_ptr<SparsePattern> pattern;
  std::unique_ptr<Device<float>> arrays[4];  // value, gradient, moment 1, moment 2
  std::vector<double> exact[4];
};

std::vector<std::unique_ptr<Tensor>> make_tensors(Backend& backend) {
  Random random(11);
  std::vector<std::unique_ptr<Tensor>> tensors;
  const struct {
    int rows, columns;
    double density;
  } kinds[] = {{1, 1, 1},     {7, 5, 1},        {40, 1001, 1},     {30, 40, 0.5},
               {64, 700, 0.015}, {9, 9000, 0.01}, {300, 33, 0.0}, {5, 77, 0.06}};
  for (const auto& k : kinds) {
    tensors.push_back(std::make_unique<Tensor>(backend, k.rows, k.columns, k.density, random));
    tensors.back()->decays = tensors.size() % 3 != 0;
  }
  return tensors;
}

void test_updates(Backend& backend, OptimizerKind kind, float decay, float clip, SameBits& same) {
  const auto tensors = make_tensors(backend);
  std::vector<ParameterView> views;
  double squares = 0;
  for (const auto& tensor : tensors) {
    views.push_back(tensor->view());
    for (double g : tensor->exact[1]) squares += g * g;
  }
  Device<double> norm(backend, 1);
  const float rate = 0.01f, beta1 = 0.9f, beta2 = 0.99f, epsilon = 1e-3f;
  for (int step = 1; step <= 3; ++step) {
    backend.gradient_norm({views, norm.get()});
    CHECK_NEAR(norm[0], std::sqrt(squares), kTolerance * std::sqrt(squares));
    backend.optimizer_step({views, kind, rate, beta1, beta2, epsilon, decay, clip,
                            clip > 0 ? norm.get() : nullptr, step});
    const double scale =
        clip > 0 ? std::min(1.0, double(clip) / std::sqrt(squares)) : 1.0;
    for (const auto& tensor : tensors) {
      for (size_t i = 0; i < tensor->size; ++i) {
        double& w = tensor->exact[0][i];
        double& m = tensor->exact[2][i];
        double& v = tensor->exact[3][i];
        double g = tensor->exact[1][i] * scale;
        if (kind == OptimizerKind::adamw) {
          if (tensor->decays) w -= double(rate) * double(decay) * w;
        } else {
          g += double(decay) * w;
        }
        if (kind != OptimizerKind::sgd) {
          m = double(beta1) * m + (1 - double(beta1)) * g;
          v = double(beta2) * v + (1 - double(beta2)) * g * g;
          const double m_hat = m / (1 - std::pow(double(beta1), step));
          const double v_hat = v / (1 - std::pow(double(beta2), step));
          w -= double(rate) * m_hat / (std::sqrt(v_hat) + double(epsilon));
        } else {
          m = double(beta1) * m + g;
          w -= double(rate) * m;
        }
      }
    }
  }
  size_t index = 0;
  for (const auto& tensor : tensors) {
    for (int a : {0, 2, 3}) {
      const std::vector<float> got = tensor->arrays[a]->values();
      same.check("array " + std::to_string(a) + " of tensor " + std::to_string(index), got);
      bool pruned_are_zero = true;
      for (size_t i = 0; i < tensor->size; ++i) {
        if (!tensor->mask[i]) {
          pruned_are_zero = pruned_are_zero && got[i] == 0;
        } else {
          // Three steps of a handful of roundings each; values, moments and updates are below 2.
          CHECK_NEAR(got[i], tensor->exact[a][i], 4 * kTolerance);
        }
      }
      CHECK(pruned_are_zero);
    }
    ++index;
  }
}

}  // namespace

int main() {
  for (const Family& family : families()) {
    std::vector<SameBits> same(10);
    for (const Family::Member& member : family.members) {
      context = member.name;
      const auto backend = member.make();
      size_t i = 0;
      for (OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::sgd, OptimizerKind::adamw}) {
        test_updates(*backend, kind, 0, 0, same[i++]);
        test_updates(*backend, kind, 0.02f, 1.5f, same[i++]);
        test_updates(*backend, kind, 0, 1e6f, same[i++]);  // above the norm: no clipping
      }
      test_updates(*backend, OptimizerKind::adamw, 1, 0, same[i++]);
    }
  }
  context.clear();
  return finish();
}
