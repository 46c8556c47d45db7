#include "binding/device.h"

#include <algorithm>
#include <utility>

#include "binding/buffer.h"
#include "binding/builder.h"
#include "binding/dataset.h"
#include "binding/parameter.h"
#include "binding/run.h"
#include "binding/value_code.h"
#include "lth/number_text.h"
#include "lth/program.h"

namespace lth::binding {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kMaxDevice = 1023;
constexpr int kMaxRecords = 65536;
constexpr int kMaxLength = 1 << 24;
constexpr int64_t kMaxElements = (int64_t(1) << 31) - 1;
constexpr int64_t kMaxSafeInteger = (int64_t(1) << 53) - 1;

std::shared_ptr<Backend> open_backend(const Napi::Value& argument) {
  const Fields options(argument, "Device: options",
                       {"backend", "threads", "isa", "index", "precision"});
  const Napi::Value backend = options.get("backend");
  const Napi::Value threads = options.get("threads");
  const Napi::Value isa = options.get("isa");
  const bool cuda = to_choice(backend, options.path("backend"), {"cpu", "cuda"}) == 1;
  CpuOptions cpu;
  if (!threads.IsUndefined()) {
    cpu.threads = int(to_integer(threads, options.path("threads"), 0, kMaxThreads));
  }
  if (!isa.IsUndefined()) {
    cpu.isa = Isa(to_choice(isa, options.path("isa"), {"automatic", "portable", "avx2", "avx512"}));
  }
  CudaOptions gpu;
  const Napi::Value index = options.get("index");
  const Napi::Value precision = options.get("precision");
  if (!index.IsUndefined()) {
    gpu.index = int(to_integer(index, options.path("index"), 0, kMaxDevice));
    if (!cuda) throw_range(options.path("index") + " counts GPUs: backend \"cpu\" has none");
  }
  if (!precision.IsUndefined()) {
    gpu.precision = cpu.precision =
        Precision(to_choice(precision, options.path("precision"), {"fp32", "tf32", "bf16"}));
  }
  if (!cuda) return make_cpu_backend(cpu);
  const BackendInfo known = cuda_backend_info();
  if (!known.available) throw_state("Cannot open backend \"cuda\": " + known.detail);
  return make_cuda_backend(gpu);
}

std::vector<int> to_shape(const Napi::Value& value) {
  std::vector<int> shape;
  int64_t size = 1;
  for (const Napi::Value& extent : to_array(value, "parameter: shape")) {
    shape.push_back(int(to_integer(extent, element_path("parameter: shape", shape.size()), 1,
                                   kMaxElements)));
    size *= shape.back();
    if (size > kMaxElements) throw_range("parameter: shape has more than 2^31 - 1 elements");
  }
  if (shape.empty()) throw_range("parameter: shape must have at least one extent, got none");
  return shape;
}

std::vector<int64_t> to_offsets(const std::vector<double>& numbers) {
  std::vector<int64_t> offsets;
  offsets.reserve(numbers.size());
  for (double number : numbers) {
    if (!(number >= 0 && number <= double(kMaxSafeInteger) && number == double(int64_t(number)))) {
      throw_range(element_path("dataset: data.offsets", offsets.size()) +
                  " must be a whole number of samples, got " + number_text(number));
    }
    offsets.push_back(int64_t(number));
  }
  return offsets;
}

}  // namespace

Device::Device(const Napi::CallbackInfo& info) : Handle(info) {
  with_js_errors(info.Env(), [&] {
    std::shared_ptr<Backend> backend = open_backend(info[0]);
    name_ = backend->name();
    description_ = backend->description();
    times_convolutions_ = backend->times_convolutions();
    state_ = std::make_shared<DeviceState>(AddonData::shared(info.Env()), std::move(backend));
  });
}

Napi::Function Device::define_class(Napi::Env env) {
  const std::vector<napi_property_descriptor> properties = {
      getter_named<&Device::name>("name"),
      getter_named<&Device::description>("description"),
      getter_named<&Device::times_convolutions>("timesConvolutions"),
      method_named<&Device::parameter>("parameter"),
      method_named<&Device::buffer>("buffer"),
      method_named<&Device::dataset>("dataset"),
      method_named<&Device::builder>("builder"),
      method_named<&Device::run>("run"),
      method_named<&Device::select_magnitude>("selectMagnitude"),
      method_named<&Device::close>("close"),
  };
  return define<&Device::dispose>(env, properties);
}

Napi::Value Device::name(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), name_);
}

Napi::Value Device::description(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), description_);
}

Napi::Value Device::times_convolutions(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), times_convolutions_);
}

Napi::Value Device::parameter(const Napi::CallbackInfo& info) {
  std::vector<int> shape = to_shape(info[0]);
  const std::shared_ptr<Backend>& backend = state_->idle_backend("device.parameter");
  auto native = std::make_shared<lth::Parameter>(*backend, std::move(shape));
  const auto bytes = int64_t(native->size() * sizeof(float) * 4);
  return Parameter::make(state_->addon().parameter_class, {state_, std::move(native), bytes});
}

Napi::Value Device::buffer(const Napi::CallbackInfo& info) {
  const int64_t size = to_integer(info[0], "buffer: size", 1, kMaxElements);
  const std::shared_ptr<Backend>& backend = state_->idle_backend("device.buffer");
  auto native = std::make_shared<lth::Buffer>(*backend, size_t(size));
  const auto bytes = int64_t(native->size() * sizeof(float));
  return Buffer::make(state_->addon().buffer_class, {state_, std::move(native), bytes});
}

Napi::Value Device::dataset(const Napi::CallbackInfo& info) {
  const Fields data(info[0], "dataset: data", {"samples", "offsets", "lengths", "labels"});
  const Napi::Value samples = data.get("samples");
  const std::vector<int64_t> offsets =
      to_offsets(to_copy<double>(data.get("offsets"), data.path("offsets")));
  const auto lengths = to_copy<int32_t>(data.get("lengths"), data.path("lengths"));
  const auto labels = to_copy<int32_t>(data.get("labels"), data.path("labels"));
  const auto sample_view = to_view<int16_t>(samples, data.path("samples"));
  require_length(lengths.size(), offsets.size(), data.path("lengths"));
  require_length(labels.size(), offsets.size(), data.path("labels"));
  const std::shared_ptr<Backend>& backend = state_->idle_backend("device.dataset");
  auto native = std::make_shared<ResidentDataset>(*backend, sample_view, offsets, lengths, labels);
  const auto bytes = int64_t(sample_view.size_bytes() + offsets.size() * 16);
  return Dataset::make(state_->addon().dataset_class, {state_, std::move(native), bytes});
}

Napi::Value Device::builder(const Napi::CallbackInfo& info) {
  const Fields options(info[0], "builder: options", {"records", "length", "seed"});
  const auto records =
      int(to_integer(options.get("records"), options.path("records"), 1, kMaxRecords));
  const auto length = int(to_integer(options.get("length"), options.path("length"), 1, kMaxLength));
  const uint64_t seed = to_seed(options.get("seed"), options.path("seed"));
  const std::shared_ptr<Backend>& backend = state_->idle_backend("device.builder");
  auto native = std::make_shared<Recording>(backend, records, length, seed);
  native->owner = state_->addon().builders++ % kOwners;
  return Builder::make(state_->addon().builder_class, {state_, std::move(native), 0});
}

Napi::Value Device::run(const Napi::CallbackInfo& info) {
  return start_run(info.Env(), state_, info[0], info[1]);
}

Napi::Value Device::select_magnitude(const Napi::CallbackInfo& info) {
  std::vector<std::shared_ptr<lth::Parameter>> parameters;
  const std::vector<Napi::Value> elements = to_array(info[0], "selectMagnitude: parameters");
  const int64_t keep = to_integer(info[1], "selectMagnitude: keep", 0, kMaxSafeInteger);
  for (const Napi::Value& element : elements) {
    const std::string what = element_path("selectMagnitude: parameters", parameters.size());
    const auto& parameter = Parameter::on(*state_, element, what);
    if (std::find(parameters.begin(), parameters.end(), parameter) != parameters.end()) {
      throw_range(what + " is listed twice");
    }
    parameters.push_back(parameter);
  }
  const std::shared_ptr<Backend>& backend = state_->idle_backend("device.selectMagnitude");
  Napi::Array result = Napi::Array::New(info.Env(), parameters.size());
  std::vector<SelectTensor> tensors;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const size_t size = parameters[i]->size();
    auto mask = Napi::Uint8Array::New(info.Env(), size);
    tensors.push_back({parameters[i]->data(Slot::value), parameters[i]->mask(), mask.Data(), size});
    result.Set(uint32_t(i), mask);
  }
  backend->select_magnitude(tensors, keep);
  return result;
}

Napi::Value Device::close(const Napi::CallbackInfo& info) {
  auto deferred = Napi::Promise::Deferred::New(info.Env());
  const Napi::Env env = info.Env();
  state_->close_when_idle([deferred, env] { deferred.Resolve(env.Undefined()); });
  return deferred.Promise();
}

Napi::Value Device::dispose(const Napi::CallbackInfo& info) {
  if (state_->busy()) {
    throw_state("Cannot dispose the device while a run is under way: use await device.close()");
  }
  state_->close();
  return info.Env().Undefined();
}

}  // namespace lth::binding
