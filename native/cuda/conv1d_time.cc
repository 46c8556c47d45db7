#include <algorithm>
#include <vector>

#include "cuda/conv1d.h"
#include "cuda/conv1d_choice.h"
#include "cuda/element.h"

namespace lth::cuda {
namespace {

using conv::ConvChoice;
using conv::ConvKernel;

/// Deterministic numbers in [-1, 1): zeros would be multiplied faster.
std::vector<float> numbers(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  uint32_t state = seed;
  for (float& v : values) {
    state = state * 1664525 + 1013904223;
    v = float(state >> 8) / (1 << 23) - 1;
  }
  return values;
}

/// An activation of random numbers in every place of its rows, halos zero.
struct Sample {
  DeviceArray<std::byte> memory;
  Activation view;

  Sample(const ActivationShape& shape, const int32_t* lengths, uint32_t seed, Precision precision,
         Stream stream)
      : view{shape, nullptr, lengths} {
    std::vector<float> host = numbers(view.elements(), seed);
    const size_t halo = size_t(shape.halo) * kLanes;
    for (size_t row = 0; row < host.size(); row += view.row_stride()) {
      std::fill_n(host.begin() + row, halo, 0.0f);
      std::fill_n(host.begin() + row + view.row_stride() - halo, halo, 0.0f);
    }
    memory = DeviceArray<std::byte>(elements_of(host, precision), stream);
    view.data = memory.data();
  }
};

/// The median of a few runs after two to warm up.
template <class Body>
double median_seconds(Stream stream, const Body& body) {
  constexpr int kWarm = 2, kRuns = 7;
  Mark from, to;
  std::vector<double> seconds;
  for (int i = 0; i < kWarm + kRuns; ++i) {
    from.set(stream);
    body();
    to.set(stream);
    const double duration = Mark::seconds_between(from, to);
    if (i >= kWarm) seconds.push_back(duration);
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

}  // namespace

std::unique_ptr<ConvPlan> time_and_choose(const Conv1dDesc& desc, const SparsePattern* pattern,
                                          Precision precision, const DeviceInfo& device,
                                          const ConvTimingShape& shape, Stream stream) {
  const int out_length = same_output_length(shape.length, desc.stride);
  const int slots = (shape.records + kLanes - 1) / kLanes * kLanes;
  std::vector<int32_t> in_lengths(slots, 0), out_lengths(slots, 0);
  std::fill_n(in_lengths.begin(), shape.records, shape.length);
  std::fill_n(out_lengths.begin(), shape.records, out_length);
  const DeviceArray<int32_t> x_lengths(in_lengths, stream), y_lengths(out_lengths, stream);
  const ActivationShape x_shape{shape.records, desc.in_channels, shape.length, conv_halo(desc)};
  const ActivationShape y_shape{shape.records, desc.out_channels, out_length, conv_halo(desc)};
  const Sample x(x_shape, x_lengths.data(), 1, precision, stream);
  const Sample dx(x_shape, x_lengths.data(), 2, precision, stream);
  const Sample y(y_shape, y_lengths.data(), 3, precision, stream);
  const Sample dy(y_shape, y_lengths.data(), 4, precision, stream);
  const DeviceArray<float> weight(numbers(desc.weight_count(), 5), stream);
  const DeviceArray<float> bias(numbers(desc.out_channels, 6), stream);
  const DeviceArray<float> dweight(weight.size()), dbias(bias.size());

  // Pruned weights are never read, so they need not be zero here.
  std::vector<conv::TimedKernel> timed[3];
  for (const ConvKernel kernel : conv::candidates(pattern, precision, device.arch)) {
    const auto plan = plan_conv1d_as(ConvChoice{kernel, kernel, kernel}.text(), desc, pattern,
                                     precision, device);
    // Packed before, as a program does for all its convolutions together.
    const ConvWeights packed{plan.get(), weight.data()};
    conv1d_prepare({&packed, 1}, stream);
    const double seconds[3] = {
        median_seconds(stream,
                       [&] {
                         conv1d_forward({plan.get(), weight.data(), bias.data(), x.view, nullptr,
                                         y.view},
                                        stream);
                       }),
        median_seconds(stream,
                       [&] {
                         conv1d_dgrad({plan.get(), weight.data(), dy.view, nullptr, dx.view},
                                      stream);
                       }),
        median_seconds(stream, [&] {
          conv1d_wgrad({plan.get(), x.view, dy.view, dweight.data(), dbias.data()}, stream);
        })};
    for (int i = 0; i < 3; ++i) timed[i].push_back({kernel, seconds[i]});
  }
  const ConvChoice usual =
      ConvChoice::parse(plan_conv1d(desc, pattern, precision, device)->describe());
  const ConvChoice best{conv::fastest_kernel(usual.forward, timed[0]),
                        conv::fastest_kernel(usual.dgrad, timed[1]),
                        conv::fastest_kernel(usual.wgrad, timed[2])};
  return plan_conv1d_as(best.text(), desc, pattern, precision, device);
}

}  // namespace lth::cuda
