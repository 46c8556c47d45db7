#include <limits>

#include "tests/small_net.h"

using namespace lth;
using namespace lth::test;

namespace {

constexpr OptimizerKind kKinds[] = {OptimizerKind::adam, OptimizerKind::sgd};
constexpr float kHuge = 3e38f;

/// Weights, moments and running statistics: what a step that is left out must not change.
std::vector<float> kept_state(const Net& net) {
  std::vector<float> all;
  for (const auto& name : net.order) {
    for (Slot slot : {Slot::value, Slot::moment1, Slot::moment2}) {
      const std::vector<float> values = net.read(name, slot);
      all.insert(all.end(), values.begin(), values.end());
    }
  }
  for (const auto& [name, buffer] : net.buffers) {
    std::vector<float> values(buffer->size());
    buffer->read(values.data());
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Overwrites weights so that the forward pass overflows from the first layer on.
std::vector<float> overflow_stem(Net& net, float weight = kHuge) {
  Parameter& stem = *net.parameters.at("stem.weight");
  std::vector<float> sound = net.read("stem.weight", Slot::value);
  std::vector<float> huge(sound.size());
  for (size_t i = 0; i < huge.size(); ++i) huge[i] = i % 2 == 0 ? weight : -weight;
  stem.write(Slot::value, huge.data());
  return sound;
}

/// A step with a loss of NaN updates nothing, ends the run, and leaves a network that trains on.
void test_step_is_left_out(const std::shared_ptr<Backend>& backend) {
  for (OptimizerKind kind : kKinds) {
    for (float clip : {0.0f, 0.5f}) {
      Net net(backend);
      const OptimizerSettings settings{.kind = kind, .clip_norm = clip};
      const auto program = net.build({.optimizer = &settings});
      const std::vector<int32_t> batch = net_batch();
      StepInputs inputs{.records = batch, .learning_rate = 0.01f};
      CHECK(std::isfinite(program->run(inputs).loss));
      const std::vector<float> sound = overflow_stem(net);
      const std::vector<float> before = kept_state(net);
      inputs.optimizer_step = 2;
      const std::vector<ProgramStep> steps(3, ProgramStep{program.get(), inputs});
      std::vector<StepResult> results(3);
      const std::atomic<bool> cancelled{false};
      CHECK_EQ(run_steps(steps, results, cancelled), size_t(1));
      CHECK(!std::isfinite(results[0].loss));
      CHECK(!std::isfinite(results[0].gradient_norm));
      CHECK(kept_state(net) == before);
      net.parameters.at("stem.weight")->write(Slot::value, sound.data());
      CHECK_EQ(run_steps(steps, results, cancelled), size_t(3));
      for (const StepResult& result : results) CHECK(std::isfinite(result.loss));
    }
  }
}

/// After such a step the rest of a run is left out, steps too that would be finite: a device may have
/// queued them already.
void test_rest_is_left_out(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const OptimizerSettings settings{.kind = OptimizerKind::adam, .weight_decay = 0.1f};
  const auto program = net.build({.optimizer = &settings});
  const std::vector<int32_t> loud = net_batch();
  // A record of a single sample: the sum over the kernel stays finite, and so do its statistics.
  std::vector<int32_t> quiet(loud.size(), -1);
  quiet[0] = 4;
  const auto step = [&](const std::vector<int32_t>& records, int64_t number) {
    return ProgramStep{program.get(),
                       {.records = records, .learning_rate = 0.01f, .optimizer_step = number}};
  };
  const std::atomic<bool> cancelled{false};
  overflow_stem(net, 1e38f);
  const std::vector<float> before = kept_state(net);
  {
    const std::vector<ProgramStep> steps{step(loud, 1), step(quiet, 2), step(quiet, 3)};
    std::vector<StepResult> results(steps.size());
    CHECK_EQ(run_steps(steps, results, cancelled), size_t(1));
    CHECK(!std::isfinite(results[0].loss));
    CHECK(kept_state(net) == before);
  }
  std::vector<StepResult> results(1);
  CHECK_EQ(run_steps(std::vector{step(quiet, 1)}, results, cancelled), size_t(1));
  CHECK(std::isfinite(results[0].loss) && std::isfinite(results[0].gradient_norm));
  CHECK(kept_state(net) != before);
}

/// Evaluation says what it finds and goes on.
void test_evaluation_goes_on(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const auto program = net.build({.training = false, .backward = false});
  overflow_stem(net);
  const std::vector<int32_t> batch = net_batch();
  const std::vector<ProgramStep> steps(2, ProgramStep{program.get(), {.records = batch}});
  std::vector<StepResult> results(2);
  const std::atomic<bool> cancelled{false};
  CHECK_EQ(run_steps(steps, results, cancelled), size_t(2));
  CHECK(!std::isfinite(results[1].loss));
}

/// An infinite gradient alone, however few it is among.
void test_one_infinite_gradient(Backend& backend) {
  for (OptimizerKind kind : kKinds) {
    for (float bad : {std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN()}) {
      const std::vector<float> start = Random(1).floats(2000, -1, 1);
      std::vector<float> gradients = start;
      gradients[1234] = bad;
      Device<float> value(backend, start), gradient(backend, gradients), moment1(backend, start);
      Device<float> moment2(backend, std::vector<float>(start.size(), 0.5f));
      const ParameterView view{value.get(), gradient.get(), moment1.get(), moment2.get(),
                               start.size(), nullptr};
      Device<double> norm(backend, 1);
      backend.gradient_norm({{&view, 1}, norm.get()});
      CHECK(!std::isfinite(norm[0]));
      backend.optimizer_step({{&view, 1}, kind, 0.1f, 0.9f, 0.99f, 1e-8f, 0.1f, 1.0f, norm.get(),
                              1});
      CHECK(value.values() == start);
      CHECK(moment1.values() == start);
      CHECK(moment2.values() == std::vector<float>(start.size(), 0.5f));
    }
  }
}

}  // namespace

int main() {
  for (const Family& family : families()) {
    for (const Family::Member& member : family.members) {
      context = member.name;
      const std::shared_ptr<Backend> backend = member.make();
      test_step_is_left_out(backend);
      test_rest_is_left_out(backend);
      test_evaluation_goes_on(backend);
      test_one_infinite_gradient(*backend);
    }
  }
  context.clear();
  return finish();
}
