#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cuda/conv1d.h"
#include "cuda/conv1d_choice.h"
#include "cuda/conv1d_tolerance.h"
#include "cuda/element.h"
#include "tests/check.h"
#include "tests/conv1d_reference.h"
#include "tests/cuda_present.h"
#include "tests/numbers.h"

/// Runs one convolution on the device (the emulated one or a real one) and compares its three
/// passes with the float64 reference.
namespace lth::test {

using cuda::DeviceArray;
using cuda::DeviceInfo;
using cuda::Precision;

struct ConvCase {
  int records, length, in, out, kernel, stride;
  double density = 1;      // 1: no pattern; 0: nothing survives; < 0: a single weight
  bool ragged = false;     // lengths differ and some are 0
  bool add = false;        // with a residual
  bool positive = false;   // x and dy > 0: sums only grow
  int extra_halo = 0;      // above the least an op needs
  int dead_out = 0, dead_in = 0;  // channels whose weights are all pruned, from the second on
};

struct ConvRun {
  Precision precision = Precision::fp32;
  const char* choice = "";   // "" : by density
  int sm_count = 132;
  size_t shared = size_t(227) << 10;
  bool rounded = false;      // x, dy and weights representable in the precision
  bool prepared = false;     // weights packed by conv1d_prepare
};

/// Drops the low bits that the precision does not keep.
inline float representable(float value, Precision precision) {
  const uint32_t keep = precision == Precision::tf32   ? 0xffffe000U
                        : precision == Precision::bf16 ? 0xffff0000U
                                                       : 0xffffffffU;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & keep);
}

/// Values as an activation of the precision keeps them.
inline Host as_kept(Host values, Precision precision) {
  if (precision != Precision::bf16) return values;
  for (float& v : values) v = std::bit_cast<float>(cuda::to_bf16(v) << 16);
  return values;
}

/// An activation in device memory, of the precision's elements.
class DeviceActivation {
 public:
  DeviceActivation(const ActivationShape& shape, const int32_t* lengths,
                   const std::vector<int32_t>& host_lengths, float fill, Precision precision,
                   cuda::Stream stream)
      : view{shape, nullptr, lengths},
        lengths_(host_lengths),
        host_(view.elements(), fill),
        precision_(precision),
        memory_(view.elements() * cuda::element_bytes(precision)),
        stream_(stream) {
    view.data = memory_.data();
    upload();
  }
  Activation view;

  void store(const Host& values) {
    const ActivationShape& s = view.shape;
    for (int n = 0; n < s.records; ++n) {
      for (int c = 0; c < s.channels; ++c) {
        for (int p = 0; p < lengths_[n]; ++p) {
          host_[place(n, c, p)] = values[(size_t(n) * s.channels + c) * s.length + p];
        }
      }
    }
    upload();
  }
  void download() {
    std::vector<std::byte> bytes(memory_.bytes());
    cuda::copy_to_host(bytes.data(), memory_.data(), memory_.bytes(), stream_);
    const size_t size = cuda::element_bytes(precision_);
    for (size_t i = 0; i < host_.size(); ++i) {
      uint32_t bits = 0;  // of bf16 the upper half
      std::memcpy(reinterpret_cast<std::byte*>(&bits) + sizeof bits - size, &bytes[i * size], size);
      host_[i] = std::bit_cast<float>(bits);
    }
  }
  Host values() const {
    const ActivationShape& s = view.shape;
    Host result;
    for (int n = 0; n < s.records; ++n) {
      for (int c = 0; c < s.channels; ++c) {
        for (int p = 0; p < s.length; ++p) result.push_back(host_[place(n, c, p)]);
      }
    }
    return result;
  }
  /// All positions outside the records are exactly 0.
  bool zero_outside() const {
    const ActivationShape& s = view.shape;
    for (int n = 0; n < view.groups() * kLanes; ++n) {
      for (int c = 0; c < s.channels; ++c) {
        for (int p = -s.halo; p < s.length + s.halo; ++p) {
          if ((p < 0 || p >= lengths_[n]) && host_[place(n, c, p)] != 0) return false;
        }
      }
    }
    return true;
  }

 private:
  size_t place(int n, int c, int p) const {
    return (size_t(n / kLanes) * view.shape.channels + c) * view.row_stride() +
           size_t(p + view.shape.halo) * kLanes + n % kLanes;
  }
  void upload() {
    const std::vector<std::byte> bytes = cuda::elements_of(host_, precision_);
    cuda::copy_to_device(memory_.data(), bytes.data(), bytes.size(), stream_);
  }

  const std::vector<int32_t>& lengths_;
  Host host_;
  Precision precision_;
  DeviceArray<std::byte> memory_;
  cuda::Stream stream_;
};

inline double conv_worst_seen[3][2] = {};  // [precision][exact factors], of the tolerance
inline int conv_comparisons = 0;

class ConvRunner {
 public:
  ConvRunner(const ConvCase& c, const ConvRun& run)
      : case_(c), run_(run), numbers_(7), stream_(cuda::make_stream()) {
    shape_.desc = {c.in, c.out, c.kernel, c.stride, same_pad_left(c.length, c.kernel, c.stride)};
    shape_.records = c.records;
    shape_.length = c.length;
    const int slots = (c.records + kLanes - 1) / kLanes * kLanes;
    for (int n = 0; n < slots; ++n) {
      int length = n < c.records ? c.length : 0;
      if (c.ragged && n < c.records) {
        length = n % 5 == 3 ? 0 : n % 7 == 2 ? c.length : int(numbers_.bits() % (c.length + 1));
      }
      x_lengths_.push_back(length);
      y_lengths_.push_back(same_output_length(length, c.stride));
      if (n < c.records) shape_.lengths.push_back(length);
    }
    device_x_lengths_ = DeviceArray<int32_t>(x_lengths_, stream_);
    device_y_lengths_ = DeviceArray<int32_t>(y_lengths_, stream_);
    make_weights();
    x_ = as_kept(random(size_t(c.records) * c.in * c.length), run.precision);
    dy_ = as_kept(random(size_t(c.records) * c.out * shape_.out_length()), run.precision);
    if (c.add) {
      add_ = as_kept(random(dy_.size()), run.precision);
      dx_add_ = as_kept(random(x_.size()), run.precision);
    }
    bias_ = random(c.out);
  }
  ~ConvRunner() {
    plan_.reset();
    cuda::destroy_stream(stream_);
  }

  std::string describe() {
    char s[300];
    std::snprintf(s, sizeof s,
                  "{%d, %d, %d, %d, %d, %d, .density = %g, .ragged = %d, .add = %d, .positive = "
                  "%d, .extra_halo = %d, .dead_out = %d, .dead_in = %d} {%s, \"%s\", %d, %zu, "
                  ".rounded = %d, .prepared = %d}",
                  case_.records, case_.length, case_.in, case_.out, case_.kernel, case_.stride,
                  case_.density, case_.ragged, case_.add, case_.positive, case_.extra_halo,
                  case_.dead_out, case_.dead_in,
                  run_.precision == Precision::fp32   ? "fp32"
                  : run_.precision == Precision::tf32 ? "tf32"
                                                      : "bf16",
                  run_.choice, run_.sm_count, run_.shared, run_.rounded, run_.prepared);
    return s;
  }

  /// Results of forward and dgrad.
  std::vector<Host> passes() {
    plan();
    return {run_forward(), run_dgrad()};
  }

  void run() {
    context = describe();
    plan();
    const auto choice = cuda::conv::ConvChoice::parse(plan_->describe());
    if (*run_.choice) CHECK(plan_->describe() == run_.choice);

    Reference wgrad = reference_wgrad(shape_, x_, dy_);
    for (size_t i = 0; i < mask_.size(); ++i) {
      if (!mask_[i]) wgrad.value[i] = wgrad.magnitude[i] = 0;
    }
    Host got[4] = {run_forward(), run_dgrad(), {}, {}};
    run_wgrad(got[2], got[3]);
    compare("forward", got[0], reference_forward(shape_, weight_, bias_, x_, add_),
            choice.forward);
    compare("dgrad", got[1], reference_dgrad(shape_, weight_, dy_, dx_add_), choice.dgrad);
    compare("wgrad", got[2], wgrad, choice.wgrad);
    compare("dbias", got[3], reference_dbias(shape_, dy_), cuda::conv::ConvKernel::simt);

    Host again[4] = {run_forward(), run_dgrad(), {}, {}};
    run_wgrad(again[2], again[3]);
    for (int i = 0; i < 4; ++i) {
      CHECK(std::memcmp(got[i].data(), again[i].data(), got[i].size() * 4) == 0);
    }
    context.clear();
  }

 private:
  void plan() {
    DeviceInfo device = cuda::device_info(0);
    if (run_.sm_count) device.sm_count = run_.sm_count;
    device.shared_per_block = std::min(device.shared_per_block, run_.shared);
    const SparsePattern* pattern = pruned() ? &pattern_ : nullptr;
    plan_ = *run_.choice
                ? cuda::plan_conv1d_as(run_.choice, shape_.desc, pattern, run_.precision, device)
                : cuda::plan_conv1d(shape_.desc, pattern, run_.precision, device);
    device_weight_ = DeviceArray<float>(weight_, stream_);
    device_bias_ = DeviceArray<float>(bias_, stream_);
    if (run_.prepared) {
      const cuda::ConvWeights weights[] = {{plan_.get(), device_weight_.data()}};
      cuda::conv1d_prepare(weights, stream_);
    }
  }

  bool pruned() const { return case_.density != 1 || case_.dead_out || case_.dead_in; }

  Host random(size_t size) {
    Host r(size);
    for (float& v : r) v = case_.positive ? numbers_.next() * 0.5f + 0.5f : numbers_.next();
    if (run_.rounded) {
      for (float& v : r) v = representable(v, run_.precision);
    }
    return r;
  }

  void make_weights() {
    const Conv1dDesc& d = shape_.desc;
    weight_.resize(d.weight_count());
    for (float& w : weight_) {
      w = run_.rounded ? representable(numbers_.next(), run_.precision) : numbers_.next();
    }
    mask_.assign(weight_.size(), 1);
    if (case_.density < 1) {
      for (uint8_t& m : mask_) m = numbers_.bits() % 10000 < case_.density * 10000;
      if (case_.density < 0) mask_[numbers_.bits() % mask_.size()] = 1;
    }
    pattern_.rows = d.out_channels;
    pattern_.columns = d.in_channels * d.kernel;
    pattern_.row_begin.push_back(0);
    for (int r = 0; r < pattern_.rows; ++r) {
      for (int c = 0; c < pattern_.columns; ++c) {
        const size_t i = size_t(r) * pattern_.columns + c;
        const int ci = c / d.kernel;
        if ((r >= 1 && r <= case_.dead_out) || (ci >= 1 && ci <= case_.dead_in)) mask_[i] = 0;
        if (mask_[i]) {
          pattern_.column.push_back(c);
        } else {
          weight_[i] = 0;
        }
      }
      pattern_.row_begin.push_back(int32_t(pattern_.column.size()));
    }
  }

  void compare(const char* what, const Host& got, const Reference& reference,
               cuda::conv::ConvKernel kernel) {
    const bool exact_float =
        kernel == cuda::conv::ConvKernel::sparse || kernel == cuda::conv::ConvKernel::simt;
    const Precision precision = exact_float ? Precision::fp32 : run_.precision;
    const bool activation = what == std::string("forward") || what == std::string("dgrad");
    // In bf16 only a weight is anything else than what is multiplied.
    const int rounded = run_.rounded ? 0 : run_.precision == Precision::bf16 ? activation : 2;
    double tolerance = cuda::conv1d_tolerance(precision, rounded);
    if (activation) tolerance = cuda::stored_tolerance(tolerance, run_.precision);
    double worst = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      const double error = std::abs(double(got[i]) - reference.value[i]);
      if (error == 0) continue;
      const double ratio = error / (tolerance * reference.magnitude[i]);
      worst = std::isfinite(ratio) ? std::max(worst, ratio) : INFINITY;
    }
    ++conv_comparisons;
    double& seen = conv_worst_seen[int(run_.precision)][run_.rounded];
    seen = std::max(seen, worst);
    if (!(worst <= 1)) {
      std::fprintf(stderr, "%s %s: error %.3g of the tolerance\n", describe().c_str(), what,
                   worst);
    }
    CHECK(got.size() == reference.value.size());
    CHECK(worst <= 1);
  }

  DeviceActivation device(int channels, bool output_side, int halo, float fill) const {
    const int length = output_side ? shape_.out_length() : case_.length;
    return DeviceActivation({case_.records, channels, length, halo + case_.extra_halo},
                            (output_side ? device_y_lengths_ : device_x_lengths_).data(),
                            output_side ? y_lengths_ : x_lengths_, fill, run_.precision, stream_);
  }

  static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

  Host run_forward() {
    DeviceActivation x = device(case_.in, false, conv_halo(shape_.desc), 0);
    DeviceActivation y = device(case_.out, true, 0, kNaN);
    DeviceActivation add = device(case_.out, true, 3, 0);
    x.store(x_);
    if (case_.add) add.store(add_);
    cuda::conv1d_forward({plan_.get(), weight_or_null(), device_bias_.data(), x.view,
                          case_.add ? &add.view : nullptr, y.view},
                         stream_);
    cuda::synchronize(stream_);
    y.download();
    CHECK(y.zero_outside());
    return y.values();
  }

  Host run_dgrad() {
    DeviceActivation dy = device(case_.out, true, conv_halo(shape_.desc), 0);
    DeviceActivation dx = device(case_.in, false, 0, kNaN);
    DeviceActivation add = device(case_.in, false, 2, 0);
    dy.store(dy_);
    if (case_.add) add.store(dx_add_);
    cuda::conv1d_dgrad({plan_.get(), weight_or_null(), dy.view, case_.add ? &add.view : nullptr,
                        dx.view},
                       stream_);
    cuda::synchronize(stream_);
    dx.download();
    CHECK(dx.zero_outside());
    return dx.values();
  }

  void run_wgrad(Host& dweight, Host& dbias) {
    DeviceActivation x = device(case_.in, false, conv_halo(shape_.desc), 0);
    DeviceActivation dy = device(case_.out, true, conv_halo(shape_.desc), 0);
    x.store(x_);
    dy.store(dy_);
    const DeviceArray<float> w(Host(weight_.size(), kNaN), stream_);
    const DeviceArray<float> b(Host(bias_.size(), kNaN), stream_);
    cuda::conv1d_wgrad({plan_.get(), x.view, dy.view, w.data(), b.data()}, stream_);
    cuda::synchronize(stream_);
    dweight.resize(weight_.size());
    dbias.resize(bias_.size());
    cuda::copy_to_host(dweight.data(), w.data(), w.bytes(), stream_);
    cuda::copy_to_host(dbias.data(), b.data(), b.bytes(), stream_);
    bool zero = true;
    for (size_t i = 0; i < mask_.size(); ++i) zero = zero && (mask_[i] || dweight[i] == 0);
    CHECK(zero);
  }

  /// A prepared plan must not look at the weights again.
  const float* weight_or_null() const { return run_.prepared ? nullptr : device_weight_.data(); }

  ConvCase case_;
  ConvRun run_;
  Numbers numbers_;
  cuda::Stream stream_;
  ReferenceShape shape_;
  std::vector<int32_t> x_lengths_, y_lengths_;
  DeviceArray<int32_t> device_x_lengths_, device_y_lengths_;
  Host weight_, bias_, x_, dy_, add_, dx_add_;
  std::vector<uint8_t> mask_;
  SparsePattern pattern_;
  DeviceArray<float> device_weight_, device_bias_;
  std::unique_ptr<ConvPlan> plan_;
};

inline void run_conv(const ConvCase& c, const ConvRun& run) { ConvRunner(c, run).run(); }

inline void print_conv_summary() {
  std::printf("%d comparisons; worst error of the tolerance: fp32 %.2f; tf32 %.2f, exact factors "
              "%.2f; bf16 %.2f, exact factors %.2f\n",
              conv_comparisons, std::max(conv_worst_seen[0][0], conv_worst_seen[0][1]),
              conv_worst_seen[1][0], conv_worst_seen[1][1], conv_worst_seen[2][0],
              conv_worst_seen[2][1]);
}

}  // namespace lth::test
