#include "binding/builder.h"

#include "binding/augment.h"
#include "binding/buffer.h"
#include "binding/dataset.h"
#include "binding/parameter.h"
#include "binding/value_code.h"
#include "lth/number_text.h"
#include "lth/traced_op.h"

namespace lth::binding {
namespace {

constexpr int kMaxChannels = 1 << 20;
constexpr int kMaxLength = 1 << 24;
constexpr int kMaxWhole = 1 << 20;  // strides, channels and the like

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
    const std::string what = element_path(fields.path("classWeights"), settings.class_weights.size());
    settings.class_weights.push_back(to_float(weight, what, 0, kAny));
  }
  return settings;
}

/// The arguments of a call that traces an op. All getters of JavaScript run when it is made: they might
/// dispose what a later argument names.
class GivenArguments : public TracedArguments {
 public:
  GivenArguments(const Builder& self, const Napi::CallbackInfo& info, const TracedOp& op)
      : self_(self) {
    const std::string name = op.name;
    size_t position = 0;
    for (const std::string_view value : op.values) {
      given_.push_back({value, name + ": " + std::string(value), info[position++]});
    }
    const Fields fields(info[position], name + ": options", op.options);
    for (const std::string_view option : op.options) {
      const std::string field(option);
      given_.push_back({option, fields.path(field.c_str()), fields.get(field.c_str())});
    }
  }

  lth::Value value(std::string_view name) const override {
    const Given& given = at(name);
    return self_.value(given.value, given.path);
  }
  lth::Value optional_value(std::string_view name) const override {
    const Given& given = at(name);
    return self_.optional_value(given.value, given.path);
  }
  int whole(std::string_view name) const override {
    const Given& given = at(name);
    return int(to_integer(given.value, given.path, 1, kMaxWhole));
  }
  float number(std::string_view name) const override {
    const Given& given = at(name);
    return to_float(given.value, given.path);
  }
  bool flag(std::string_view name) const override {
    const Given& given = at(name);
    return to_boolean(given.value, given.path);
  }
  std::shared_ptr<lth::Parameter> parameter(std::string_view name) const override {
    const Given& given = at(name);
    return Parameter::on(self_.device(), given.value, given.path);
  }

 private:
  struct Given {
    std::string_view name;
    std::string path;  ///< how messages name it
    Napi::Value value;
  };

  const Given& at(std::string_view name) const {
    for (const Given& given : given_) {
      if (given.name == name) return given;
    }
    throw_state("An op asks for the argument " + std::string(name) + ", which it does not list");
  }

  const Builder& self_;
  std::vector<Given> given_;
};

/// The method of a TracedOp, which is the data of the call.
Napi::Value trace(Builder& self, const Napi::CallbackInfo& info) {
  const TracedOp& op = *static_cast<const TracedOp*>(info.Data());
  const GivenArguments given(self, info, op);
  const auto recording = self.idle((std::string("builder.") + op.name).c_str());
  return self.encode(info, op.trace(recording->builder, given));
}

// The other methods that trace an op: their arguments are converted here, and checked by the builder.

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
                number_text(settings.dropout));
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
        const std::string what = element_path(fields.path("teachers"), settings.teachers.size());
        settings.teachers.push_back(self.value(teacher, what));
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
    const std::string what = element_path("optimizer: parameters", parameters.size());
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
    const std::string what = element_path(options.path("buffers"), buffers.size());
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
  std::vector<napi_property_descriptor> properties = {
      method_named<&Builder::label>("label"),
      method_named<&gather>("gather"),
      method_named<&input>("input"),
      method_named<&norm>("norm"),
      method_named<&cross_entropy>("crossEntropy"),
      method_named<&Builder::backward>("backward"),
      method_named<&optimizer>("optimizer"),
      method_named<&average>("average"),
      method_named<&Builder::output>("output"),
      method_named<&Builder::planned_bytes>("plannedBytes"),
      method_named<&Builder::build>("build"),
  };
  for (const TracedOp* op : traced_ops()) {
    napi_property_descriptor& method = properties.emplace_back(method_named<&trace>(op->name));
    method.data = const_cast<TracedOp*>(op);
  }
  return define<&Builder::dispose>(env, std::move(properties));
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
        const std::string what = element_path(fields.path("inputs"), options.inputs.size());
        options.inputs.push_back(value(input, what));
      }
    }
    if (const Napi::Value also = fields.get("also"); !also.IsUndefined()) {
      for (const Napi::Value& element : to_array(also, fields.path("also"))) {
        const std::string what = element_path(fields.path("also"), options.also.size());
        const Fields pair(element, what, {"value", "gradient"});
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
