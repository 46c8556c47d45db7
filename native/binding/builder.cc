#include "binding/builder.h"

#include "binding/augment.h"
#include "binding/buffer.h"
#include "binding/dataset.h"
#include "binding/parameter.h"
#include "binding/value_code.h"

namespace lth::binding {
namespace {

constexpr int kMaxChannels = 1 << 20;
constexpr int kMaxLength = 1 << 24;
constexpr int kMaxStride = 1 << 20;

OptimizerSettings to_settings(const Napi::Value& value) {
  const Fields fields(value, "optimizer: settings",
                      {"kind", "beta1", "beta2", "epsilon", "weightDecay", "clipNorm"});
  const auto number = [&](const char* name, double max) {
    return to_float(fields.get(name), fields.path(name), 0, max);
  };
  constexpr double kAny = std::numeric_limits<float>::max();
  OptimizerSettings settings;
  settings.kind =
      OptimizerKind(to_choice(fields.get("kind"), fields.path("kind"), {"adam", "sgd", "adamw"}));
  settings.beta1 = number("beta1", 1);
  settings.beta2 = number("beta2", 1);
  settings.epsilon = number("epsilon", kAny);
  settings.weight_decay = number("weightDecay", kAny);
  settings.clip_norm = number("clipNorm", kAny);
  return settings;
}

/// All but the teachers, which are values of a builder.
LossSettings to_loss(const Fields& fields) {
  const auto number = [&](const char* name, float fallback, double max) {
    const Napi::Value given = fields.get(name);
    return given.IsUndefined() ? fallback : to_float(given, fields.path(name), 0, max);
  };
  constexpr double kAny = std::numeric_limits<float>::max();
  LossSettings settings;
  settings.label_smoothing = number("labelSmoothing", settings.label_smoothing, 1);
  settings.focal = number("focal", settings.focal, kAny);
  settings.temperature = number("temperature", settings.temperature, kAny);
  settings.teacher_weight = number("teacherWeight", settings.teacher_weight, 1);
  const Napi::Value weights = fields.get("classWeights");
  if (weights.IsUndefined()) return settings;
  for (const Napi::Value& weight : to_array(weights, fields.path("classWeights"))) {
    settings.class_weights.push_back(to_float(weight, fields.path("classWeights"), 0, kAny));
  }
  return settings;
}

// The methods that trace an op: their arguments are converted here, and checked by the builder.

Napi::Value gather(Builder& self, const Napi::CallbackInfo& info) {
  const Fields options(info[1], "gather: options", {"mean", "std", "flip", "augment", "negate"});
  const float mean = to_float(options.get("mean"), options.path("mean"));
  const float std = to_float(options.get("std"), options.path("std"));
  const bool flip = to_boolean(options.get("flip"), options.path("flip"));
  const std::optional<Augmentation> augment =
      to_augmentation(options.get("augment"), options.path("augment"));
  const Napi::Value negate_value = options.get("negate");
  const bool negate =
      !negate_value.IsUndefined() && to_boolean(negate_value, options.path("negate"));
  const auto dataset = Dataset::on(self.device(), info[0], "gather: dataset");
  const auto recording = self.idle("builder.gather");
  const lth::Value result = recording->builder.gather(dataset, mean, std, flip, augment, negate);
  recording->traits.gathers = true;
  recording->traits.random |= flip || augment;
  return self.encode(info, result);
}

Napi::Value input(Builder& self, const Napi::CallbackInfo& info) {
  const auto channels = int(to_integer(info[0], "input: channels", 1, kMaxChannels));
  const auto length = int(to_integer(info[1], "input: length", 1, kMaxLength));
  return self.encode(info, self.idle("builder.input")->builder.input(channels, length));
}

Napi::Value conv1d(Builder& self, const Napi::CallbackInfo& info) {
  const Fields options(info[1], "conv1d: options", {"weight", "bias", "stride", "add"});
  const Napi::Value weight_value = options.get("weight");
  const Napi::Value bias_value = options.get("bias");
  const auto stride = int(to_integer(options.get("stride"), options.path("stride"), 1, kMaxStride));
  const lth::Value add = self.optional_value(options.get("add"), options.path("add"));
  const lth::Value x = self.value(info[0], "conv1d: x");
  const auto weight = Parameter::on(self.device(), weight_value, options.path("weight"));
  const auto bias = Parameter::on(self.device(), bias_value, options.path("bias"));
  const auto recording = self.idle("builder.conv1d");
  return self.encode(info, recording->builder.conv1d(x, weight, bias, stride, add));
}

Napi::Value norm(Builder& self, const Napi::CallbackInfo& info) {
  const Fields fields(info[1], "norm: settings",
                      {"gamma", "beta", "runningMean", "runningVariance", "epsilon", "momentum",
                       "training", "relu", "dropout"});
  const Napi::Value gamma = fields.get("gamma");
  const Napi::Value beta = fields.get("beta");
  const Napi::Value mean = fields.get("runningMean");
  const Napi::Value variance = fields.get("runningVariance");
  ProgramBuilder::Norm settings;
  settings.epsilon = to_float(fields.get("epsilon"), fields.path("epsilon"));
  settings.momentum = to_float(fields.get("momentum"), fields.path("momentum"), 0, 1);
  settings.training = to_boolean(fields.get("training"), fields.path("training"));
  settings.relu = to_boolean(fields.get("relu"), fields.path("relu"));
  settings.dropout = to_number(fields.get("dropout"), fields.path("dropout"));
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    throw_range(fields.path("dropout") + " must be from 0 to less than 1, got " +
                describe(fields.get("dropout")));
  }
  const lth::Value x = self.value(info[0], "norm: x");
  settings.gamma = Parameter::on(self.device(), gamma, fields.path("gamma"));
  settings.beta = Parameter::on(self.device(), beta, fields.path("beta"));
  settings.running_mean = Buffer::on(self.device(), mean, fields.path("runningMean"));
  settings.running_variance = Buffer::on(self.device(), variance, fields.path("runningVariance"));
  const auto recording = self.idle("builder.norm");
  const lth::Value result = recording->builder.norm(x, settings);
  recording->traits.random |= settings.training && settings.dropout > 0;
  return self.encode(info, result);
}

Napi::Value shortcut(Builder& self, const Napi::CallbackInfo& info) {
  const Fields options(info[1], "shortcut: options", {"stride", "channels"});
  const auto stride = int(to_integer(options.get("stride"), options.path("stride"), 1, kMaxStride));
  const auto channels =
      int(to_integer(options.get("channels"), options.path("channels"), 1, kMaxChannels));
  const lth::Value x = self.value(info[0], "shortcut: x");
  return self.encode(info, self.idle("builder.shortcut")->builder.shortcut(x, stride, channels));
}

Napi::Value cross_entropy(Builder& self, const Napi::CallbackInfo& info) {
  LossSettings settings;
  if (!info[1].IsUndefined()) {
    const Fields fields(info[1], "crossEntropy: settings",
                        {"labelSmoothing", "focal", "classWeights", "teachers", "temperature",
                         "teacherWeight"});
    settings = to_loss(fields);
    const Napi::Value teachers = fields.get("teachers");
    if (!teachers.IsUndefined()) {
      for (const Napi::Value& teacher : to_array(teachers, fields.path("teachers"))) {
        settings.teachers.push_back(self.value(teacher, fields.path("teachers")));
      }
    }
  }
  const lth::Value logits = self.value(info[0], "crossEntropy: logits");
  const auto recording = self.idle("builder.crossEntropy");
  return self.encode(info, recording->builder.cross_entropy(logits, settings));
}

Napi::Value optimizer(Builder& self, const Napi::CallbackInfo& info) {
  const std::vector<Napi::Value> elements = to_array(info[0], "optimizer: parameters");
  const OptimizerSettings settings = to_settings(info[1]);
  std::vector<std::shared_ptr<lth::Parameter>> parameters;
  for (const Napi::Value& element : elements) {
    const std::string what = "optimizer: parameters[" + std::to_string(parameters.size()) + "]";
    parameters.push_back(Parameter::on(self.device(), element, what));
  }
  const auto recording = self.idle("builder.optimizer");
  recording->builder.optimizer(std::move(parameters), settings);
  recording->traits.optimizes = true;
  return info.Env().Undefined();
}

Napi::Value average(Builder& self, const Napi::CallbackInfo& info) {
  const Fields options(info[0], "average: options", {"buffers", "decay"});
  const float decay = to_float(options.get("decay"), options.path("decay"), 0, 1);
  std::vector<ProgramBuilder::AveragedBuffer> buffers;
  for (const Napi::Value& element : to_array(options.get("buffers"), options.path("buffers"))) {
    const std::string what = options.path("buffers") + "[" + std::to_string(buffers.size()) + "]";
    const Fields pair(element, what, {"value", "average"});
    const Napi::Value value = pair.get("value"), average = pair.get("average");
    buffers.push_back({Buffer::on(self.device(), value, pair.path("value")),
                       Buffer::on(self.device(), average, pair.path("average"))});
  }
  self.idle("builder.average")->builder.average(std::move(buffers), decay);
  return info.Env().Undefined();
}

}  // namespace

Napi::Function Builder::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      method_named<&Builder::label>("label"),
      method_named<&gather>("gather"),
      method_named<&input>("input"),
      method_named<&conv1d>("conv1d"),
      method_named<&norm>("norm"),
      method_named<&shortcut>("shortcut"),
      method_named<&cross_entropy>("crossEntropy"),
      method_named<&Builder::backward>("backward"),
      method_named<&optimizer>("optimizer"),
      method_named<&average>("average"),
      method_named<&Builder::output>("output"),
      method_named<&Builder::planned_bytes>("plannedBytes"),
      method_named<&Builder::build>("build"),
  };
  return define<&Builder::dispose>(env, properties);
}

lth::Value Builder::value(const Napi::Value& argument, const std::string& what) const {
  return decode_value(argument, native()->owner, what);
}

lth::Value Builder::optional_value(const Napi::Value& argument, const std::string& what) const {
  return argument.IsUndefined() ? -1 : value(argument, what);
}

Napi::Value Builder::encode(const Napi::CallbackInfo& info, lth::Value value) const {
  return encode_value(info.Env(), native()->owner, value);
}

Napi::Value Builder::label(const Napi::CallbackInfo& info) {
  const std::string name = to_text(info[0], "label: name");
  idle("builder.label")->builder.label(name);
  return info.Env().Undefined();
}

Napi::Value Builder::backward(const Napi::CallbackInfo& info) {
  ProgramBuilder::BackwardOptions options;
  if (!info[2].IsUndefined()) {
    const Fields fields(info[2], "backward: options", {"inputs", "also"});
    if (const Napi::Value inputs = fields.get("inputs"); !inputs.IsUndefined()) {
      for (const Napi::Value& input : to_array(inputs, fields.path("inputs"))) {
        options.inputs.push_back(value(input, fields.path("inputs")));
      }
    }
    if (const Napi::Value also = fields.get("also"); !also.IsUndefined()) {
      for (const Napi::Value& element : to_array(also, fields.path("also"))) {
        const Fields pair(element, fields.path("also"), {"value", "gradient"});
        options.also.push_back({value(pair.get("value"), pair.path("value")),
                                value(pair.get("gradient"), pair.path("gradient"))});
      }
    }
  }
  const lth::Value y = value(info[0], "backward: y");
  const lth::Value dy = value(info[1], "backward: dy");
  const std::vector<lth::Value> gradients = idle("builder.backward")->builder.backward(y, dy, options);
  const Napi::Array result = Napi::Array::New(info.Env(), gradients.size());
  for (size_t i = 0; i < gradients.size(); ++i) result.Set(uint32_t(i), encode(info, gradients[i]));
  return result;
}

Napi::Value Builder::output(const Napi::CallbackInfo& info) {
  const lth::Value kept = value(info[0], "output: value");
  idle("builder.output")->builder.output(kept);
  return info.Env().Undefined();
}

Napi::Value Builder::planned_bytes(const Napi::CallbackInfo& info) {
  const size_t bytes = idle("builder.plannedBytes")->builder.planned_bytes();
  return Napi::Number::New(info.Env(), double(bytes));
}

Napi::Value Builder::build(const Napi::CallbackInfo&) {
  const auto recording = idle("builder.build");
  drop("it was built");
  auto recorded = std::make_shared<Recorded>();
  recorded->program = recording->builder.build();
  recorded->owner = recording->owner;
  recorded->traits = recording->traits;
  device().note_arena(recorded->program->arena_bytes());
  return Program::make(device().addon().program_class, {shared_device(), std::move(recorded), 0});
}

}  // namespace lth::binding
