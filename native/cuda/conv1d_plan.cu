#include "cuda/conv1d_plan.h"

#include "cuda/conv1d.h"

namespace lth::cuda {
namespace conv {

void* PlanContext::require(size_t bytes, Stream stream, Workspace* workspace) {
  if (workspace) return workspace->require(bytes);
  if (device.workspace) return device.workspace->require(bytes);
  if (!own) own = std::make_unique<Workspace>(stream);
  return own->require(bytes);
}

Plan::Plan(const Conv1dDesc& desc, const SparsePattern* pattern, const ConvChoice& choice,
           Precision precision, const DeviceInfo& device)
    : choice_(choice), context_{device, nullptr} {
  const Survivors s = Survivors::list(desc, pattern);
  const Stream stream = make_stream();
  try {
    forward_ = std::make_unique<PassPlan>(
        PassPlan::Source{forward_geometry(desc), pattern, false, s.out_live, s.out_dead, s.in_live,
                         precision},
        choice.forward, device, stream);
    dgrad_ = std::make_unique<PassPlan>(
        PassPlan::Source{dgrad_geometry(desc), pattern, true, s.in_live, s.in_dead, s.out_live,
                         precision},
        choice.dgrad, device, stream);
    wgrad_ = std::make_unique<WgradPlan>(desc, pattern, s, choice.wgrad, precision, stream);
    synchronize(stream);
  } catch (...) {
    destroy_stream(stream);
    throw;
  }
  destroy_stream(stream);
}

void Plan::pack(const PassPlan& pass, const float* weight, Stream stream) const {
  if (prepared) return;
  std::vector<PackJob> jobs;
  pass.pack_jobs(weight, jobs);
  launch_pack(jobs, stream);
}

void Plan::pack_jobs(const float* weight, std::vector<PackJob>& jobs) const {
  forward_->pack_jobs(weight, jobs);
  dgrad_->pack_jobs(weight, jobs);
}

void Plan::forward(const ConvForward& args, Stream stream) {
  pack(*forward_, args.weight, stream);
  forward_->run({.in = args.x,
                 .out = args.y,
                 .bias = args.bias,
                 .add = args.add,
                 .folded = args.folded,
                 .statistics_for = args.measures},
                context_, stream);
}

void Plan::dgrad(const ConvDgrad& args, Stream stream) {
  pack(*dgrad_, args.weight, stream);
  dgrad_->run({.in = args.dy,
               .out = args.dx,
               .bias = nullptr,
               .add = args.add,
               .gradient_for = args.measures},
              context_, stream);
}

void Plan::wgrad(const ConvWgrad& args, Stream stream, Workspace* workspace) {
  wgrad_->run(args, context_, stream, workspace);
}

ConvChoice default_choice(const Conv1dDesc& desc, const SparsePattern* pattern,
                          Precision precision) {
  const Survivors s = Survivors::list(desc, pattern);
  return choose(desc, pattern, int(s.out_live.size()), int(s.in_live.size()), precision);
}

namespace {
Plan& plan_of(ConvPlan* plan) { return *static_cast<Plan*>(plan); }
}  // namespace

}  // namespace conv

std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc, const SparsePattern* pattern,
                                      Precision precision, const DeviceInfo& device) {
  return std::make_unique<conv::Plan>(
      desc, pattern, conv::default_choice(desc, pattern, precision), precision, device);
}

std::unique_ptr<ConvPlan> plan_conv1d_as(std::string_view choice, const Conv1dDesc& desc,
                                         const SparsePattern* pattern, Precision precision,
                                         const DeviceInfo& device) {
  const conv::ConvChoice parsed = conv::ConvChoice::parse(choice);
  conv::check_choice(parsed, pattern, precision, device.arch);
  return std::make_unique<conv::Plan>(desc, pattern, parsed, precision, device);
}

void conv1d_forward(const ConvForward& args, Stream stream) {
  conv::plan_of(args.plan).forward(args, stream);
}
void conv1d_dgrad(const ConvDgrad& args, Stream stream) {
  conv::plan_of(args.plan).dgrad(args, stream);
}
void conv1d_wgrad(const ConvWgrad& args, Stream stream, Workspace* workspace) {
  conv::plan_of(args.plan).wgrad(args, stream, workspace);
}

void conv1d_prepare(std::span<const ConvWeights> weights, Stream stream) {
  std::vector<conv::PackJob> jobs;
  for (const ConvWeights& w : weights) {
    conv::plan_of(w.plan).pack_jobs(w.weight, jobs);
    conv::plan_of(w.plan).prepared = true;
  }
  conv::launch_pack(jobs, stream);
}

void conv1d_unprepare(ConvPlan* plan) { conv::plan_of(plan).prepared = false; }

}  // namespace lth::cuda
