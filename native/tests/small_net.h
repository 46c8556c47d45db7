#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "lth/program.h"
#include "tests/fixtures.h"

/// A small residual network that uses every op: stem, a block with identity shortcut, a block that
/// strides and widens, head.
namespace lth::test {

inline constexpr int kNetRecords = 17;  // more than one group
inline constexpr int kNetLength = 31;   // odd at the first stride
inline constexpr int kNetClasses = 3;
inline constexpr float kNetMean = 3, kNetStd = 40, kNetEpsilon = 1e-3f;
inline constexpr double kNetDropout = 0.3;
inline constexpr uint64_t kNetSeed = 0x123456789abcdefULL;

struct NetData {
  std::vector<int16_t> samples;
  std::vector<int64_t> offsets;
  std::vector<int32_t> lengths, labels;

  NetData() {
    Random random(5);
    for (int i = 0; i < 25; ++i) {
      // Some longer than the batch, one of a single sample.
      const int length = i == 4 ? 1 : i % 3 == 0 ? kNetLength + 4 : random.integer(2, kNetLength);
      offsets.push_back(int64_t(samples.size()));
      lengths.push_back(length);
      labels.push_back(random.integer(0, kNetClasses - 1));
      for (int s = 0; s < length; ++s) samples.push_back(int16_t(random.integer(-100, 100)));
    }
  }
};

/// A batch of distinct records with an empty slot.
inline std::vector<int32_t> net_batch() {
  std::vector<int32_t> records;
  for (int n = 0; n < kNetRecords; ++n) records.push_back(n == 6 ? -1 : (n * 7 + 4) % 25);
  return records;
}

struct NetOptions {
  bool training = true;
  bool backward = true;
  bool keep_all = false;  ///< mark every value and its gradient as output
  const OptimizerSettings* optimizer = nullptr;
};

struct Net {
  explicit Net(std::shared_ptr<Backend> device) : backend(std::move(device)) {
    const NetData data;
    dataset = std::make_shared<ResidentDataset>(*backend, data.samples, data.offsets, data.lengths,
                                                data.labels);
    add_conv("stem", 3, 1, 5);
    add_norm("stem.norm", 3);
    add_conv("block0.conv1", 3, 3, 4);
    add_norm("block0.norm", 3);
    add_conv("block0.conv2", 3, 3, 3);
    add_norm("block1.pre", 3);
    add_conv("block1.conv1", 5, 3, 4);
    add_norm("block1.norm", 5);
    add_conv("block1.conv2", 5, 5, 3);
    add_norm("head.norm", 5);
    add_conv("head", kNetClasses, 5, 1);
    reset();
  }

  /// The same starting values every time.
  void reset() {
    Random random(21);
    for (const auto& name : order) {
      Parameter& parameter = *parameters.at(name);
      const bool gamma = name.ends_with(".gamma");
      const std::vector<float> values =
          random.floats(parameter.size(), gamma ? 0.5 : -0.6, gamma ? 1.5 : 0.6);
      const std::vector<float> zeros(parameter.size(), 0.0f);
      parameter.write(Slot::value, values.data());
      for (Slot slot : {Slot::gradient, Slot::moment1, Slot::moment2}) {
        parameter.write(slot, zeros.data());
      }
    }
    for (auto& [name, buffer] : buffers) {
      const std::vector<float> values(buffer->size(), name.ends_with("variance") ? 1.0f : 0.0f);
      buffer->write(values.data());
    }
  }

  std::unique_ptr<Program> build(const NetOptions& options) {
    ProgramBuilder b(backend, kNetRecords, kNetLength, kNetSeed);
    std::vector<Value> kept;
    const auto keep = [&](Value value) {
      if (!options.keep_all) return value;
      b.output(value);
      kept.push_back(value);
      return value;
    };
    const auto conv = [&](const std::string& name, Value x, int stride, Value add) {
      b.label(name);
      return keep(b.conv1d(x, parameters.at(name + ".weight"), parameters.at(name + ".bias"),
                           stride, add));
    };
    const auto norm = [&](const std::string& name, Value x, double dropout) {
      b.label(name);
      return keep(b.norm(x, {parameters.at(name + ".gamma"), parameters.at(name + ".beta"),
                             buffers.at(name + ".mean"), buffers.at(name + ".variance"),
                             kNetEpsilon, 0.1f, options.training, true, dropout}));
    };
    const Value x = b.gather(dataset, kNetMean, kNetStd, true);
    if (options.keep_all) b.output(x);
    const Value stem = conv("stem", x, 1, -1);
    const Value a0 = norm("stem.norm", stem, 0);
    const Value s0 = keep(b.shortcut(a0, 1, 3));
    const Value c01 = conv("block0.conv1", a0, 1, -1);
    const Value n0 = norm("block0.norm", c01, kNetDropout);
    const Value c02 = conv("block0.conv2", n0, 1, s0);
    const Value a1 = norm("block1.pre", c02, 0);
    const Value s1 = keep(b.shortcut(c02, 2, 5));
    const Value c11 = conv("block1.conv1", a1, 2, -1);
    const Value n1 = norm("block1.norm", c11, kNetDropout);
    const Value c12 = conv("block1.conv2", n1, 1, s1);
    const Value a2 = norm("head.norm", c12, 0);
    logits = conv("head", a2, 1, -1);
    b.output(logits);
    b.label("loss");
    const Value dlogits = b.cross_entropy(logits);
    if (options.backward) {
      for (Value gradient : b.backward(logits, dlogits, {.inputs = kept})) b.output(gradient);
    }
    if (options.optimizer) {
      b.label("optimizer");
      std::vector<std::shared_ptr<Parameter>> all;
      for (const auto& name : order) all.push_back(parameters.at(name));
      b.optimizer(all, *options.optimizer);
    }
    return b.build();
  }

  std::vector<float> read(const std::string& name, Slot slot) const {
    const Parameter& parameter = *parameters.at(name);
    std::vector<float> values(parameter.size());
    parameter.read(slot, values.data());
    return values;
  }

  /// Everything a run changes.
  std::vector<float> state() const {
    std::vector<float> all;
    for (const auto& name : order) {
      for (Slot slot : {Slot::value, Slot::gradient, Slot::moment1, Slot::moment2}) {
        const std::vector<float> values = read(name, slot);
        all.insert(all.end(), values.begin(), values.end());
      }
    }
    for (const auto& [name, buffer] : buffers) {
      std::vector<float> values(buffer->size());
      buffer->read(values.data());
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  std::shared_ptr<Backend> backend;
  std::shared_ptr<ResidentDataset> dataset;
  std::map<std::string, std::shared_ptr<Parameter>> parameters;
  std::map<std::string, std::shared_ptr<Buffer>> buffers;
  std::vector<std::string> order;
  Value logits = -1;

 private:
  void add(const std::string& name, std::vector<int> shape) {
    parameters[name] = std::make_shared<Parameter>(*backend, std::move(shape));
    order.push_back(name);
  }
  void add_conv(const std::string& name, int out, int in, int kernel) {
    add(name + ".weight", {out, in, kernel});
    add(name + ".bias", {out});
  }
  void add_norm(const std::string& name, int channels) {
    add(name + ".gamma", {channels});
    add(name + ".beta", {channels});
    buffers[name + ".mean"] = std::make_shared<Buffer>(*backend, size_t(channels));
    buffers[name + ".variance"] = std::make_shared<Buffer>(*backend, size_t(channels));
  }
};

/// Arena memory is whatever an earlier program left: make it the worst.
inline void poison(Backend& backend) {
  const auto arena = DeviceArena::of(backend);
  const std::vector<unsigned char> worst(arena->capacity(), 0xff);
  backend.upload(arena->base(), worst.data(), worst.size());
}

inline void prune(Parameter& parameter) {
  Random random(9);
  std::vector<uint8_t> mask(parameter.size());
  for (uint8_t& kept : mask) kept = random.uniform() < 0.4;
  parameter.set_mask(mask.data());
}

/// Five steps with a pruning round between; the results of each.
inline std::vector<double> train(Net& net, Program& program, bool poisoned) {
  const std::vector<int32_t> batch = net_batch();
  std::vector<double> results;
  for (uint32_t step = 0; step < 5; ++step) {
    if (poisoned) poison(*net.backend);
    if (step == 3) prune(*net.parameters.at("block1.conv1.weight"));
    const StepResult r = program.run(
        {.records = batch, .learning_rate = 0.01f, .optimizer_step = step + 1, .stream = step});
    results.insert(results.end(), {r.loss, r.valid, r.correct, r.gradient_norm});
  }
  return results;
}

}  // namespace lth::test
