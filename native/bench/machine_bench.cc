// The floors of this machine: multiply-adds per second of an instruction set and memory traffic.
//
//   machine_bench [--threads N] [--isa automatic|portable|avx2|avx512]
//                 [--precision fp32|bf16] [--json]

#include <cstdio>

#include "bench/arguments.h"
#include "bench/peak.h"
#include "lth/backend.h"

using namespace lth;

int main(int argc, char** argv) {
  CpuOptions options;
  bool json = false;
  bench::Arguments arguments(argc, argv);
  while (arguments.more()) {
    if (arguments.take("--threads")) options.threads = int(arguments.number());
    else if (arguments.take("--isa")) options.isa = bench::isa_named(arguments.word());
    else if (arguments.take("--precision"))
      options.precision = bench::precision_named(arguments.word());
    else if (arguments.take("--json")) json = true;
    else arguments.refuse();
  }
  // What the backend makes of them; it says no to what the machine has not.
  const std::string description = make_cpu_backend(options)->description();
  const std::string isa = description.starts_with("AVX-512") ? "avx512"
                          : description.starts_with("AVX2")  ? "avx2"
                                                             : "portable";
  int threads = options.threads;
  if (threads == 0) threads = std::max(1, int(std::thread::hardware_concurrency()));
  const std::string unit = options.precision == Precision::bf16 ? "bf16" : isa;
  const double peak = bench::measure_peak(unit, threads);
  const double core = bench::measure_peak(unit, 1);
  const bench::Bandwidth bandwidth = bench::measure_bandwidth(threads);
  std::printf(json ? "{\"isa\":\"%s\",\"threads\":%d,\"peakGflops\":%.1f,\"corePeakGflops\":%.1f,"
                     "\"readGbps\":%.2f,\"copyGbps\":%.2f}\n"
                   : "%s, %d threads: %.1f GFLOP/s on registers (%.1f on one core), "
                     "%.1f GB/s read, %.1f GB/s copied\n",
              isa.c_str(), threads, peak, core, bandwidth.read, bandwidth.copy);
  return 0;
}
