// Rates of the convolution kernels on the layers of the full network (stem, four widths, head), per
// pass and density, counting surviving weights only.
//
//   conv1d_bench [--isa I] [--precision fp32|bf16] [--records N] [--length L] [--layer NAME]
//                [--densities 1,0.5,...] [--seconds S]
//
// The rate of bf16 is that of its kernels where the plan takes them; shares are of the fp32 peak.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "bench/arguments.h"
#include "bench/peak.h"
#include "bench/random_pattern.h"
#include "cpu/kernel_table.h"
#include "lth/isa.h"

namespace {

using namespace lth;
using lth::bench::fastest;
using lth::bench::random_pattern;
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

/// In memory of the backend, which is in huge pages where training's is.
struct Tensor {
  Backend& backend;
  Activation view;

  Tensor(Backend& backend, ActivationShape shape, const int32_t* lengths)
      : backend(backend), view{shape, nullptr, lengths} {
    const size_t bytes = backend.activation_bytes(shape);
    view.data = backend.allocate(bytes);
    std::memset(view.data, 0, bytes);
    uint32_t state = 1;
    for (int n = 0; n < shape.records; ++n) {
      for (int c = 0; c < shape.channels; ++c) {
        for (int t = 0; t < lengths[n]; ++t) {
          state = state * 1664525 + 1013904223;
          view.row(n / kLanes, c)[t * kLanes + n % kLanes] = float(state >> 8) / (1 << 23) - 1;
        }
      }
    }
  }
  ~Tensor() { backend.release(view.data); }
};

struct Options {
  Isa isa = Isa::automatic;
  Precision precision = Precision::fp32;
  int records = 32;
  int length = 8960;
  double budget = 0.2;  // seconds per measurement
  std::string layer;
  std::vector<double> densities{1, 0.9, 0.8, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01};
};

void bench_layer(const KernelTable& table, const Layer& l, const Options& options, double peak) {
  const auto [records, length, budget] =
      std::tuple(options.records, options.length, options.budget);
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
  const auto backend = make_cpu_backend({});
  const ActivationShape in{records, l.in, in_length, 16}, out{records, l.out, out_length, 16};
  Tensor x(*backend, in, x_lengths), dx(*backend, in, x_lengths);
  Tensor y(*backend, out, y_lengths), dy(*backend, out, y_lengths);
  std::vector<float> dense(d.weight_count()), bias(l.out), dweight(dense.size()), dbias(l.out);
  for (size_t i = 0; i < dense.size(); ++i) dense[i] = float(int(i % 13) - 6) / 6;

  std::printf("\n%s: %d -> %d channels, kernel %d, stride %d, %d x %d positions\n", l.name, l.in,
              l.out, l.kernel, l.stride, records, in_length);
  std::printf("%8s | %23s | %23s | %23s |\n", "density", "forward  1    2   share",
              "dgrad  1    2   share", "wgrad  1    2   share");
  for (double density : options.densities) {
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

const KernelTable& table_of(const Options& options) {
  const std::string refusal = precision_refusal(options.isa, options.precision);
  if (!refusal.empty()) {
    std::fprintf(stderr, "error: no such precision: %s\n", refusal.c_str());
    std::exit(2);
  }
#if LTH_X86
  if (options.precision == Precision::bf16) return lth::cpu::avx512bf16::kernel_table();
  if (options.isa == Isa::avx512) return lth::cpu::avx512::kernel_table();
  if (options.isa == Isa::avx2) return lth::cpu::avx2::kernel_table();
#endif
  return lth::cpu::portable::kernel_table();
}

std::vector<double> numbers(const std::string& text) {
  std::vector<double> list;
  const char* at = text.c_str();
  for (char* end = nullptr;; at = end + 1) {
    list.push_back(std::strtod(at, &end));
    if (end == at || !(list.back() > 0 && list.back() <= 1) || (*end != ',' && *end != 0)) {
      std::fprintf(stderr, "error: %s are not densities from 0 to 1\n", text.c_str());
      std::exit(2);
    }
    if (*end == 0) return list;
  }
}

Options read_options(int count, char** words) {
  lth::bench::Arguments arguments(count, words);
  Options options;
  while (arguments.more()) {
    if (arguments.take("--isa")) {
      options.isa = lth::bench::isa_named(arguments.word());
    } else if (arguments.take("--precision")) {
      options.precision = lth::bench::precision_named(arguments.word());
    } else if (arguments.take("--records")) {
      options.records = std::max(1, int(arguments.number()));
    } else if (arguments.take("--length")) {
      options.length = std::max(1, int(arguments.number()));
    } else if (arguments.take("--layer")) {
      options.layer = arguments.word();
    } else if (arguments.take("--densities")) {
      options.densities = numbers(arguments.word());
    } else if (arguments.take("--seconds")) {
      options.budget = arguments.number();
    } else {
      arguments.refuse();
    }
  }
  options.isa = resolve_isa(options.isa);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const KernelTable& table = table_of(options);
  const bool bf16 = options.precision == Precision::bf16;
  const double peak = lth::bench::measure_peak(bf16 ? "avx512" : table.isa, 1);
  std::printf("%s, %d records of %d samples; fp32 peak of one core %.1f GFLOP/s; GFLOP/s on "
              "surviving weights, one and two threads, and one core's share of the peak\n",
              table.isa, options.records, options.length, peak);
  for (const Layer& layer : kLayers) {
    if (!options.layer.empty() && options.layer != layer.name) continue;
    bench_layer(table, layer, options, peak);
  }
  return 0;
}
