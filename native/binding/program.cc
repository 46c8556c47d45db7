#include "binding/program.h"

#include <optional>
#include <utility>

#include "binding/value_code.h"

namespace lth::binding {
namespace {

/// program.chooseKernels: seconds on a large network.
class ChooseKernels : public Job {
 public:
  ChooseKernels(std::shared_ptr<Recorded> recorded, Napi::Promise::Deferred deferred)
      : recorded_(std::move(recorded)), deferred_(deferred) {}

  void work(const std::atomic<bool>&) noexcept override {
    failed_ = capture([&] { chosen_ = recorded_->program->choose_kernels(); });
  }

  void settle(Napi::Env env) override {
    if (failed_) {
      deferred_.Reject(to_js_error(env, *failed_).Value());
      return;
    }
    Napi::Array array = Napi::Array::New(env, chosen_.size());
    for (size_t i = 0; i < chosen_.size(); ++i) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("label", Napi::String::New(env, chosen_[i].label));
      entry.Set("kernels", Napi::String::New(env, chosen_[i].kernels));
      array.Set(uint32_t(i), entry);
    }
    deferred_.Resolve(array);
  }

 private:
  std::shared_ptr<Recorded> recorded_;
  std::vector<ConvKernels> chosen_;
  std::optional<Caught> failed_;
  Napi::Promise::Deferred deferred_;
};

}  // namespace

Napi::Function Program::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Program::records>("records"),
      getter_named<&Program::length>("length"),
      getter_named<&Program::arena_bytes>("arenaBytes"),
      method_named<&Program::write_value>("writeValue"),
      method_named<&Program::read_value>("readValue"),
      method_named<&Program::value_shape>("valueShape"),
      method_named<&Program::profile>("profile"),
      method_named<&Program::reset_profile>("resetProfile"),
      method_named<&Program::choose_kernels>("chooseKernels"),
  };
  return define<&Program::dispose>(env, properties);
}

Napi::Value Program::records(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), native()->program->records());
}

Napi::Value Program::length(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), native()->program->length());
}

Napi::Value Program::arena_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(native()->program->arena_bytes()));
}

Napi::Value Program::write_value(const Napi::CallbackInfo& info) {
  const Fields data(info[1], "writeValue: data", {"values", "lengths", "labels"});
  const Napi::Value values = data.get("values");
  const Napi::Value lengths_value = data.get("lengths");
  const Napi::Value labels_value = data.get("labels");
  std::vector<int32_t> lengths, labels;
  const auto recorded = idle("program.writeValue");
  const auto records = size_t(recorded->program->records());
  if (!lengths_value.IsUndefined()) {
    lengths = to_copy<int32_t>(lengths_value, data.path("lengths"));
    require_length(lengths.size(), records, data.path("lengths"));
  }
  if (!labels_value.IsUndefined()) {
    labels = to_copy<int32_t>(labels_value, data.path("labels"));
    require_length(labels.size(), records, data.path("labels"));
  }
  const lth::Value value = decode_value(info[0], recorded->owner, "writeValue: value");
  const ActivationShape shape = recorded->program->value_shape(value);
  const auto host = to_view<float>(values, data.path("values"));
  require_length(host.size(), size_t(shape.records) * shape.channels * shape.length,
                 data.path("values"));
  recorded->program->write_value(value, host, lengths, labels);
  return info.Env().Undefined();
}

Napi::Value Program::read_value(const Napi::CallbackInfo& info) {
  const auto recorded = idle("program.readValue");
  const lth::Value value = decode_value(info[0], recorded->owner, "readValue: value");
  const ActivationShape shape = recorded->program->value_shape(value);
  const size_t size = size_t(shape.records) * shape.channels * shape.length;
  auto array = Napi::Float32Array::New(info.Env(), size);
  recorded->program->read_value(value, {array.Data(), size});
  return array;
}

Napi::Value Program::value_shape(const Napi::CallbackInfo& info) {
  const auto recorded = native();
  const lth::Value value = decode_value(info[0], recorded->owner, "valueShape: value");
  const ActivationShape shape = recorded->program->value_shape(value);
  Napi::Array array = Napi::Array::New(info.Env(), 3);
  array.Set(0u, Napi::Number::New(info.Env(), shape.records));
  array.Set(1u, Napi::Number::New(info.Env(), shape.channels));
  array.Set(2u, Napi::Number::New(info.Env(), shape.length));
  return array;
}

Napi::Value Program::profile(const Napi::CallbackInfo& info) {
  const std::vector<OpProfile> profile = idle("program.profile")->program->profile();
  const Napi::Env env = info.Env();
  Napi::Array array = Napi::Array::New(env, profile.size());
  for (size_t i = 0; i < profile.size(); ++i) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("label", Napi::String::New(env, profile[i].label));
    entry.Set("op", Napi::String::New(env, profile[i].op));
    entry.Set("detail", Napi::String::New(env, profile[i].detail));
    entry.Set("seconds", Napi::Number::New(env, profile[i].seconds));
    entry.Set("flops", Napi::Number::New(env, profile[i].flops));
    entry.Set("denseFlops", Napi::Number::New(env, profile[i].dense_flops));
    entry.Set("bytes", Napi::Number::New(env, profile[i].bytes));
    array.Set(uint32_t(i), entry);
  }
  return array;
}

Napi::Value Program::reset_profile(const Napi::CallbackInfo& info) {
  idle("program.resetProfile")->program->reset_profile();
  return info.Env().Undefined();
}

Napi::Value Program::choose_kernels(const Napi::CallbackInfo& info) {
  std::shared_ptr<Recorded> recorded = idle("program.chooseKernels");
  auto deferred = Napi::Promise::Deferred::New(info.Env());
  device().start(info.Env(), std::make_unique<ChooseKernels>(std::move(recorded), deferred));
  return deferred.Promise();
}

}  // namespace lth::binding
