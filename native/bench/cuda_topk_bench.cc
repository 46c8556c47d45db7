// Global magnitude selection on a GPU: values, masks and lists stay on the device.
//
//   cuda_topk_bench [--device N] [--weights N]... [--keep SHARE]... [--repeat N]
//
// Without --weights: 10,454,528 and 1,000,000,000. The time is the median on the device's clock,
// from the first pass to the last, the wait between them included. Masks are compared with the
// CPU's, bit for bit, up to 20 million weights; of more, the number kept.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "bench/arguments.h"
#include "cuda/select_magnitude.h"
#include "lth/error.h"

namespace {

using namespace lth;
using cuda::DeviceArray;
using cuda::Mark;

constexpr size_t kBlock = size_t(1) << 20;  // distinct values; larger tensors repeat them
constexpr size_t kMostChecked = 20'000'000;

struct Settings {
  int device = 0;
  std::vector<double> weights, keeps;
  int repeat = 9;
};

/// Splits into tensors of at most 2^30 values, the first ones small as in a network.
std::vector<size_t> sizes_of(size_t total) {
  std::vector<size_t> sizes;
  for (size_t part = 16384; total > 0; part = std::min(part * 2, size_t(1) << 30)) {
    sizes.push_back(std::min(part, total));
    total -= sizes.back();
  }
  return sizes;
}

bool same_as_cpu(const std::vector<std::vector<float>>& host,
                 const std::vector<std::vector<uint8_t>>& masks, int64_t keep) {
  const auto cpu = make_cpu_backend({});
  std::vector<std::vector<uint8_t>> want;
  std::vector<SelectTensor> tensors;
  for (const auto& values : host) {
    want.emplace_back(values.size());
    tensors.push_back({values.data(), nullptr, want.back().data(), values.size()});
  }
  cpu->select_magnitude(tensors, keep);
  return want == masks;
}

bool bench(const Settings& settings, const cuda::Context& context, size_t total) {
  std::vector<float> block(std::min(kBlock, total));
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 0.02f);
  for (float& value : block) value = normal(random);
  const DeviceArray<float> values(total);
  for (size_t at = 0; at < total; at += block.size()) {
    cuda::copy_to_device(values.data() + at, block.data(),
                         std::min(block.size(), total - at) * sizeof(float), context.stream);
  }
  std::vector<SelectTensor> tensors;
  std::vector<std::vector<float>> host;
  size_t at = 0;
  for (size_t size : sizes_of(total)) {
    tensors.push_back({values.data() + at, nullptr, nullptr, size});
    if (total <= kMostChecked) {
      host.emplace_back(size);
      cuda::copy_to_host(host.back().data(), values.data() + at, size * sizeof(float),
                         context.stream);
    }
    at += size;
  }
  cuda::Selection selection(tensors, context);
  bool right = true;
  for (double share : settings.keeps) {
    const auto keep = int64_t(share * double(total));
    std::vector<double> seconds;
    for (int i = 0; i < settings.repeat + 2; ++i) {
      Mark from, to;
      from.set(context.stream);
      selection.run(keep);
      to.set(context.stream);
      if (i >= 2) seconds.push_back(Mark::seconds_between(from, to));
    }
    std::sort(seconds.begin(), seconds.end());
    std::vector<std::vector<uint8_t>> masks;
    int64_t kept = 0;
    for (size_t t = 0; t < tensors.size(); ++t) {
      masks.emplace_back(tensors[t].size);
      cuda::copy_to_host(masks.back().data(), selection.mask(t), tensors[t].size, context.stream);
      kept += std::count(masks.back().begin(), masks.back().end(), uint8_t(1));
    }
    const bool same = kept == keep && (host.empty() || same_as_cpu(host, masks, keep));
    right = right && same;
    const double middle = seconds[seconds.size() / 2];
    std::printf("%13zu weights, keep %5.3f: %9.1f us (fastest %.1f), %6.0f GB/s of values; %s\n",
                total, share, middle * 1e6, seconds[0] * 1e6, 4.0 * double(total) / middle * 1e-9,
                !same ? "WRONG MASKS" : host.empty() ? "count right" : "masks as the CPU's");
    std::fflush(stdout);
  }
  return right;
}

int run(int argc, char** argv) {
  Settings settings;
  bench::Arguments arguments(argc, argv);
  while (arguments.more()) {
    if (arguments.take("--device")) settings.device = int(arguments.number());
    else if (arguments.take("--weights")) settings.weights.push_back(arguments.number());
    else if (arguments.take("--keep")) settings.keeps.push_back(arguments.number());
    else if (arguments.take("--repeat")) settings.repeat = int(arguments.number());
    else arguments.refuse();
  }
  if (settings.weights.empty()) settings.weights = {10'454'528, 1e9};
  if (settings.keeps.empty()) settings.keeps = {0.007, 0.1, 0.5, 0.8};
  const auto backend = make_cuda_backend({.index = settings.device});
  const cuda::DeviceInfo info = cuda::device_info(settings.device);
  const cuda::Stream stream = cuda::make_stream();
  bool right = true;
  {
    cuda::Workspace workspace(stream);
    const DeviceArray<unsigned> ticket(1);
    cuda::fill_zero(ticket.data(), sizeof(unsigned), stream);
    std::printf("%s\n", backend->description().c_str());
    for (double weights : settings.weights) {
      right = bench(settings, {stream, workspace, info.sm_count, ticket.data()}, size_t(weights)) &&
              right;
    }
  }
  cuda::destroy_stream(stream);
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return lth::bench::report_errors([&] { return run(argc, argv); });
}
