#include "binding/inference.h"

#include <deque>
#include <string>
#include <vector>

namespace lth::binding {
namespace {

constexpr int64_t kMostSamples = int64_t(1) << 28;

constexpr int64_t kMostValues = 1 << 20;

/// A network's nodes with copies of their tensors: a getter of a later field could detach an earlier
/// one's memory.
struct GraphCopy {
  float epsilon = 0;
  Isa isa = Isa::automatic;
  std::vector<InferenceNode> nodes;

  explicit GraphCopy(const Napi::Value& argument) {
    const Fields options(argument, "Inference: options", {"nodes", "epsilon", "isa"});
    const std::vector<Napi::Value> all = to_array(options.get("nodes"), options.path("nodes"));
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string path = element_path(options.path("nodes"), i);
      const Fields node(all[i], path,
                        {"op", "name", "input", "add", "channels", "kernel", "stride", "relu",
                         "weight", "bias", "gamma", "beta", "mean", "variance"});
      nodes.push_back(read(node));
    }
    epsilon = to_float(options.get("epsilon"), options.path("epsilon"), 0);
    if (const Napi::Value value = options.get("isa"); !value.IsUndefined()) {
      isa = Isa(to_choice(value, options.path("isa"), {"automatic", "portable", "avx2", "avx512"}));
    }
  }

 private:
  using Op = InferenceNode::Op;

  InferenceNode read(const Fields& fields) {
    const auto size = [&](const char* name) {
      return int(to_integer(fields.get(name), fields.path(name), 1, 1 << 20));
    };
    const auto value = [&](const char* name) {
      return int(to_integer(fields.get(name), fields.path(name), 0, kMostValues));
    };
    const auto tensor = [&](const char* name) -> std::span<const float> {
      return arrays_.emplace_back(to_copy<float>(fields.get(name), fields.path(name)));
    };
    InferenceNode node;
    node.op = Op(to_choice(fields.get("op"), fields.path("op"), {"conv", "norm", "shortcut"}));
    node.name = to_text(fields.get("name"), fields.path("name"));
    node.input = value("input");
    if (node.op == Op::norm) {
      node.relu = to_boolean(fields.get("relu"), fields.path("relu"));
      node.norm = {tensor("gamma"), tensor("beta"), tensor("mean"), tensor("variance")};
      return node;
    }
    node.channels = size("channels");
    node.stride = size("stride");
    if (node.op == Op::shortcut) return node;
    node.kernel = size("kernel");
    if (!fields.get("add").IsUndefined()) node.add = value("add");
    node.conv = {tensor("weight"), tensor("bias")};
    return node;
  }

  std::deque<std::vector<float>> arrays_;  ///< what the nodes' spans point to
};

}  // namespace

Inference::Inference(const Napi::CallbackInfo& info) : Handle(info) {
  with_js_errors(info.Env(), [&] {
    addon_ = AddonData::shared(info.Env());
    const GraphCopy copy(info[0]);
    network_ = std::make_unique<InferenceNetwork>(InferenceGraph{copy.epsilon, copy.nodes}, copy.isa);
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
