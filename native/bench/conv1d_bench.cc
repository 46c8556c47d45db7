// Rates of the convolution kernels on the layers of the full network (stem, four widths, head), per
// pass and density, counting surviving weights only.
//
//   conv1d_bench [isa] [records] [length] [seconds per measurement] [name filter]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/peak.h"
#include "cpu/kernel_table.h"

namespace {

using namespace lth;
using lth::bench::fastest;
using lth::cpu::KernelTable;
using lth::cpu::ThreadPool;

struct Layer {
  const char* name;
  int in, out, kernel, stride;
  int shrink;  ///< input length = the recording's / shrink
};

constexpr Layer kLayers[] = {
    {"stem", 1, 32, 16, 1, 1},        {"32", 32, 32, 16, 1, 1},
    {"32/2", 32, 32, 16, 2, 1},       {"32, shorter", 32, 32, 16, 1, 4},
    {"64", 64, 64, 16, 1, 16},        {"64/2", 64, 64, 16, 2, 16},
    {"64-128", 64, 128, 16, 1, 32},   {"128", 128, 128, 16, 1, 32},
    {"128/2", 128, 128, 16, 2, 32},   {"256", 256, 256, 16, 1, 64},
    {"256/2", 256, 256, 16, 2, 128},  {"256 last", 256, 256, 16, 1, 256},
    {"head", 256, 4, 1, 1, 256},
};

struct Tensor {
  std::unique_ptr<float[]> memory;
  Activation view;

  Tensor(int records, int channels, int length, int halo, const int32_t* lengths)
      : view{{records, channels, length, halo}, nullptr, lengths} {
    memory.reset(new float[view.floats() + 16]());
    void* p = memory.get();
    size_t space = view.floats() * 4 + 64;
    view.data = static_cast<float*>(std::align(64, view.floats() * 4, p, space));
    uint32_t state = 1;
    for (int n = 0; n < records; ++n) {
      for (int c = 0; c < channels; ++c) {
        for (int t = 0; t < lengths[n]; ++t) {
          state = state * 1664525 + 1013904223;
          view.row(n / kLanes, c)[t * kLanes + n % kLanes] = float(state >> 8) / (1 << 23) - 1;
        }
      }
    }
  }
};

SparsePattern random_pattern(int rows, int columns, double density) {
  SparsePattern p;
  p.rows = rows;
  p.columns = columns;
  p.row_begin.push_back(0);
  uint32_t state = 12345;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      state = state * 1664525 + 1013904223;
      if (state >> 8 < density * (1 << 24)) p.column.push_back(c);
    }
    p.row_begin.push_back(int32_t(p.column.size()));
  }
  return p;
}

void bench_layer(const KernelTable& table, const Layer& l, int records, int length, double budget,
                 double peak) {
  const int in_length = std::max(1, length / l.shrink);
  const Conv1dDesc d{l.in, l.out, l.kernel, l.stride, same_pad_left(in_length, l.kernel, l.stride)};
  const int out_length = same_output_length(in_length, l.stride);
  const int slots = (records + kLanes - 1) / kLanes * kLanes;
  std::unique_ptr<int32_t[]> memory(new int32_t[2 * slots + 16]);
  void* p = memory.get();
  size_t space = (2 * slots + 16) * 4;
  auto* x_lengths = static_cast<int32_t*>(std::align(64, slots * 8, p, space));
  int32_t* y_lengths = x_lengths + slots;
  for (int n = 0; n < slots; ++n) {
    x_lengths[n] = n < records ? in_length : 0;
    y_lengths[n] = n < records ? out_length : 0;
  }
  Tensor x(records, l.in, in_length, 16, x_lengths), dx(records, l.in, in_length, 16, x_lengths);
  Tensor y(records, l.out, out_length, 16, y_lengths);
  Tensor dy(records, l.out, out_length, 16, y_lengths);
  std::vector<float> dense(d.weight_count()), bias(l.out), dweight(dense.size()), dbias(l.out);
  for (size_t i = 0; i < dense.size(); ++i) dense[i] = float(int(i % 13) - 6) / 6;

  std::printf("\n%s: %d -> %d channels, kernel %d, stride %d, %d x %d positions\n", l.name, l.in,
              l.out, l.kernel, l.stride, records, in_length);
  std::printf("%8s | %23s | %23s | %23s |\n", "density", "forward  1    2   share",
              "dgrad  1    2   share", "wgrad  1    2   share");
  for (double density : {1.0, 0.9, 0.8, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01}) {
    const SparsePattern pattern = random_pattern(l.out, l.in * l.kernel, density);
    std::vector<float> weight(dense.size());
    for (int r = 0; r < pattern.rows; ++r) {
      for (int e = pattern.row_begin[r]; e < pattern.row_begin[r + 1]; ++e) {
        const size_t i = size_t(r) * pattern.columns + pattern.column[e];
        weight[i] = dense[i];
      }
    }
    const double flops = 2.0 * double(pattern.nnz()) * records * out_length;
    double rate[3][2] = {};
    std::string kernels;
    for (int threads : {1, 2}) {
      ThreadPool pool(threads);
      const auto plan = table.plan_conv1d(d, density == 1 ? nullptr : &pattern, pool);
      kernels = plan->describe();
      const double seconds[3] = {
          fastest(budget,
                  [&] {
                    table.conv1d_forward(
                        {plan.get(), weight.data(), bias.data(), x.view, nullptr, y.view}, pool);
                  }),
          fastest(budget,
                  [&] {
                    table.conv1d_dgrad({plan.get(), weight.data(), dy.view, nullptr, dx.view},
                                       pool);
                  }),
          fastest(budget, [&] {
            table.conv1d_wgrad({plan.get(), x.view, dy.view, dweight.data(), dbias.data()}, pool);
          })};
      for (int i = 0; i < 3; ++i) rate[i][threads - 1] = flops / seconds[i] * 1e-9;
    }
    std::printf("%8.2f |", density);
    for (const auto& r : rate) {
      std::printf("  %6.1f %6.1f %5.0f%% |", r[0], r[1], 100 * r[0] / peak);
    }
    std::printf(" %s\n", kernels.c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const KernelTable* table = &lth::cpu::portable::kernel_table();
#if defined(__x86_64__)
  const std::string isa = argc > 1 ? argv[1] : "avx512";
  if (isa == "avx512" && __builtin_cpu_supports("avx512f")) {
    table = &lth::cpu::avx512::kernel_table();
  } else if (isa != "portable" && __builtin_cpu_supports("avx2")) {
    table = &lth::cpu::avx2::kernel_table();
  }
#endif
  const int records = argc > 2 ? std::atoi(argv[2]) : 32;
  const int length = argc > 3 ? std::atoi(argv[3]) : 8960;
  const double budget = argc > 4 ? std::atof(argv[4]) : 0.2;
  const char* filter = argc > 5 ? argv[5] : "";
  const double peak = lth::bench::measure_peak(table->isa, 1);
  std::printf("%s, %d records of %d samples; peak of one core %.1f GFLOP/s; GFLOP/s on surviving "
              "weights, one and two threads, and one core's share of the peak\n",
              table->isa, records, length, peak);
  for (const Layer& layer : kLayers) {
    if (*filter && std::strcmp(filter, layer.name) != 0) continue;
    bench_layer(*table, layer, records, length, budget, peak);
  }
  return 0;
}
