#include <cmath>

#include "cuda/ops.h"
#include "lth/random.h"
#include "tests/cuda_conv1d_fixture.h"

/// Norms fused into convolutions: what is read through a norm has the bits of what the norm writes;
/// what is measured on the way are the sums of float64.

using namespace lth;
using namespace lth::test;
using cuda::Precision;

namespace {

struct Shape {
  int records, length, in, out, kernel, stride;
};

struct Case {
  Shape shape;
  const char* choice = "";
  Precision precision = Precision::fp32;
  double density = 1;
  int dead_out = 0, dead_in = 0;
  double rate = 0.3;      // of dropout
  bool relu = true;
  bool training = true;
  float offset = 0;       // of the bias: a large mean must not cost the variance its digits
  int sm_count = 2;       // few: contractions are not split
};

const char* const kSimt = "forward=simt dgrad=simt wgrad=simt";
const char* const kSparse = "forward=sparse dgrad=sparse wgrad=sparse";
const char* const kTf32 = "forward=tf32 dgrad=tf32 wgrad=tf32";
const char* const kBf16 = "forward=bf16 dgrad=bf16 wgrad=bf16";
const char* const kWgmma = "forward=wgmma dgrad=wgmma wgrad=wgmma";

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kEpsilon = 1e-3f, kMomentum = 0.1f;

/// A norm's arrays on the device, with starting values of its own.
struct Norm {
  Norm(int channels, Numbers& numbers, cuda::Stream stream)
      : gamma(random(channels, numbers)), beta(random(channels, numbers)),
        mean(random(channels, numbers)), variance(channels, 0.7f), stream_(stream),
        arrays_(size_t(channels) * 16) {
    for (float& g : gamma) g += 0.25f;
    Host all(arrays_.size(), kNaN);
    std::copy(gamma.begin(), gamma.end(), all.begin());
    std::copy(beta.begin(), beta.end(), all.begin() + channels);
    std::copy(mean.begin(), mean.end(), all.begin() + 2 * channels);
    std::copy(variance.begin(), variance.end(), all.begin() + 3 * channels);
    cuda::copy_to_device(arrays_.data(), all.data(), arrays_.bytes(), stream);
  }

  NormForward forward(const Case& c, const Activation& x, const Activation& y) const {
    return {.x = x,
            .y = y,
            .gamma = slot(0),
            .beta = slot(1),
            .running_mean = slot(2),
            .running_variance = slot(3),
            .saved_mean = slot(4),
            .saved_inv_std = slot(5),
            .epsilon = kEpsilon,
            .momentum = kMomentum,
            .training = c.training,
            .relu = c.relu,
            .dropout = {.rate = c.training ? c.rate : 0, .seed = 5, .stream = 3, .layer = 2},
            .map = slot(8)};
  }
  NormBackward backward(const Case& c, const Activation& x, const Activation& y,
                        const Activation& dy, const Activation& dx) const {
    return {.x = x,
            .y = y,
            .dy = dy,
            .add = nullptr,
            .dx = dx,
            .gamma = slot(0),
            .beta = slot(1),
            .saved_mean = slot(4),
            .saved_inv_std = slot(5),
            .dgamma = slot(6),
            .dbeta = slot(7),
            .relu = c.relu,
            .dropout_rate = c.rate};
  }
  float* slot(int index) const { return arrays_.data() + size_t(index) * gamma.size(); }
  float* backward_map() const { return slot(12); }
  Host read(int index) const {
    Host values(gamma.size());
    cuda::copy_to_host(values.data(), slot(index), values.size() * sizeof(float), stream_);
    return values;
  }

  Host gamma, beta, mean, variance;

 private:
  static Host random(int count, Numbers& numbers) {
    Host values(count);
    for (float& v : values) v = numbers.next();
    return values;
  }
  cuda::Stream stream_;
  DeviceArray<float> arrays_;
};

bool same_bits(const Host& a, const Host& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class Runner {
 public:
  explicit Runner(const Case& c)
      : c_(c), s_(c.shape), numbers_(11), stream_(cuda::make_stream()), workspace_(stream_),
        ticket_(1), desc_{s_.in, s_.out, s_.kernel, s_.stride,
                          same_pad_left(s_.length, s_.kernel, s_.stride)},
        before_(s_.in, numbers_, stream_), behind_(s_.out, numbers_, stream_) {
    const int slots = (c.shape.records + kLanes - 1) / kLanes * kLanes;
    for (int n = 0; n < slots; ++n) {
      const int length = n >= c.shape.records || n % 5 == 3 ? 0
                         : n % 4 == 2                 ? c.shape.length
                                                      : int(numbers_.bits() % (c.shape.length + 1));
      in_lengths_.push_back(length);
      out_lengths_.push_back(same_output_length(length, c.shape.stride));
    }
    device_in_lengths_ = DeviceArray<int32_t>(in_lengths_, stream_);
    device_out_lengths_ = DeviceArray<int32_t>(out_lengths_, stream_);
    make_weights();
  }
  ~Runner() {
    plan_.reset();
    cuda::destroy_stream(stream_);
  }

  void run() {
    char text[200];
    std::snprintf(text, sizeof text,
                  "{{%d, %d, %d, %d, %d, %d}, \"%s\", precision %d, density %g, dead %d %d, rate "
                  "%g, relu %d, "
                  "training %d, offset %g, SMs %d}",
                  s_.records, s_.length, s_.in, s_.out, s_.kernel, s_.stride, c_.choice,
                  int(c_.precision), c_.density, c_.dead_out, c_.dead_in, c_.rate, c_.relu,
                  c_.training, double(c_.offset), c_.sm_count);
    context = text;
    DeviceActivation x = activation(false), y = activation(false, kNaN);
    x.store(random(s_.in, s_.length));
    NormForward norm = before_.forward(c_, x.view, y.view);
    cuda::norm_forward(norm, here());
    // Written by the key; read by bits made before in some cases, by the key in others.
    const DeviceArray<uint16_t> keep(size_t(x.view.groups()) * s_.in * s_.length);
    if (norm.dropout.rate > 0 && s_.records % 2 == 1) {
      norm.dropout.keep = keep.data();
      cuda::prepare_dropout({&norm, 1}, stream_);
    }
    read_through(norm, x, y);
    if (c_.training) {
      measured_forward(y);
      measured_backward(norm, x, y);
    }
    context.clear();
  }

 private:
  cuda::Context here() { return {stream_, workspace_, c_.sm_count, ticket_.data(), c_.precision}; }

  Host random(int channels, int length) {
    Host r(size_t(s_.records) * channels * length);
    for (float& v : r) v = numbers_.next();
    return r;
  }

  DeviceActivation activation(bool output_side, float fill = 0) const {
    const int length = output_side ? same_output_length(s_.length, s_.stride) : s_.length;
    return DeviceActivation({s_.records, output_side ? s_.out : s_.in, length, conv_halo(desc_)},
                            (output_side ? device_out_lengths_ : device_in_lengths_).data(),
                            output_side ? out_lengths_ : in_lengths_, fill, c_.precision, stream_);
  }

  void make_weights() {
    Host weight(desc_.weight_count());
    pattern_.rows = s_.out;
    pattern_.columns = s_.in * s_.kernel;
    pattern_.row_begin.push_back(0);
    for (int r = 0; r < pattern_.rows; ++r) {
      for (int k = 0; k < pattern_.columns; ++k) {
        const int ci = k / s_.kernel;
        const bool dead = (r >= 1 && r <= c_.dead_out) || (ci >= 1 && ci <= c_.dead_in);
        if (dead || numbers_.bits() % 1000 >= c_.density * 1000) continue;
        pattern_.column.push_back(k);
        weight[size_t(r) * pattern_.columns + k] = numbers_.next();
      }
      pattern_.row_begin.push_back(int32_t(pattern_.column.size()));
    }
    Host bias(s_.out);
    for (float& b : bias) b = c_.offset + numbers_.next();
    weight_ = DeviceArray<float>(weight, stream_);
    bias_ = DeviceArray<float>(bias, stream_);
    cuda::DeviceInfo device = cuda::device_info(0);
    device.sm_count = c_.sm_count;
    const bool pruned = c_.density < 1 || c_.dead_out || c_.dead_in;
    plan_ = cuda::plan_conv1d_as(c_.choice, desc_, pruned ? &pattern_ : nullptr, c_.precision,
                                 device);
  }

  struct Gradients {
    Host weight, bias;
  };
  Gradients wgrad(const Activation& x, const Activation& dy, const NormForward* folded) {
    const DeviceArray<float> w(Host(weight_.size(), kNaN), stream_);
    const DeviceArray<float> b(Host(bias_.size(), kNaN), stream_);
    cuda::conv1d_wgrad({plan_.get(), x, dy, w.data(), b.data(), folded}, stream_);
    Gradients g{Host(weight_.size()), Host(bias_.size())};
    cuda::copy_to_host(g.weight.data(), w.data(), w.bytes(), stream_);
    cuda::copy_to_host(g.bias.data(), b.data(), b.bytes(), stream_);
    return g;
  }

  /// Forward and wgrad with the norm's result in memory, and with its input.
  void read_through(const NormForward& norm, DeviceActivation& x, DeviceActivation& y) {
    NormForward folded = norm;
    folded.y = Activation{};
    folded.folded = true;
    DeviceActivation plain = activation(true, kNaN), through = activation(true, kNaN);
    cuda::conv1d_forward({plan_.get(), weight_.data(), bias_.data(), y.view, nullptr, plain.view},
                         stream_);
    cuda::conv1d_forward({plan_.get(), weight_.data(), bias_.data(), x.view, nullptr, through.view,
                          &folded},
                         stream_);
    plain.download();
    through.download();
    CHECK(through.zero_outside());
    CHECK(same_bits(plain.values(), through.values()));

    DeviceActivation dy = activation(true);
    dy.store(random(s_.out, dy.view.shape.length));
    const Gradients a = wgrad(y.view, dy.view, nullptr), b = wgrad(x.view, dy.view, &folded);
    CHECK(same_bits(a.weight, b.weight));
    CHECK(same_bits(a.bias, b.bias));
  }

  /// Forward that measures its result.
  void measured_forward(DeviceActivation& x) {
    DeviceActivation add = activation(true), plain = activation(true, kNaN),
                     z = activation(true, kNaN), none = activation(true);
    add.store(random(s_.out, add.view.shape.length));
    NormForward norm = behind_.forward(c_, z.view, none.view);
    cuda::conv1d_forward(
        {plan_.get(), weight_.data(), bias_.data(), x.view, &add.view, plain.view}, stream_);
    cuda::conv1d_forward({plan_.get(), weight_.data(), bias_.data(), x.view, &add.view, z.view,
                          nullptr, &norm},
                         stream_);
    plain.download();
    z.download();
    const Host values = z.values();
    CHECK(same_bits(plain.values(), values));
    const Host mean = behind_.read(4), inv_std = behind_.read(5), running_mean = behind_.read(2),
               running_variance = behind_.read(3), map = read_map(behind_.slot(8), s_.out);
    for (int c = 0; c < s_.out; ++c) {
      const std::vector<double> v = valid(values, out_lengths_, z.view.shape, c);
      double want = 0, variance = 0, absolute = 0;
      for (double each : v) want += each / double(v.size());
      for (double each : v) variance += (each - want) * (each - want) / double(v.size());
      for (double each : v) absolute += std::fabs(each - want) / double(v.size());
      const double std = std::sqrt(variance + double(kEpsilon));
      CHECK_NEAR(mean[c], want, 8 * kUnit * (absolute + std::fabs(want)));
      // About a pilot: the mean's square is not in the error.
      CHECK_NEAR(inv_std[c], 1 / std, 64 * kUnit / std * (1 + std::fabs(absolute) / std));
      const double count = double(v.size());
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      CHECK_NEAR(running_mean[c], double(behind_.mean[c]) * 0.9 + 0.1 * want,
                 8 * kUnit * (1 + std::fabs(want) + absolute));
      CHECK_NEAR(running_variance[c], double(behind_.variance[c]) * 0.9 + 0.1 * unbiased,
                 64 * kUnit * (1 + unbiased + absolute));
      CHECK_EQ(map[4 * c], mean[c]);
      CHECK_EQ(map[4 * c + 1], behind_.gamma[c] * inv_std[c]);
      CHECK_EQ(map[4 * c + 2], behind_.beta[c]);
    }
  }

  /// dgrad that measures its result for the norm before the convolution.
  void measured_backward(const NormForward& norm, DeviceActivation& x, DeviceActivation& y) {
    DeviceActivation dz = activation(true), add = activation(false),
                     plain = activation(false, kNaN), dy = activation(false, kNaN);
    dz.store(random(s_.out, dz.view.shape.length));
    add.store(random(s_.in, s_.length));
    DeviceActivation dx = activation(false, kNaN), want = activation(false, kNaN),
                     remade = activation(false, kNaN);
    NormBackward backward = before_.backward(c_, x.view, Activation{}, dy.view, dx.view);
    NormForward folded = norm;
    folded.y = Activation{};
    folded.folded = true;
    backward.forward = &folded;
    backward.map = before_.backward_map();
    cuda::conv1d_dgrad({plan_.get(), weight_.data(), dz.view, &add.view, plain.view}, stream_);
    cuda::conv1d_dgrad({plan_.get(), weight_.data(), dz.view, &add.view, dy.view, &backward},
                       stream_);
    plain.download();
    dy.download();
    const Host gradient = dy.values();
    CHECK(same_bits(plain.values(), gradient));
    const Host dgamma = before_.read(6), dbeta = before_.read(7);
    backward.measured = true;
    cuda::norm_backward(backward, here());
    dx.download();
    CHECK(dx.zero_outside());

    y.download();
    x.download();
    const Host results = y.values(), inputs = x.values();
    const Host mean = before_.read(4), inv_std = before_.read(5);
    for (int c = 0; c < s_.in; ++c) {
      const auto g = valid(gradient, in_lengths_, x.view.shape, c);
      const auto out = valid(results, in_lengths_, x.view.shape, c);
      const auto in = valid(inputs, in_lengths_, x.view.shape, c);
      double sums[2] = {0, 0}, terms[2] = {0, 0};
      for (size_t i = 0; i < g.size(); ++i) {
        const bool stops = c_.relu ? out[i] <= 0 : c_.rate > 0 && out[i] == 0;
        const double passed = stops ? 0 : g[i] / (1 - c_.rate);
        const double hat = (in[i] - double(mean[c])) * double(inv_std[c]);
        sums[0] += passed;
        sums[1] += passed * hat;
        terms[0] += std::fabs(passed);
        terms[1] += std::fabs(passed) * (std::fabs(in[i]) + std::fabs(double(mean[c]))) *
                    double(inv_std[c]);
      }
      CHECK_NEAR(dbeta[c], sums[0], 8 * kUnit * terms[0]);
      CHECK_NEAR(dgamma[c], sums[1], 8 * kUnit * terms[1]);
    }

    // With sums of its own, by what is stored and by what is made again: the same bits.
    NormBackward apart = before_.backward(c_, x.view, y.view, dy.view, want.view);
    cuda::norm_backward(apart, here());
    apart.forward = &folded;
    apart.y = Activation{};
    apart.dx = remade.view;
    cuda::norm_backward(apart, here());
    want.download();
    remade.download();
    CHECK(same_bits(want.values(), remade.values()));
    // Of two roundings of nearly the same, one may go the other way.
    const double step =
        2 * (c_.precision == Precision::bf16 ? cuda::factor_rounding(c_.precision) : 0);
    const Host got = dx.values(), reference = want.values();
    double worst = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      const double bound = 1e-5 + step * double(std::fabs(reference[i]));
      worst = std::max(worst, double(std::fabs(got[i] - reference[i])) / bound);
    }
    CHECK(worst <= 1);
  }

  Host read_map(const float* map, int channels) const {
    Host values(size_t(channels) * 4);
    cuda::copy_to_host(values.data(), map, values.size() * sizeof(float), stream_);
    return values;
  }

  /// What the records hold of channel c.
  std::vector<double> valid(const Host& values, const std::vector<int32_t>& lengths,
                            const ActivationShape& s, int c) const {
    std::vector<double> result;
    for (int n = 0; n < s.records; ++n) {
      for (int p = 0; p < lengths[n]; ++p) {
        result.push_back(double(values[(size_t(n) * s.channels + c) * s.length + p]));
      }
    }
    return result;
  }

  static constexpr double kUnit = 0x1p-24;

  Case c_;
  Shape s_;
  Numbers numbers_;
  cuda::Stream stream_;
  cuda::Workspace workspace_;
  DeviceArray<unsigned> ticket_;
  Conv1dDesc desc_;
  Norm before_, behind_;
  std::vector<int32_t> in_lengths_, out_lengths_;
  DeviceArray<int32_t> device_in_lengths_, device_out_lengths_;
  SparsePattern pattern_;
  DeviceArray<float> weight_, bias_;
  std::unique_ptr<ConvPlan> plan_;
};

}  // namespace

int main() {
  exit_without_cuda();
  int count = 0;
  const auto run = [&](const Case& c) {
    Runner(c).run();
    ++count;
  };
  struct Kernel {
    const char* choice;
    Precision precision;
    double density;
  };
  for (const Kernel& k :
       {Kernel{kSimt, Precision::fp32, 1}, Kernel{kSparse, Precision::fp32, 0.2},
        Kernel{kTf32, Precision::tf32, 1}, Kernel{kBf16, Precision::bf16, 1},
        Kernel{kTf32, Precision::tf32, 0.5}, Kernel{kSimt, Precision::bf16, 1},
        Kernel{kSparse, Precision::bf16, 0.2}, Kernel{kBf16, Precision::bf16, 0.5},
        Kernel{kWgmma, Precision::bf16, 1}, Kernel{kWgmma, Precision::bf16, 0.5}}) {
    if (k.choice == kWgmma && !cuda::conv::wgmma_runs(cuda::device_info(0).arch)) continue;
    const auto with = [&](Case c) {
      c.choice = k.choice;
      c.precision = k.precision;
      c.density = k.density;
      return c;
    };
    run(with({.shape = {17, 61, 5, 7, 16, 1}}));
    run(with({.shape = {16, 45, 9, 37, 5, 2}, .dead_in = 1, .offset = 1000}));
    run(with({.shape = {3, 33, 17, 6, 4, 2}, .dead_out = 2, .rate = 0}));
    run(with({.shape = {18, 20, 3, 4, 3, 1}, .relu = false}));
    run(with({.shape = {5, 40, 4, 3, 16, 1}, .rate = 0, .relu = false}));
    run(with({.shape = {20, 37, 6, 5, 16, 2}, .training = false}));
    run(with({.shape = {4, 11, 40, 5, 16, 1}, .offset = -50, .sm_count = 132}));  // split
    run(with({.shape = {2, 1, 3, 4, 3, 2}}));
  }
  std::printf("%d cases\n", count);
  return finish();
}
