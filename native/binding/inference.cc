#include "binding/inference.h"

#include <vector>

namespace lth::binding {
namespace {

constexpr int64_t kMostSamples = int64_t(1) << 28;

/// Copies of a network's tensors: a getter of a later field could detach an earlier one's memory.
struct TensorCopies {
  NetworkShape shape;
  float epsilon = 0;
  Isa isa = Isa::automatic;
  std::vector<std::vector<float>> arrays;

  explicit TensorCopies(const Napi::Value& argument) {
    const Fields options(argument, "Inference: options",
                         {"shape", "epsilon", "convolutions", "norms", "isa"});
    const Fields sizes(options.get("shape"), options.path("shape"),
                       {"filters", "kernel", "blocks", "blocksPerStage", "classes"});
    const auto size = [&](const char* name) {
      return int(to_integer(sizes.get(name), sizes.path(name), 1, 1 << 20));
    };
    shape = {size("filters"), size("kernel"), size("blocks"), size("blocksPerStage"),
             size("classes")};
    epsilon = to_float(options.get("epsilon"), options.path("epsilon"), 0);
    read(options, "convolutions", {"weight", "bias"});
    convolutions_ = arrays.size() / 2;
    read(options, "norms", {"gamma", "beta", "mean", "variance"});
    if (const Napi::Value value = options.get("isa"); !value.IsUndefined()) {
      isa = Isa(to_choice(value, options.path("isa"), {"automatic", "portable", "avx2", "avx512"}));
    }
  }

  std::unique_ptr<InferenceNetwork> make() const {
    std::vector<ConvTensors> convolutions;
    std::vector<NormTensors> norms;
    size_t at = 0;
    for (; at < 2 * convolutions_; at += 2) convolutions.push_back({arrays[at], arrays[at + 1]});
    for (; at < arrays.size(); at += 4) {
      norms.push_back({arrays[at], arrays[at + 1], arrays[at + 2], arrays[at + 3]});
    }
    return std::make_unique<InferenceNetwork>(
        NetworkTensors{shape, epsilon, convolutions, norms}, isa);
  }

 private:
  void read(const Fields& options, const char* name,
            std::initializer_list<std::string_view> fields) {
    const std::vector<Napi::Value> layers = to_array(options.get(name), options.path(name));
    for (size_t i = 0; i < layers.size(); ++i) {
      const Fields layer(layers[i], options.path(name) + "[" + std::to_string(i) + "]", fields);
      for (std::string_view field : fields) {
        arrays.push_back(to_copy<float>(layer.get(field.data()), layer.path(field.data())));
      }
    }
  }

  size_t convolutions_ = 0;
};

}  // namespace

Inference::Inference(const Napi::CallbackInfo& info) : Handle(info) {
  with_js_errors(info.Env(), [&] {
    addon_ = AddonData::shared(info.Env());
    network_ = TensorCopies(info[0]).make();
    account();
  });
}

Inference::~Inference() { release(); }

Napi::Function Inference::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Inference::description>("description"),
      getter_named<&Inference::bytes>("bytes"),
      method_named<&Inference::macs>("macs"),
      method_named<&Inference::steps>("steps"),
      method_named<&Inference::run>("run"),
  };
  return define<&Inference::dispose>(env, properties);
}

InferenceNetwork& Inference::network() const {
  if (!network_) throw_state("This Inference cannot be used any more: it was disposed");
  return *network_;
}

void Inference::account() {
  const int64_t bytes = network_ ? int64_t(network_->bytes()) : 0;
  addon_->adjust_external_memory(bytes - accounted_);
  accounted_ = bytes;
}

void Inference::release() {
  if (!network_) return;
  network_.reset();
  account();
}

Napi::Value Inference::description(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), network().description());
}

Napi::Value Inference::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(network().bytes()));
}

Napi::Value Inference::macs(const Napi::CallbackInfo& info) {
  const int length = int(to_integer(info[0], "macs: length", 1, kMostSamples));
  return Napi::Number::New(info.Env(), double(network().macs(length)));
}

Napi::Value Inference::steps(const Napi::CallbackInfo& info) {
  const int length = int(to_integer(info[0], "steps: length", 1, kMostSamples));
  return Napi::Number::New(info.Env(), network().steps(length));
}

Napi::Value Inference::run(const Napi::CallbackInfo& info) {
  InferenceNetwork& net = network();
  const std::span<const float> samples = to_view<float>(info[0], "run: samples");
  const int64_t length = int64_t(samples.size());
  if (length < 1 || length > kMostSamples) {
    throw_range("run: samples must have from 1 to " + std::to_string(kMostSamples) +
                " elements, got " + std::to_string(length));
  }
  auto logits =
      Napi::Float32Array::New(info.Env(), size_t(net.classes()) * size_t(net.steps(int(length))));
  net.run(samples, {logits.Data(), logits.ElementLength()});
  account();
  return logits;
}

Napi::Value Inference::dispose(const Napi::CallbackInfo& info) {
  release();
  return info.Env().Undefined();
}

}  // namespace lth::binding
