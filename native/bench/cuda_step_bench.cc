// Whole training steps of the full-width network on a GPU, by density, and where their time goes.
//
//   cuda_step_bench [--device N] [--precision fp32|tf32|bf16] [--records N] [--length L]
//                   [--density D]... [--steps N] [--repeat N] [--ops] [--filters N] [--blocks N]
//                   [--separate-norms] [--one-stream]
//
// A step is batch assembly, forward, backward, clipping and Adam, on kernels chosen by timing,
// replayed from a captured graph; the host waits once per --steps steps. The time is the median of
// --repeat such runs, on the host's clock. The floor counts every op's activations and surviving
// weights once over the bandwidth of a copy that is measured first. --ops: per op, run one by one.
// --separate-norms and --one-stream leave out what the backend gains by fusing norms into
// convolutions and by running weight gradients beside the rest.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/cuda_bandwidth.h"
#include "bench/full_network.h"
#include "cuda/device.h"
#include "lth/error.h"

namespace {

using namespace lth;
using bench::copy_bandwidth;
using bench::FullNetwork;
using bench::median;

struct Settings {
  CudaOptions cuda;
  FullNetwork::Options network;
  std::vector<double> densities;
  int steps = 20, repeat = 7;
  bool ops = false;
};

double seconds_per_step(Program& program, const FullNetwork& network, const Settings& settings) {
  const std::atomic<bool> cancelled{false};
  std::vector<StepResult> results(size_t(settings.steps));
  std::vector<double> seconds;
  int64_t step = 1;
  for (int run = -2; run < settings.repeat; ++run) {  // the first two run, capture and warm up
    std::vector<ProgramStep> steps;
    for (int i = 0; i < settings.steps; ++i) steps.push_back({&program, network.inputs(step++)});
    const auto start = std::chrono::steady_clock::now();
    if (run_steps(steps, results, cancelled) != steps.size()) {
      std::fprintf(stderr, "error: a step was not finite\n");
      std::exit(1);
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (run >= 0) seconds.push_back(spent.count() / settings.steps);
  }
  return median(seconds);
}

struct Sum {
  double seconds = 0, bytes = 0, flops = 0;
  int count = 0;
};

void print_row(const std::string& name, const Sum& sum, double repeat) {
  const double seconds = sum.seconds / repeat;
  std::printf("  %-34s %4d %9.1f us %8.1f GB/s %8.2f TFLOP/s\n", name.c_str(), sum.count,
              seconds * 1e6, sum.bytes / seconds * 1e-9, sum.flops / seconds * 1e-12);
}

std::vector<OpProfile> profile(Program& program, const FullNetwork& network, int repeat) {
  program.reset_profile();
  for (int i = 0; i < repeat; ++i) program.run(network.inputs(i + 1));
  return program.profile();
}

void print_ops(const std::vector<OpProfile>& ops, int repeat) {
  std::map<std::string, Sum> by_op;
  for (const OpProfile& op : ops) {
    Sum& sum = by_op[op.op];
    sum.seconds += op.seconds;
    sum.bytes += op.bytes;
    sum.flops += op.flops;
    ++sum.count;
  }
  for (const auto& [name, sum] : by_op) print_row(name, sum, repeat);
  std::vector<OpProfile> slowest = ops;
  std::sort(slowest.begin(), slowest.end(),
            [](const OpProfile& a, const OpProfile& b) { return a.seconds > b.seconds; });
  std::printf("  slowest:\n");
  for (size_t i = 0; i < std::min<size_t>(slowest.size(), 24); ++i) {
    const OpProfile& op = slowest[i];
    print_row(op.label + " " + op.op, {op.seconds, op.bytes, op.flops, 1}, repeat);
  }
}

void bench(const Settings& settings, double density, double bandwidth) {
  const std::shared_ptr<Backend> backend = make_cuda_backend(settings.cuda);
  FullNetwork::Options options = settings.network;
  options.density = density;
  FullNetwork network(backend, options);
  const auto program = network.training();
  program->choose_kernels();  // as a round of training begins
  const double seconds = seconds_per_step(*program, network, settings);
  const size_t nodes = cuda::nodes_captured();
  const std::vector<OpProfile> ops = profile(*program, network, settings.repeat);
  Sum all;
  for (const OpProfile& op : ops) {
    all.seconds += op.seconds / settings.repeat;
    all.bytes += op.bytes;
    all.flops += op.flops;
  }
  std::printf("density %-6g %9.3f ms a step, floor %7.3f ms; ops one by one %8.3f ms; %6.1f GB/s, "
              "%6.2f TFLOP/s on surviving weights; arena %.0f MiB; %zu graph nodes\n",
              density, seconds * 1e3, all.bytes / bandwidth * 1e3, all.seconds * 1e3,
              all.bytes / seconds * 1e-9, all.flops / seconds * 1e-12,
              double(program->arena_bytes()) / double(1 << 20), nodes);
  if (settings.ops) print_ops(ops, settings.repeat);
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  Settings settings;
  bench::Arguments arguments(argc, argv);
  while (arguments.more()) {
    if (arguments.take("--device")) {
      settings.cuda.index = int(arguments.number());
    } else if (arguments.take("--precision")) {
      settings.cuda.precision = bench::gpu_precision_named(arguments.word());
    } else if (arguments.take("--records")) {
      settings.network.records = int(arguments.number());
    } else if (arguments.take("--length")) {
      settings.network.length = int(arguments.number());
    } else if (arguments.take("--density")) {
      settings.densities.push_back(arguments.number());
    } else if (arguments.take("--filters")) {
      settings.network.filters = int(arguments.number());
    } else if (arguments.take("--blocks")) {
      settings.network.blocks = int(arguments.number());
    } else if (arguments.take("--steps")) {
      settings.steps = int(arguments.number());
    } else if (arguments.take("--repeat")) {
      settings.repeat = int(arguments.number());
    } else if (arguments.take("--ops")) {
      settings.ops = true;
    } else if (arguments.take("--separate-norms")) {
      settings.cuda.fuse_norms = false;
    } else if (arguments.take("--one-stream")) {
      settings.cuda.overlap_wgrad = false;
    } else {
      arguments.refuse();
    }
  }
  if (settings.densities.empty()) settings.densities = {1, 0.2, 0.05, 0.02, 0.007};
  const auto backend = make_cuda_backend(settings.cuda);
  const double bandwidth = copy_bandwidth(cuda::memory_info().free);
  std::printf("%s: %d x %d, %d steps at a time; a copy moves %.0f GB/s\n",
              backend->description().c_str(), settings.network.records, settings.network.length,
              settings.steps, bandwidth * 1e-9);
  for (double density : settings.densities) bench(settings, density, bandwidth);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return lth::bench::report_errors([&] { return run(argc, argv); });
}
