#include <algorithm>
#include <atomic>

#include "tests/small_net.h"

/// A training run on the GPU beside the CPU's, in every precision: the same loss curve, and the
/// same bits when it is continued elsewhere.

using namespace lth;
using namespace lth::test;

namespace {

#if LTH_CUDA_EMULATED  // a step takes a tenth of a second
constexpr int kSteps = 8, kTogether = 2;
#else
constexpr int kSteps = 36, kTogether = 9;
#endif
const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 1.0f};

struct Run {
  std::vector<double> losses;
  std::vector<float> state;
};

std::vector<int32_t> batch_of(int step) {
  std::vector<int32_t> batch = net_batch();
  std::rotate(batch.begin(), batch.begin() + step % 5, batch.end());
  return batch;
}

/// Steps [from, to), as a training run has them: several at a time, a pruning round in the middle.
void train(Net& net, Program& program, int from, int to, std::vector<double>& losses) {
  const std::atomic<bool> cancelled{false};
  for (int begin = from; begin < to; begin += kTogether) {
    if (begin == 2 * kTogether) {
      for (const char* name : {"block0.conv2.weight", "block1.conv1.weight"}) {
        Parameter& parameter = *net.parameters.at(name);
        std::vector<uint8_t> mask(parameter.size());
        parameter.read_mask(mask.data());
        for (size_t i = 0; i < mask.size(); ++i) mask[i] = mask[i] && i % 3 != 0;
        parameter.set_mask(mask.data());
      }
    }
    std::vector<std::vector<int32_t>> batches;
    for (int i = begin; i < begin + kTogether; ++i) batches.push_back(batch_of(i));
    std::vector<ProgramStep> steps;
    for (int i = begin; i < begin + kTogether; ++i) {
      steps.push_back({&program,
                       {.records = batches[size_t(i - begin)],
                        .learning_rate = 0.01f,
                        .optimizer_step = i + 1,
                        .stream = uint32_t(i)}});
    }
    std::vector<StepResult> results(steps.size());
    CHECK_EQ(run_steps(steps, results, cancelled), steps.size());
    for (const StepResult& result : results) losses.push_back(result.loss);
  }
}

Run run(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const auto program = net.build({.optimizer = &kAdam});
  Run result;
  train(net, *program, 0, kSteps, result.losses);
  result.state = net.state();
  return result;
}

/// The same, moved to another net (another process, in effect) after the first half.
Run interrupted_run(const std::shared_ptr<Backend>& backend) {
  constexpr Slot kSlots[] = {Slot::value, Slot::moment1, Slot::moment2};
  Net first(backend), second(backend);
  Run result;
  train(first, *first.build({.optimizer = &kAdam}), 0, kSteps / 2, result.losses);
  for (const std::string& name : first.order) {
    Parameter& target = *second.parameters.at(name);
    std::vector<uint8_t> mask(target.size());
    first.parameters.at(name)->read_mask(mask.data());
    target.set_mask(mask.data());
    for (Slot slot : kSlots) target.write(slot, first.read(name, slot).data());
  }
  for (const auto& [name, buffer] : first.buffers) {
    std::vector<float> values(buffer->size());
    buffer->read(values.data());
    second.buffers.at(name)->write(values.data());
  }
  train(second, *second.build({.optimizer = &kAdam}), kSteps / 2, kSteps, result.losses);
  result.state = second.state();
  return result;
}

void test_precision(const Run& cpu, Precision precision, const char* name, double tolerance) {
  const auto make = [&] { return std::shared_ptr<Backend>(make_cuda_backend({0, precision})); };
  const Run got = run(make());
  double worst = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double want = cpu.losses[size_t(i)], loss = got.losses[size_t(i)];
    context = std::string(name) + ", step " + std::to_string(i);
    CHECK_NEAR(loss, want, tolerance * want);
    worst = std::max(worst, std::fabs(loss - want) / want);
  }
  context = name;
  CHECK(got.losses.back() < 0.99 * got.losses.front());
  const Run continued = interrupted_run(make());
  CHECK(same_bits(got.losses, continued.losses));
  CHECK(same_bits(got.state, continued.state));
  std::printf("%s: loss %.4f to %.4f in %d steps (cpu %.4f to %.4f), worst step off by %.2g\n",
              name, got.losses.front(), got.losses.back(), kSteps, cpu.losses.front(),
              cpu.losses.back(), worst);
  context.clear();
}

/// What the backend does to be fast: weight gradients beside other ops change no bit; norms fused
/// into convolutions have sums of other parts, and no more than that.
void test_options() {
  const auto make = [](CudaOptions options) {
    options.precision = Precision::fp32;
    return std::shared_ptr<Backend>(make_cuda_backend(options));
  };
  const Run all = run(make({}));
  const Run in_turn = run(make({.overlap_wgrad = false}));
  CHECK(same_bits(all.losses, in_turn.losses));
  CHECK(same_bits(all.state, in_turn.state));
  const Run separate = run(make({.fuse_norms = false}));
  for (int i = 0; i < kSteps; ++i) {
    CHECK_NEAR(separate.losses[size_t(i)], all.losses[size_t(i)], 1e-4 * all.losses[size_t(i)]);
  }
}

}  // namespace

int main() {
  if (cuda_families().empty()) {
    CHECK(true && "nothing to compare: there is no CUDA here");
    return finish();
  }
  const Run cpu = run(make_cpu_backend({.threads = 2}));
  // Rounding differences grow from step to step; how fast is a property of the net, not of a bug.
  // A wrong gradient, mask or statistic is off by far more within a few steps.
  test_precision(cpu, Precision::fp32, "fp32", 1e-3);
  test_precision(cpu, Precision::tf32, "tf32", 0.02);
  test_precision(cpu, Precision::bf16, "bf16", 0.1);
  test_options();
  return finish();
}
