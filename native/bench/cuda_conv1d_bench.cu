// Rates of the CUDA convolution kernels on every layer of the full network, per pass and density:
// time, TFLOP/s on surviving weights and on all of them, bytes per second, share of the floor.
//
//   cuda_conv1d_bench [--device N] [--precision fp32|tf32|bf16] [--records N] [--length L]
//                     [--density D] [--timed] [--kernels TEXT] [--peak TFLOPS] [--filter NAME]
//                     [--once]
//
// The floor of a pass is the larger of its arithmetic over the peak (given, or 67, 395 and 790
// TFLOP/s: an H200's rates, the last one measured, the others from data sheets) and its bytes (each
// activation once, the weights once) over the bandwidth of a copy that is measured first. Tensors
// rotate over sets that together are larger than the L2 cache. --timed takes the
// kernels that time_and_choose finds, --kernels those named, e.g.
// "forward=wgmma dgrad=wgmma wgrad=wgmma". --once runs every pass a single time: for profilers.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/cuda_bandwidth.h"
#include "bench/random_pattern.h"
#include "cuda/conv1d.h"
#include "cuda/element.h"
#include "lth/error.h"

namespace {

using namespace lth;
using lth::bench::random_pattern;
using lth::cuda::DeviceArray;
using lth::cuda::Mark;

struct Settings {
  int device = 0;
  Precision precision = Precision::tf32;
  int records = 32, length = 8960;
  double density = 1;
  bool timed = false, once = false;
  double peak = 0;
  std::string filter, kernels;
};

struct Layer {
  std::string name;
  int in, out, kernel, stride, length;
};

/// The Hannun-style network: stem, 16 blocks of two convolutions (channels double every 4 blocks,
/// every other block halves the length), head.
std::vector<Layer> network(int length) {
  std::vector<Layer> layers{{"stem", 1, 32, 16, 1, length}};
  int channels = 32;
  for (int b = 0; b < 16; ++b) {
    const int out = 32 << b / 4, stride = b % 2 ? 2 : 1;
    const std::string name = "block" + std::to_string(b);
    layers.push_back({name + ".conv1", channels, out, 16, stride, length});
    length = same_output_length(length, stride);
    layers.push_back({name + ".conv2", out, out, 16, 1, length});
    channels = out;
  }
  layers.push_back({"head", channels, 4, 1, 1, length});
  return layers;
}

std::vector<float> numbers(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  uint32_t state = seed;
  for (float& v : values) {
    state = state * 1664525 + 1013904223;
    v = float(state >> 8) / (1 << 23) - 1;
  }
  return values;
}

/// Several activations of one shape, random inside, zero halos.
class Tensors {
 public:
  Tensors(ActivationShape shape, int sets, const int32_t* lengths, Precision precision,
          cuda::Stream stream) {
    Activation view{shape, nullptr, lengths};
    std::vector<float> host = numbers(view.elements(), 7);
    const size_t halo = size_t(shape.halo) * kLanes;
    for (size_t row = 0; row < host.size(); row += view.row_stride()) {
      std::fill_n(host.begin() + row, halo, 0.0f);
      std::fill_n(host.begin() + row + view.row_stride() - halo, halo, 0.0f);
    }
    const std::vector<std::byte> elements = cuda::elements_of(host, precision);
    for (int i = 0; i < sets; ++i) {
      memory_.emplace_back(elements, stream);
      view.data = memory_.back().data();
      views_.push_back(view);
    }
  }
  const Activation& operator[](int i) const { return views_[size_t(i) % views_.size()]; }

 private:
  std::vector<DeviceArray<std::byte>> memory_;
  std::vector<Activation> views_;
};

/// Seconds per call: the median of seven runs of several calls each, or of one.
template <class Body>
double seconds_per_call(cuda::Stream stream, bool single, const Body& body) {
  constexpr int kRuns = 7, kWarm = 3;
  for (int i = 0; i < kWarm && !single; ++i) body(i);
  Mark from, to;
  from.set(stream);
  body(0);
  to.set(stream);
  if (single) return Mark::seconds_between(from, to);
  const double once = std::max(1e-6, Mark::seconds_between(from, to));
  const int calls = std::clamp(int(2e-3 / once), 1, 200);
  std::vector<double> seconds;
  for (int r = 0; r < kRuns; ++r) {
    from.set(stream);
    for (int i = 0; i < calls; ++i) body(i);
    to.set(stream);
    seconds.push_back(Mark::seconds_between(from, to) / calls);
  }
  return bench::median(seconds);
}

struct Totals {
  double seconds[3] = {};
  double floor[3] = {};
};

void bench_layer(const Settings& set, const Layer& l, const cuda::DeviceInfo& device,
                 double bandwidth, cuda::Stream stream, Totals& totals) {
  const Conv1dDesc d{l.in, l.out, l.kernel, l.stride, same_pad_left(l.length, l.kernel, l.stride)};
  const int out_length = same_output_length(l.length, l.stride);
  const int slots = (set.records + kLanes - 1) / kLanes * kLanes;
  std::vector<int32_t> in_lengths(slots, 0), out_lengths(slots, 0);
  std::fill_n(in_lengths.begin(), set.records, l.length);
  std::fill_n(out_lengths.begin(), set.records, out_length);
  const DeviceArray<int32_t> x_lengths(in_lengths, stream), y_lengths(out_lengths, stream);
  const ActivationShape x_shape{set.records, l.in, l.length, 16};
  const ActivationShape y_shape{set.records, l.out, out_length, 16};
  const double element_bytes = double(cuda::element_bytes(set.precision));
  const double x_bytes = element_bytes * set.records * l.in * l.length;
  const double y_bytes = element_bytes * set.records * l.out * out_length;
  const int sets = std::clamp(int(2.0 * double(device.l2_bytes) / (x_bytes + y_bytes)) + 1, 1, 16);
  const Tensors x(x_shape, sets, x_lengths.data(), set.precision, stream);
  const Tensors dx(x_shape, sets, x_lengths.data(), set.precision, stream);
  const Tensors y(y_shape, sets, y_lengths.data(), set.precision, stream);
  const Tensors dy(y_shape, sets, y_lengths.data(), set.precision, stream);
  const DeviceArray<float> weight(numbers(d.weight_count(), 5), stream);
  const DeviceArray<float> bias(numbers(l.out, 6), stream);
  const DeviceArray<float> dweight(weight.size()), dbias(bias.size());
  const SparsePattern pattern = random_pattern(l.out, l.in * l.kernel, set.density);
  const SparsePattern* p = set.density < 1 ? &pattern : nullptr;
  const auto plan =
      set.timed ? cuda::time_and_choose(d, p, set.precision, device, {set.records, l.length}, stream)
      : set.kernels.empty() ? cuda::plan_conv1d(d, p, set.precision, device)
                            : cuda::plan_conv1d_as(set.kernels, d, p, set.precision, device);
  const ConvWeights weights[] = {{plan.get(), weight.data()}};
  const double pack = seconds_per_call(stream, set.once, [&](int) { cuda::conv1d_prepare(weights, stream); });
  const double seconds[3] = {
      seconds_per_call(stream, set.once,
                       [&](int i) {
                         cuda::conv1d_forward({plan.get(), weight.data(), bias.data(), x[i],
                                               nullptr, y[i]},
                                              stream);
                       }),
      seconds_per_call(stream, set.once,
                       [&](int i) {
                         cuda::conv1d_dgrad({plan.get(), weight.data(), dy[i], nullptr, dx[i]},
                                            stream);
                       }),
      seconds_per_call(stream, set.once, [&](int i) {
        cuda::conv1d_wgrad({plan.get(), x[i], dy[i], dweight.data(), dbias.data()}, stream);
      })};

  const double dense_flops = 2.0 * d.weight_count() * double(set.records) * out_length;
  const double flops = dense_flops * (p ? pattern.density() : 1);
  const double bytes = x_bytes + y_bytes + 4.0 * d.weight_count();
  const double floor = std::max(flops / (set.peak * 1e12), bytes / bandwidth);
  std::printf("%-13s %3d->%3d /%d x%6d |", l.name.c_str(), l.in, l.out, l.stride, l.length);
  for (int i = 0; i < 3; ++i) {
    std::printf(" %8.1f %6.1f %6.1f %5.0f %3.0f%% |", seconds[i] * 1e6, flops / seconds[i] * 1e-12,
                dense_flops / seconds[i] * 1e-12, bytes / seconds[i] * 1e-9,
                100 * floor / seconds[i]);
    if (i == 1 && l.name == "stem") continue;  // a step does not need the gradient of its input
    totals.seconds[i] += seconds[i];
    totals.floor[i] += floor;
  }
  std::printf(" pack %.1f | %s\n", pack * 1e6, plan->describe().c_str());
  std::fflush(stdout);
}

Settings parse(int argc, char** argv) {
  Settings s;
  for (bench::Arguments a(argc, argv); a.more();) {
    if (a.take("--device")) {
      s.device = int(a.number());
    } else if (a.take("--precision")) {
      s.precision = bench::gpu_precision_named(a.word());
    } else if (a.take("--records")) {
      s.records = std::max(1, int(a.number()));
    } else if (a.take("--length")) {
      s.length = std::max(1, int(a.number()));
    } else if (a.take("--density")) {
      s.density = a.number();
    } else if (a.take("--timed")) {
      s.timed = true;
    } else if (a.take("--kernels")) {
      s.kernels = a.word();
    } else if (a.take("--once")) {
      s.once = true;
    } else if (a.take("--peak")) {
      s.peak = a.number();
    } else if (a.take("--filter")) {
      s.filter = a.word();
    } else {
      a.refuse();
    }
  }
  if (s.peak == 0) {
    s.peak = s.precision == Precision::fp32 ? 67 : s.precision == Precision::tf32 ? 395 : 790;
  }
  return s;
}

int run(const Settings& set) {
  const cuda::DeviceCount count = cuda::count_devices();
  if (set.device >= count.count) {
    std::fprintf(stderr, "error: there is no CUDA device %d, of %d. %s\n", set.device, count.count,
                 count.reason.c_str());
    return 1;
  }
  cuda::use_device(set.device);
  cuda::DeviceInfo device = cuda::device_info(set.device);
  const cuda::Stream stream = cuda::make_stream();
  cuda::Workspace workspace(stream);
  device.workspace = &workspace;
  const double bandwidth = bench::copy_bandwidth(cuda::memory_info().free);
  std::printf("%s, sm_%d, %d multiprocessors; %d x %d, density %g; peak %.0f TFLOP/s (given), "
              "copies %.2f TB/s (measured)\n",
              device.name.c_str(), device.arch, device.sm_count, set.records, set.length,
              set.density, set.peak, bandwidth * 1e-12);
  std::printf("per pass: us, TFLOP/s on survivors, on all weights, GB/s, share of the floor\n");
  std::printf("%-31s | %-32s | %-32s | %-32s |\n", "layer", "forward", "dgrad", "wgrad");
  Totals totals;
  for (const Layer& layer : network(set.length)) {
    if (!set.filter.empty() && layer.name.find(set.filter) == std::string::npos) continue;
    bench_layer(set, layer, device, bandwidth, stream, totals);
  }
  const char* const names[] = {"forward", "dgrad", "wgrad"};
  for (int i = 0; i < 3; ++i) {
    std::printf("%s: %.3f ms, floor %.3f ms\n", names[i], totals.seconds[i] * 1e3,
                totals.floor[i] * 1e3);
  }
  cuda::synchronize(stream);
  cuda::destroy_stream(stream);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::report_errors([&] { return run(parse(argc, argv)); });
}
