#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lth/program.h"

namespace lth::bench {

/// The full-width network (33 convolutions in 16 residual blocks and a head) with random weights
/// and a resident data set of noise, as programs of whole steps.
class FullNetwork {
 public:
  struct Options {
    int records = 32, length = 8960;
    double density = 1;  ///< of the prunable weights, drawn uniformly
    int filters = 32, blocks = 16, kernel = 16, classes = 4;
    double dropout = 0.2;
  };

  FullNetwork(std::shared_ptr<Backend> backend, const Options& options)
      : backend_(std::move(backend)), options_(options) {
    std::mt19937 random(1);
    std::vector<int16_t> samples(size_t(options.length) * kRecords);
    for (int16_t& sample : samples) sample = int16_t(random() % 2001) - 1000;
    std::vector<int64_t> offsets;
    std::vector<int32_t> lengths(kRecords, options.length), labels;
    for (int i = 0; i < kRecords; ++i) {
      offsets.push_back(int64_t(i) * options.length);
      labels.push_back(int32_t(random() % unsigned(options.classes)));
    }
    dataset_ = std::make_shared<ResidentDataset>(*backend_, samples, offsets, lengths, labels);
    for (int i = 0; i < options.records; ++i) records_.push_back(i % kRecords);
  }

  /// One training step, batch assembly to optimiser.
  std::unique_ptr<Program> training() { return build(true); }
  std::unique_ptr<Program> evaluation() { return build(false); }
  StepInputs inputs(int64_t step) const {
    return {.records = records_, .learning_rate = 1e-3f, .optimizer_step = step,
            .stream = uint32_t(step)};
  }
  const std::vector<std::shared_ptr<Parameter>>& weights() const { return weights_; }

 private:
  static constexpr int kRecords = 64;

  struct Conv {
    Value x, y;
  };
  std::shared_ptr<Parameter> parameter(const std::string& name, std::vector<int> shape,
                                       double spread, float fill = 0) {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return all_[i];
    }
    auto made = std::make_shared<Parameter>(*backend_, shape);
    std::mt19937 random(unsigned(names_.size()) + 17);
    std::normal_distribution<float> normal(0, float(spread));
    std::vector<float> values(made->size(), fill);
    if (spread > 0) {
      for (float& value : values) value = normal(random);
    }
    made->write(Slot::value, values.data());
    if (spread > 0) {
      weights_.push_back(made);
      if (options_.density < 1) {
        std::vector<uint8_t> mask(made->size());
        for (uint8_t& kept : mask) kept = double(random()) < options_.density * 4294967296.0;
        made->set_mask(mask.data());
      }
    }
    names_.push_back(name);
    all_.push_back(made);
    return made;
  }

  std::shared_ptr<Buffer> buffer(const std::string& name, int size, float fill) {
    for (size_t i = 0; i < buffer_names_.size(); ++i) {
      if (buffer_names_[i] == name) return buffers_[i];
    }
    auto made = std::make_shared<Buffer>(*backend_, size_t(size));
    made->write(std::vector<float>(size_t(size), fill).data());
    buffer_names_.push_back(name);
    buffers_.push_back(made);
    return made;
  }

  std::unique_ptr<Program> build(bool training) {
    ProgramBuilder b(backend_, options_.records, options_.length, 5);
    const auto conv = [&](const std::string& name, Value x, int in, int out, int kernel,
                          int stride, Value add) {
      b.label(name);
      return b.conv1d(x,
                      parameter(name + ".weight", {out, in, kernel},
                                std::sqrt(2.0 / (in * kernel))),
                      parameter(name + ".bias", {out}, 0), stride, add);
    };
    const auto norm = [&](const std::string& name, Value x, int channels, double dropout) {
      b.label(name);
      return b.norm(x, {parameter(name + ".gamma", {channels}, 0, 1),
                        parameter(name + ".beta", {channels}, 0),
                        buffer(name + ".mean", channels, 0),
                        buffer(name + ".variance", channels, 1), 1e-3f, 0.1f, training, true,
                        dropout});
    };
    b.label("gather");
    const Value x = b.gather(dataset_, 0, 500, training);
    int channels = options_.filters;
    const Value stem = conv("stem", x, 1, channels, options_.kernel, 1, -1);
    const Value stem_out = norm("stem.norm", stem, channels, 0);
    Value h = stem_out;
    for (int i = 0; i < options_.blocks; ++i) {
      const std::string name = "block" + std::to_string(i);
      const int out = options_.filters << (i / 4), stride = i % 2 ? 2 : 1;
      const Value before = i == 0 ? h : norm(name + ".pre", h, channels, 0);
      b.label(name + ".shortcut");
      const Value shortcut = b.shortcut(h, stride, out);
      const Value conv1 = conv(name + ".conv1", before, channels, out, options_.kernel, stride, -1);
      const Value middle = norm(name + ".norm", conv1, out, options_.dropout);
      h = conv(name + ".conv2", middle, out, out, options_.kernel, 1, shortcut);
      channels = out;
    }
    const Value head_in = norm("head.norm", h, channels, 0);
    const Value logits = conv("head", head_in, channels, options_.classes, 1, 1, -1);
    b.label("loss");
    const Value d = b.cross_entropy(logits);
    if (!training) return b.build();
    b.backward(logits, d);
    b.label("optimizer");
    b.optimizer(all_, {.kind = OptimizerKind::adam, .clip_norm = 1});
    return b.build();
  }

  std::shared_ptr<Backend> backend_;
  Options options_;
  std::shared_ptr<ResidentDataset> dataset_;
  std::vector<int32_t> records_;
  std::vector<std::string> names_, buffer_names_;
  std::vector<std::shared_ptr<Parameter>> all_, weights_;
  std::vector<std::shared_ptr<Buffer>> buffers_;
};

}  // namespace lth::bench
