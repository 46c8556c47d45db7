#pragma once

#include <memory>

#include "binding/handle.h"
#include "lth/inference.h"

namespace lth::binding {

/// A finished network that runs on the calling thread; see InferenceNetwork.
class Inference : public Handle<Inference> {
 public:
  static constexpr const char* kName = "Inference";
  static constexpr napi_type_tag kTag = {0x6c74682d65636731, 0x07};

  /// new Inference({ nodes, epsilon, isa? })
  explicit Inference(const Napi::CallbackInfo& info);
  ~Inference() override;

  static Napi::Function define_class(Napi::Env env);

 private:
  InferenceNetwork& network() const;
  /// Tells the garbage collector how much memory the network holds now.
  void account();
  void release();

  Napi::Value description(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value macs(const Napi::CallbackInfo& info);
  Napi::Value steps(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<AddonData> addon_;
  std::unique_ptr<InferenceNetwork> network_;
  int64_t accounted_ = 0;
};

}  // namespace lth::binding
