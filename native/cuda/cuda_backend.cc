#include <utility>
#include <vector>

#include "cuda/conv1d.h"
#include "cuda/conv1d_choice.h"
#include "cuda/element.h"
#include "cuda/flat_plan.h"
#include "cuda/info.h"
#include "cuda/ops.h"
#include "lth/error.h"

namespace lth {
namespace {

using cuda::Context;
using cuda::DeviceArray;
using cuda::DeviceInfo;
using cuda::FlatPlans;
using cuda::Stream;
using cuda::Workspace;

/// A stream that finishes its work before it is destroyed.
class OwnedStream {
 public:
  explicit OwnedStream(int device) : device_(device) {
    cuda::use_device(device);
    stream_ = cuda::make_stream();
  }
  ~OwnedStream() { cuda::destroy_stream(stream_); }
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;
  Stream get() const { return stream_; }
  int device() const { return device_; }

 private:
  int device_;
  Stream stream_;
};

class Captured final : public CapturedStep {
 public:
  Captured(cuda::Graph graph, std::shared_ptr<OwnedStream> stream)
      : graph_(graph), stream_(std::move(stream)) {}
  ~Captured() override {
    try {
      cuda::use_device(stream_->device());
      cuda::synchronize(stream_->get());  // it may be running
    } catch (const Error&) {
      // The failure shows up in the next result that is read.
    }
    cuda::destroy_graph(graph_);
  }
  cuda::Graph graph() const { return graph_; }

 private:
  cuda::Graph graph_;
  std::shared_ptr<OwnedStream> stream_;
};

class CudaBackend final : public Backend {
 public:
  CudaBackend(const DeviceInfo& info, const CudaOptions& options)
      : info_(info),
        options_(options),
        stream_(std::make_shared<OwnedStream>(info.index)),
        workspace_(stream()),
        side_(info.index),
        side_workspace_(side_.get()),
        ticket_(1),
        plans_(stream()) {
    info_.workspace = &workspace_;
    cuda::fill_zero(ticket_.data(), ticket_.bytes(), stream());
  }

  std::string_view name() const override { return "cuda"; }
  std::string description() const override {
    return cuda::device_text(info_) + ", " + cuda::precision_name(options_.precision);
  }

  void* allocate(size_t bytes) override {
    activate();
    return cuda::device_malloc(bytes);
  }
  void release(void* pointer) override {
    try {
      activate();
    } catch (const Error&) {
      // The device has failed, which was reported where it was noticed. Destructors call this.
    }
    cuda::device_free(pointer);
  }
  void zero(void* pointer, size_t bytes) override {
    activate();
    cuda::fill_zero(pointer, bytes, stream());
  }
  void upload(void* target, const void* host, size_t bytes) override {
    activate();
    cuda::copy_to_device(target, host, bytes, stream());
  }
  void download(void* host, const void* source, size_t bytes) override {
    activate();
    cuda::copy_to_host(host, source, bytes, stream());
  }
  size_t activation_bytes(const ActivationShape& shape) const override {
    return Activation{shape, nullptr, nullptr}.elements() * cuda::element_bytes(options_.precision);
  }
  void store_activation(const Activation& target, const float* host) override {
    cuda::store_activation(target, host, context());
  }
  void load_activation(const Activation& source, float* host) override {
    cuda::load_activation(source, host, context());
  }

#define LTH_METHOD(name, Arguments) \
  void name(const Arguments& args) override { cuda::name(args, context()); }
  LTH_PLAIN_OPS(LTH_METHOD)
#undef LTH_METHOD
  std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc,
                                        const SparsePattern* pattern) override {
    activate();
    return cuda::plan_conv1d(desc, pattern, options_.precision, info_);
  }
  void conv1d_forward(const ConvForward& args) override {
    activate();
    if (args.folded && args.folded->dropout.keep) join_keep();
    cuda::conv1d_forward(args, stream());
  }
  void conv1d_dgrad(const ConvDgrad& args) override {
    activate();
    cuda::conv1d_dgrad(args, stream());
  }
  bool overlaps_wgrad() const override { return options_.overlap_wgrad; }
  void conv1d_wgrad(const ConvWgrad& args) override {
    activate();
    if (!options_.overlap_wgrad) return cuda::conv1d_wgrad(args, stream());
    order_(stream(), side_.get());
    cuda::conv1d_wgrad(args, side_.get(), &side_workspace_);
    wgrad_runs_ = true;
  }
  void join_wgrad() override {
    if (!wgrad_runs_ && !keep_runs_) return;
    activate();
    wgrad_runs_ = keep_runs_ = false;
    order_(side_.get(), stream());
  }
  bool folds_norm(size_t, bool) const override { return options_.fuse_norms; }
  bool measures_norms() const override { return options_.fuse_norms; }
  void norm_forward(const NormForward& args) override {
    const Context here = context();
    if (args.dropout.keep) join_keep();
    cuda::norm_forward(args, here);
  }
  void gradient_norm(const GradientNorm& args) override {
    const Context here = context();
    cuda::gradient_norm(args, plans_.of(args.parameters), here);
  }
  void optimizer_step(const OptimizerStep& args) override {
    const Context here = context();
    cuda::optimizer_step(args, plans_.of(args.parameters), here);
  }
  void average_step(const AverageStep& args) override {
    const Context here = context();
    cuda::average_step(args, plans_.of(args.parameters), here);
  }
  void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep) override {
    cuda::select_magnitude(tensors, keep, context());
  }

  bool is_asynchronous() const override { return true; }
  void fetch_step(const FetchStep& args) override { cuda::fetch_step(args, context()); }
  void store_step(const StoreStep& args) override { cuda::store_step(args, context()); }
  void prepare_convolutions(std::span<const ConvWeights> convolutions) override {
    activate();
    cuda::conv1d_prepare(convolutions, stream());
  }
  void prepare_dropout(std::span<const NormForward> norms) override {
    if (norms.empty()) return;
    activate();
    if (!options_.overlap_wgrad) return cuda::prepare_dropout(norms, stream());
    // Beside the first convolutions: nothing is dropped before them.
    order_(stream(), side_.get());
    cuda::prepare_dropout(norms, side_.get());
    keep_runs_ = true;
  }
  void begin_capture() override {
    activate();
    cuda::begin_capture(stream());
  }
  std::unique_ptr<CapturedStep> end_capture() override {
    return std::make_unique<Captured>(cuda::end_capture(stream()), stream_);
  }
  void abandon_capture() noexcept override { cuda::abandon_capture(stream()); }
  void replay(CapturedStep& step) override {
    activate();
    cuda::launch_graph(static_cast<Captured&>(step).graph(), stream());
  }
  uint64_t capture_generation() const override {
    return workspace_.generation() + side_workspace_.generation() + plans_.generation();
  }
  void set_mark(size_t index) override {
    activate();
    while (marks_.size() <= index) marks_.push_back(std::make_unique<cuda::Mark>());
    marks_[index]->set(stream());
  }
  double seconds_between(size_t from, size_t to) override {
    return cuda::Mark::seconds_between(*marks_[from], *marks_[to]);
  }
  bool times_convolutions() const override { return true; }
  std::string time_conv1d(const Conv1dDesc& desc, const SparsePattern* pattern,
                          const ActivationShape& x) override {
    activate();
    return cuda::time_and_choose(desc, pattern, options_.precision, info_, {x.records, x.length},
                                 stream())
        ->describe();
  }
  void check_kernels(std::string_view kernels, const SparsePattern* pattern) const override {
    cuda::conv::check_choice(cuda::conv::ConvChoice::parse(kernels), pattern, options_.precision,
                             info_.arch);
  }
  std::unique_ptr<ConvPlan> plan_conv1d_as(std::string_view kernels, const Conv1dDesc& desc,
                                           const SparsePattern* pattern) override {
    activate();
    return cuda::plan_conv1d_as(kernels, desc, pattern, options_.precision, info_);
  }

 private:
  /// Makes the work queued from here on wait until the dropout bits are written.
  void join_keep() {
    if (std::exchange(keep_runs_, false)) order_(side_.get(), stream());
  }
  Stream stream() const { return stream_->get(); }
  /// The calling thread's device is this one from here on: jobs run on a thread of their own.
  void activate() const { cuda::use_device(info_.index); }
  Context context() {
    activate();
    return {stream(), workspace_, info_.sm_count, ticket_.data(), options_.precision};
  }

  DeviceInfo info_;
  CudaOptions options_;
  std::shared_ptr<OwnedStream> stream_;  // captured steps share it
  Workspace workspace_;
  OwnedStream side_;  // of weight gradients, which late layers are too small to fill a GPU with
  Workspace side_workspace_;
  cuda::Order order_;
  bool wgrad_runs_ = false;
  bool keep_runs_ = false;  // prepare_dropout, on the side stream
  DeviceArray<unsigned> ticket_;
  FlatPlans plans_;
  std::vector<std::unique_ptr<cuda::Mark>> marks_;
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(const CudaOptions& options) {
  const cuda::DeviceCount devices = cuda::count_devices();
  if (devices.count == 0) throw_state("There is no CUDA device: " + devices.reason);
  if (options.index < 0 || options.index >= devices.count) {
    throw_range("The CUDA device must be from 0 to " + std::to_string(devices.count - 1) +
                ", got " + std::to_string(options.index));
  }
  const DeviceInfo info = cuda::device_info(options.index);
  const std::string refusal = cuda::device_refusal(info);
  if (!refusal.empty()) throw_state("Cannot use CUDA device " + std::to_string(options.index) +
                                    ": " + refusal);
  return std::make_unique<CudaBackend>(info, options);
}

}  // namespace lth
