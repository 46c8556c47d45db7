#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "lth/backend.h"

/// Speed of the ops that are bound by memory, at the shapes of the full network's first and last
/// stage. GB/s counts what an op has to read and write at least, once each.
/// Usage: elementwise_bench [threads] [portable | avx2 | avx512]

using namespace lth;

namespace {

double best_seconds(const std::function<void()>& body) {
  double best = 1e9;
  for (int i = 0; i < 7; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

void print(const char* name, double bytes, double seconds) {
  std::printf("  %-28s %8.3f ms  %6.1f GB/s\n", name, seconds * 1e3, bytes / seconds * 1e-9);
}

struct Tensor {
  Tensor(Backend& backend, ActivationShape shape, const int32_t* lengths)
      : backend(backend), activation{shape, nullptr, lengths} {
    const size_t bytes = backend.activation_bytes(shape);
    activation.data = backend.allocate(bytes);
    auto* const elements = static_cast<float*>(activation.data);
    for (size_t i = 0; i < activation.elements(); ++i) {
      elements[i] = float(int(i * 7919 % 2001) - 1000) / 1000;
    }
  }
  ~Tensor() { backend.release(activation.data); }
  double bytes() const { return double(activation.elements()) * sizeof(float); }
  Backend& backend;
  Activation activation;
};

void bench_stage(Backend& backend, int records, int channels, int length) {
  std::printf("[%d, %d, %d]\n", records, channels, length);
  const int groups = (records + kLanes - 1) / kLanes;
  auto* lengths = static_cast<int32_t*>(backend.allocate(size_t(groups) * kLanes * 4));
  auto* half_lengths = static_cast<int32_t*>(backend.allocate(size_t(groups) * kLanes * 4));
  std::fill_n(lengths, groups * kLanes, length);
  std::fill_n(half_lengths, groups * kLanes, (length + 1) / 2);
  const ActivationShape shape{records, channels, length, 16};
  Tensor x(backend, shape, lengths), y(backend, shape, lengths), dy(backend, shape, lengths);
  Tensor half(backend, {records, channels, (length + 1) / 2, 0}, half_lengths);
  std::vector<float> ones(size_t(channels), 1.0f), stats(size_t(channels) * 4, 1.0f);
  float* s = stats.data();
  const size_t c = size_t(channels);
  NormForward forward{x.activation, y.activation, ones.data(), ones.data(), s,    s + c, s + 2 * c,
                      s + 3 * c,    1e-3f,        0.1f,        true,        true, {}};
  print("norm_forward eval", 2 * x.bytes(), best_seconds([&] {
          forward.training = false;
          backend.norm_forward(forward);
        }));
  forward.training = true;
  print("norm_forward", 2 * x.bytes(), best_seconds([&] { backend.norm_forward(forward); }));
  forward.dropout.rate = 0.2;
  print("norm_forward dropout", 2 * x.bytes(),
        best_seconds([&] { backend.norm_forward(forward); }));
  NormBackward backward{x.activation, y.activation, dy.activation, nullptr,  dy.activation,
                        ones.data(),  ones.data(),  s + 2 * c,     s + 3 * c, s,  s + c,
                        true,         0.2};
  print("norm_backward in place, dropout", 4 * x.bytes(),
        best_seconds([&] { backend.norm_backward(backward); }));
  backward.dropout_rate = 0;
  print("norm_backward in place", 3 * x.bytes(),
        best_seconds([&] { backend.norm_backward(backward); }));
  print("shortcut_forward", x.bytes() + half.bytes(), best_seconds([&] {
          backend.shortcut_forward({x.activation, half.activation, 2});
        }));
  print("shortcut_backward", 2 * x.bytes() + half.bytes(), best_seconds([&] {
          backend.shortcut_backward({x.activation, half.activation, nullptr, y.activation, 2});
        }));
  backend.release(lengths);
  backend.release(half_lengths);
}

void bench_flat(Backend& backend, double density) {
  constexpr int kRows = 2552, kColumns = 4096;
  constexpr size_t kSize = size_t(kRows) * kColumns;
  std::printf("%zu parameters, density %g\n", kSize, density);
  float* arrays[4];
  for (float*& array : arrays) {
    array = static_cast<float*>(backend.allocate(kSize * sizeof(float)));
    backend.zero(array, kSize * sizeof(float));
  }
  SparsePattern pattern{kRows, kColumns, {0}, {}};
  std::vector<uint8_t> alive(kSize), mask(kSize);
  uint32_t random = 1;
  size_t kept = 0;
  for (size_t i = 0; i < kSize; ++i) {
    random = random * 1664525 + 1013904223;
    if (random / 4294967296.0 < density) {
      alive[i] = 1;
      ++kept;
      pattern.column.push_back(int32_t(i % kColumns));
      arrays[0][i] = arrays[1][i] = float(int32_t(random * 2654435761U)) * 1e-10f;
    }
    if (i % kColumns == kColumns - 1) pattern.row_begin.push_back(int32_t(pattern.column.size()));
  }
  const ParameterView view{arrays[0], arrays[1], arrays[2], arrays[3], kSize,
                           density < 1 ? &pattern : nullptr};
  const std::vector<ParameterView> views = {view};
  double norm = 0;
  print("gradient_norm", 4.0 * kSize, best_seconds([&] { backend.gradient_norm({views, &norm}); }));
  int64_t step = 0;
  print("optimizer_step adam", 28.0 * kSize, best_seconds([&] {
          backend.optimizer_step({views, OptimizerKind::adam, 1e-9f, 0.9f, 0.999f, 1e-8f, 0, 1,
                                  &norm, ++step});
        }));
  const std::vector<SelectTensor> tensors = {
      {arrays[0], density < 1 ? alive.data() : nullptr, mask.data(), kSize}};
  print("select_magnitude", 4.0 * kSize, best_seconds([&] {
          backend.select_magnitude(tensors, int64_t(double(kept) * 0.8));
        }));
  for (float* array : arrays) backend.release(array);
}

}  // namespace

int main(int argc, char** argv) {
  CpuOptions options;
  if (argc > 1) options.threads = std::atoi(argv[1]);
  if (argc > 2) {
    const std::string isa = argv[2];
    options.isa = isa == "avx512" ? Isa::avx512 : isa == "avx2" ? Isa::avx2 : Isa::portable;
  }
  const auto backend = make_cpu_backend(options);
  std::printf("%s\n", backend->description().c_str());
  bench_stage(*backend, 32, 32, 8960);
  bench_stage(*backend, 32, 128, 560);
  bench_stage(*backend, 32, 256, 35);
  bench_stage(*backend, 16, 8, 2240);
  for (double density : {1.0, 0.2, 0.05, 0.01}) bench_flat(*backend, density);
  return 0;
}
