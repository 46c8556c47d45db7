#include <algorithm>
#include <limits>

#include "tests/small_net.h"

using namespace lth;
using namespace lth::test;

namespace {

const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 0.5f};

/// One result for any number of threads, any arena contents and any memory plan.
void test_determinism() {
  for (const Family& family : families()) {
    SameBits same;
    for (const Family::Member& member : family.members) {
      context = member.name;
      const std::shared_ptr<Backend> backend = member.make();
      Net net(backend);
      const auto planned = net.build({.optimizer = &kAdam});
      const auto separate = net.build({.keep_all = true, .optimizer = &kAdam});
      CHECK(planned->arena_bytes() < separate->arena_bytes());
      for (const auto& [program, poisoned] :
           {std::pair(planned.get(), false), std::pair(planned.get(), true),
            std::pair(separate.get(), true)}) {
        const std::vector<uint8_t> dense(net.parameters.at("block1.conv1.weight")->size(), 1);
        net.parameters.at("block1.conv1.weight")->set_mask(dense.data());
        net.reset();
        same.check("results", train(net, *program, poisoned));
        same.check("state", net.state());
      }
    }
  }
  context.clear();
}

/// A mask set between two replays holds from the next on, in all four arrays.
void test_pruning_between_replays() {
  for_each_backend([](const std::shared_ptr<Backend>& backend, int) {
    Net net(backend);
    const auto program = net.build({.optimizer = &kAdam});
    const std::vector<int32_t> batch = net_batch();
    program->run({.records = batch, .learning_rate = 0.01f});
    const char* names[] = {"block1.conv1.weight", "block0.conv2.weight", "head.weight"};
    for (const char* name : names) prune(*net.parameters.at(name));
    for (int step = 2; step < 4; ++step) {
      program->run({.records = batch, .learning_rate = 0.01f, .optimizer_step = step});
    }
    for (const char* name : names) {
      const Parameter& parameter = *net.parameters.at(name);
      std::vector<uint8_t> mask(parameter.size());
      parameter.read_mask(mask.data());
      for (Slot slot : {Slot::value, Slot::gradient, Slot::moment1, Slot::moment2}) {
        const std::vector<float> values = net.read(name, slot);
        for (size_t i = 0; i < mask.size(); ++i) CHECK((values[i] != 0) == (mask[i] == 1));
      }
    }
  });
}

void test_training_reduces_the_loss(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const OptimizerSettings adam{};
  const auto program = net.build({.optimizer = &adam});
  const std::vector<int32_t> batch = net_batch();
  double first = 0, last = 0;
  for (int step = 1; step <= 60; ++step) {
    const StepResult result =
        program->run({.records = batch, .learning_rate = 0.02f, .optimizer_step = step});
    if (step == 1) first = result.loss;
    last = result.loss;
    CHECK(result.gradient_norm > 0);  // also where nothing clips
  }
  CHECK(last < 0.6 * first);
}

void test_optimizer_in_a_program(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const OptimizerSettings sgd{.kind = OptimizerKind::sgd, .beta1 = 0, .clip_norm = 0.05f};
  const auto program = net.build({.optimizer = &sgd});
  std::map<std::string, std::vector<float>> before;
  for (const auto& name : net.order) before[name] = net.read(name, Slot::value);
  const std::vector<int32_t> batch = net_batch();
  const StepResult result = program->run({.records = batch, .learning_rate = 0.5f});
  double squares = 0;
  for (const auto& name : net.order) {
    for (float g : net.read(name, Slot::gradient)) squares += double(g) * double(g);
  }
  CHECK_NEAR(result.gradient_norm, std::sqrt(squares), 1e-6 * std::sqrt(squares));
  CHECK(result.gradient_norm > 0.05);
  for (const auto& name : net.order) {
    const std::vector<float> after = net.read(name, Slot::value);
    const std::vector<float> gradient = net.read(name, Slot::gradient);
    for (size_t i = 0; i < after.size(); ++i) {
      const double want = double(before[name][i]) -
                          0.5 * double(gradient[i]) * 0.05 / result.gradient_norm;
      CHECK_NEAR(after[i], want, kTolerance * (std::fabs(want) + 0.05));
    }
  }
}

/// An op may overwrite an operand only where nobody reads that again.
void test_operands_survive(const std::shared_ptr<Backend>& backend) {
  const auto parameter = [&] { return std::make_shared<Parameter>(*backend, std::vector<int>{2}); };
  const auto buffer = [&] { return std::make_shared<Buffer>(*backend, 2); };
  ProgramBuilder::Norm settings{parameter(), parameter(), buffer(), buffer()};
  for (bool read_again : {false, true}) {
    ProgramBuilder builder(backend, 3, 10, 0);
    const Value x = builder.input(2, 10), g = builder.input(2, 10);
    const Value copy = builder.shortcut(x, 1, 2), dy = builder.shortcut(g, 1, 2);
    settings.training = true;
    const Value y = builder.norm(x, settings);
    const Value dx = builder.backward(y, dy, {.inputs = {x}})[0];
    settings.training = false;
    const Value z = builder.norm(copy, settings);
    builder.output(dx);
    builder.output(z);
    Value copy_again = x, dy_again = g;
    if (read_again) {
      copy_again = builder.shortcut(copy, 1, 2);
      dy_again = builder.shortcut(dy, 1, 2);
    }
    builder.output(copy_again);
    builder.output(dy_again);
    const auto program = builder.build();
    // Two inputs and y, and an operand and its result in one place each, or in two.
    const size_t one = backend->activation_bytes({3, 2, 10, 0});
    CHECK(program->arena_bytes() <= (read_again ? 8 : 5) * one);
    CHECK(program->arena_bytes() >= (read_again ? 6 : 4) * one);
    const std::vector<float> host = Random(1).floats(60, -1, 1), host_g(60, 0.5f);
    program->write_value(x, host, {}, {});
    program->write_value(g, host_g, {}, {});
    program->run({});
    std::vector<float> got(60);
    program->read_value(copy_again, got);
    CHECK(got == host);
    program->read_value(dy_again, got);
    CHECK(got == host_g);
  }
}

/// The gradients of a convolution's weights, with and without that of its input.
void test_input_gradient() {
  for_each_backend([](const std::shared_ptr<Backend>& backend, int) {
    Random random(6);
    const auto weight = std::make_shared<Parameter>(*backend, std::vector<int>{4, 3, 5});
    const auto bias = std::make_shared<Parameter>(*backend, std::vector<int>{4});
    weight->write(Slot::value, random.floats(60, -1, 1).data());
    const std::vector<float> host_x = random.floats(2 * 3 * 20, -1, 1);
    const std::vector<float> host_dy = random.floats(2 * 4 * 20, -1, 1);
    std::vector<std::vector<float>> results;
    for (bool with_input : {false, true}) {
      ProgramBuilder builder(backend, 2, 20, 0);
      const Value x = builder.input(3, 20), dy = builder.input(4, 20);
      const Value y = builder.conv1d(x, weight, bias, 1, -1);
      std::vector<Value> wanted;
      if (with_input) wanted.push_back(x);
      const std::vector<Value> gradients = builder.backward(y, dy, {.inputs = wanted});
      CHECK_EQ(gradients.size(), wanted.size());
      for (Value gradient : gradients) builder.output(gradient);
      const auto program = builder.build();
      int dgrads = 0;
      for (const OpProfile& op : program->profile()) dgrads += op.op == "conv1d_dgrad";
      CHECK_EQ(dgrads, with_input ? 1 : 0);
      poison(*backend);
      program->write_value(x, host_x, std::vector<int32_t>{20, 11}, {});
      program->write_value(dy, host_dy, std::vector<int32_t>{20, 11}, {});
      program->run({});
      results.emplace_back(weight->size());
      weight->read(Slot::gradient, results.back().data());
      CHECK_EQ(program->value_shape(dy).halo, 5);
    }
    CHECK(same_bits(results[0], results[1]));
  });
}

/// Evaluation: what else is in the batch does not change a record's logits.
void test_batch_independence() {
  for_each_backend([](const std::shared_ptr<Backend>& backend, int) {
    Net net(backend);
    prune(*net.parameters.at("block0.conv2.weight"));
    const auto program = net.build({.training = false, .backward = false});
    const ActivationShape shape = program->value_shape(net.logits);
    const size_t row = size_t(shape.channels) * size_t(shape.length);
    std::vector<float> together(size_t(shape.records) * row), alone(together.size());
    const std::vector<int32_t> batch = net_batch();
    // The sign flips depend on the slot, so a record keeps its slot.
    program->run({.records = batch});
    program->read_value(net.logits, together);
    for (size_t n = 0; n < batch.size(); ++n) {
      std::vector<int32_t> single(batch.size(), -1);
      single[n] = batch[n];
      program->run({.records = single});
      program->read_value(net.logits, alone);
      CHECK(std::equal(alone.begin() + std::ptrdiff_t(n * row),
                       alone.begin() + std::ptrdiff_t((n + 1) * row),
                       together.begin() + std::ptrdiff_t(n * row)));
    }
  });
}

void test_inputs(const std::shared_ptr<Backend>& backend) {
  ProgramBuilder builder(backend, 2, 5, 0);
  const Value x = builder.input(1, 5);
  const Value y = builder.shortcut(x, 2, 2);
  builder.output(y);
  builder.cross_entropy(y);
  const auto program = builder.build();
  CHECK_EQ(program->records(), 2);
  CHECK_EQ(program->length(), 5);
  CHECK((program->value_shape(y) == ActivationShape{2, 2, 3, 0}));
  CHECK_THROWS(state, "have not been written", program->run({}));
  std::vector<float> got(12);
  CHECK_THROWS(state, "are gone", program->read_value(y, got));
  program->write_value(x, std::vector<float>{-3, -1, -2, -5, -4, 9, 8, 7, 6, 5},
                       std::vector<int32_t>{5, 1}, std::vector<int32_t>{1, 0});
  StepResult result = program->run({});
  program->read_value(y, got);
  CHECK(got == std::vector<float>({-1, -2, -4, 0, 0, 0, 9, 0, 0, 0, 0, 0}));
  CHECK_EQ(result.valid, 4.0);
  CHECK_EQ(result.correct, 4.0);
  program->run({});  // the input holds for all replays
  program->read_value(y, got);
  CHECK_EQ(got[6], 9.0f);
  std::vector<float> input(10);
  program->read_value(x, input);
  CHECK(input == std::vector<float>({-3, -1, -2, -5, -4, 9, 0, 0, 0, 0}));
  // Lengths default to L, labels stay.
  program->write_value(x, std::vector<float>(10, 2.0f), {}, {});
  result = program->run({});
  CHECK_EQ(result.valid, 6.0);
  CHECK_EQ(result.correct, 3.0);
}

/// Programs share the arena, and say so when their values are gone.
void test_sharing(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  const auto training = net.build({});
  const Value training_logits = net.logits;
  const auto evaluation = net.build({.training = false, .backward = false});
  CHECK(evaluation->arena_bytes() < training->arena_bytes());
  CHECK_EQ(DeviceArena::of(*backend)->capacity(), training->arena_bytes());
  std::vector<float> logits(size_t(kNetRecords) * kNetClasses * 16);
  const std::vector<int32_t> batch = net_batch();
  training->run({.records = batch});
  training->read_value(training_logits, logits);
  evaluation->run({.records = batch});
  evaluation->read_value(net.logits, logits);
  CHECK_THROWS(state, "are gone", training->read_value(training_logits, logits));
  CHECK_THROWS(type, "belongs to another", evaluation->read_value(training_logits, logits));
  training->run({.records = batch});
  training->read_value(training_logits, logits);

  // A larger program moves the arena.
  ProgramBuilder builder(backend, kNetRecords, 100 * kNetLength, 0);
  builder.shortcut(builder.input(8, 100 * kNetLength), 1, 8);
  const auto larger = builder.build();
  CHECK(larger->arena_bytes() > training->arena_bytes());
  CHECK_THROWS(state, "are gone", training->read_value(training_logits, logits));
  training->run({.records = batch});
  std::vector<float> again(logits.size());
  training->read_value(training_logits, again);
  CHECK(again == logits);
}

void test_profile(const std::shared_ptr<Backend>& backend) {
  Net net(backend);
  prune(*net.parameters.at("block1.conv1.weight"));
  const auto program = net.build({.optimizer = &kAdam});
  const std::vector<int32_t> batch = net_batch();
  program->reset_profile();
  program->run({.records = batch, .learning_rate = 0.1f});
  int found = 0, lengths = 0;
  for (const OpProfile& op : program->profile()) {
    CHECK(op.seconds > 0);
    lengths += op.op == "derive_lengths";
    if (op.op != "conv1d_forward" && op.op != "conv1d_dgrad" && op.op != "conv1d_wgrad") {
      CHECK_EQ(op.flops, 0.0);
      continue;
    }
    CHECK(!op.detail.empty());
    if (op.label != "block1.conv1") continue;
    ++found;
    const double kept = double(net.parameters.at("block1.conv1.weight")->kept());
    CHECK_EQ(op.flops, 2 * kept * kNetRecords * 16);
    CHECK_EQ(op.dense_flops, 2.0 * 60 * kNetRecords * 16);
  }
  CHECK_EQ(found, 3);
  CHECK_EQ(lengths, 1);  // both strided ops share one table
  program->reset_profile();
  for (const OpProfile& op : program->profile()) CHECK_EQ(op.seconds, 0.0);
  if (!backend->times_convolutions()) CHECK(program->choose_kernels().empty());
}

/// Steps run together give the bits of steps run one by one.
void test_steps_together(const std::shared_ptr<Backend>& backend) {
  std::vector<std::vector<double>> results;
  std::vector<std::vector<float>> states;
  for (bool together : {false, true}) {
    Net net(backend);
    const auto training = net.build({.optimizer = &kAdam});
    const auto evaluation = net.build({.training = false, .backward = false});
    const std::vector<int32_t> batch = net_batch(), empty(kNetRecords, -1);
    std::vector<int32_t> other = batch;
    std::reverse(other.begin(), other.end());
    std::vector<ProgramStep> steps;
    for (uint32_t i = 0; i < 9; ++i) {
      const std::vector<int32_t>& records = i % 4 == 3 ? other : batch;
      steps.push_back({i % 3 == 2 ? evaluation.get() : training.get(),
                       {.records = i == 5 ? empty : records,
                        .learning_rate = 0.01f / float(i + 1),
                        .optimizer_step = i + 1,
                        .stream = 7 * i}});
    }
    std::vector<StepResult> got(steps.size());
    const std::atomic<bool> cancelled{false};
    if (together) {
      CHECK_EQ(run_steps(steps, got, cancelled), steps.size());
    } else {
      for (size_t i = 0; i < steps.size(); ++i) got[i] = steps[i].program->run(steps[i].inputs);
    }
    results.emplace_back();
    for (const StepResult& r : got) {
      results.back().insert(results.back().end(), {r.loss, r.valid, r.correct, r.gradient_norm});
    }
    states.push_back(net.state());
  }
  CHECK(same_bits(results[0], results[1]));
  CHECK(same_bits(states[0], states[1]));
  CHECK(results[0][0] != results[0][4]);
}

/// More steps than a device keeps in line at a time; none once cancelled.
void test_many_steps(const std::shared_ptr<Backend>& backend) {
  ProgramBuilder builder(backend, 1, 4, 0);
  const Value x = builder.input(2, 4);
  builder.cross_entropy(x);
  const auto program = builder.build();
  program->write_value(x, std::vector<float>{1, 2, 3, 4, 0, 0, 9, 9}, {}, std::vector<int32_t>{1});
  const std::vector<ProgramStep> steps(600, ProgramStep{program.get(), {}});
  std::vector<StepResult> results(steps.size());
  std::atomic<bool> cancelled{true};
  run_steps(steps, results, cancelled);
  CHECK_EQ(results[0].valid, 0.0);
  cancelled = false;
  CHECK_EQ(run_steps(steps, results, cancelled), size_t(600));
  for (const StepResult& result : results) {
    CHECK_EQ(result.valid, 4.0);
    CHECK_EQ(result.correct, 2.0);
    CHECK(result.loss == results[0].loss && result.loss > 0);
  }
}

/// A program that does not fit says what it needs.
void test_out_of_memory(const std::shared_ptr<Backend>& backend) {
  ProgramBuilder builder(backend, 1 << 16, 1 << 20, 0);
  builder.shortcut(builder.input(64, 1 << 20), 2, 64);
  CHECK_THROWS(state, "Cannot build this program: its activations need", builder.build());
}

/// Programs keep what they use alive, and the backend outlives them all.
void test_lifetime() {
  for (const Family& family : families()) {
    std::unique_ptr<Program> program;
    {
      Net net(family.members[0].make());
      program = net.build({});
    }
    const std::vector<int32_t> batch = net_batch();
    // Of a backend that captures: run, captured, replayed.
    for (int i = 0; i < 3; ++i) CHECK(program->run({.records = batch}).loss > 0);
  }
}

}  // namespace

int main() {
  test_determinism();
  test_pruning_between_replays();
  for_each_kind(test_training_reduces_the_loss);
  for_each_kind(test_optimizer_in_a_program);
  for_each_kind(test_operands_survive);
  test_input_gradient();
  test_batch_independence();
  for_each_kind(test_inputs);
  for_each_kind(test_sharing);
  for_each_kind(test_profile);
  for_each_kind(test_steps_together);
  for_each_kind(test_many_steps);
  for_each_kind(test_out_of_memory);
  test_lifetime();
  return finish();
}
