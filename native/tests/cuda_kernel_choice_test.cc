#include <map>

#include "tests/small_net.h"

/// Kernels that differ in the last bits of their results: those found by timing are set and shown,
/// and a run on the record of them repeats the bits.

using namespace lth;
using namespace lth::test;

namespace {

using Kernels = std::map<std::string, std::string>;

const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 1.0f};
const char* const kPruned[] = {"block0.conv2.weight", "block1.conv1.weight"};

/// What no threshold chooses and no timing need find.
const Kernels kOdd = {{"stem", "forward=tf32 dgrad=simt wgrad=tf32"},
                      {"block0.conv1", "forward=simt dgrad=tf32 wgrad=simt"},
                      {"block0.conv2", "forward=sparse dgrad=tf32 wgrad=simt"},
                      {"block1.conv1", "forward=simt dgrad=sparse wgrad=tf32"},
                      {"block1.conv2", "forward=simt dgrad=simt wgrad=simt"},
                      {"head", "forward=simt dgrad=simt wgrad=tf32"}};

std::shared_ptr<Backend> make() { return make_cuda_backend({0, Precision::tf32}); }

void prune(Net& net) {
  for (const char* name : kPruned) {
    Parameter& parameter = *net.parameters.at(name);
    std::vector<uint8_t> mask(parameter.size());
    for (size_t i = 0; i < mask.size(); ++i) mask[i] = i % 3 != 0;
    parameter.set_mask(mask.data());
  }
}

Parameter& weight_of(Net& net, const std::string& label) {
  return *net.parameters.at(label + ".weight");
}

void set(Net& net, const Kernels& kernels) {
  for (const auto& [label, text] : kernels) weight_of(net, label).set_kernels(text);
}

/// As the profile of each pass shows them.
Kernels kernels_of(const Program& program) {
  Kernels kernels;
  for (const OpProfile& op : program.profile()) {
    if (!op.detail.empty()) CHECK_EQ(kernels.emplace(op.label, op.detail).first->second, op.detail);
  }
  return kernels;
}

/// Steps [from, to) one by one: the first runs op by op, the next is captured, others replay that.
void train(Program& program, int from, int to) {
  const std::vector<int32_t> batch = net_batch();
  for (int i = from; i < to; ++i) {
    program.run({.records = batch,
                 .learning_rate = 0.01f,
                 .optimizer_step = i + 1,
                 .stream = uint32_t(i)});
  }
}

/// A pruned net like `source`, as a checkpoint would bring it back.
std::unique_ptr<Net> copy_of(const Net& source) {
  auto net = std::make_unique<Net>(make());
  prune(*net);
  for (const std::string& name : source.order) {
    for (Slot slot : {Slot::value, Slot::moment1, Slot::moment2}) {
      net->parameters.at(name)->write(slot, source.read(name, slot).data());
    }
  }
  for (const auto& [name, buffer] : source.buffers) {
    std::vector<float> values(buffer->size());
    buffer->read(values.data());
    net->buffers.at(name)->write(values.data());
  }
  return net;
}

void test_timed() {
  Net net(make());
  prune(net);
  const auto program = net.build({.optimizer = &kAdam});
  Kernels chosen;
  for (const auto& [label, kernels] : program->choose_kernels()) chosen.emplace(label, kernels);
  CHECK_EQ(chosen.size(), kOdd.size());
  CHECK(kernels_of(*program) == chosen);
  // Another program over the same weights runs on them too.
  const auto evaluation = net.build({.training = false, .backward = false});
  CHECK(kernels_of(*evaluation) == chosen);
  train(*program, 0, 3);

  Net again(make());
  prune(again);
  set(again, chosen);
  train(*again.build({.optimizer = &kAdam}), 0, 3);
  CHECK(same_bits(again.state(), net.state()));
}

/// Steps captured before the kernels were set are not replayed after it.
void test_recorded() {
  Net net(make());
  prune(net);
  const auto program = net.build({.optimizer = &kAdam});
  const Kernels usual = kernels_of(*program);
  train(*program, 0, 3);
  const auto same = copy_of(net), other = copy_of(net);
  set(net, kOdd);
  CHECK(kernels_of(*program) == kOdd);
  train(*program, 3, 6);

  set(*same, kOdd);
  train(*same->build({.optimizer = &kAdam}), 3, 6);
  CHECK(same_bits(same->state(), net.state()));
  train(*other->build({.optimizer = &kAdam}), 3, 6);
  CHECK(!same_bits(other->state(), net.state()));

  // A pruning round forgets them.
  prune(net);
  Kernels partly = kOdd;
  for (const char* label : {"block0.conv2", "block1.conv1"}) partly[label] = usual.at(label);
  CHECK(kernels_of(*program) == partly);
}

void test_refusals() {
  Net net(make());
  prune(net);
  set(net, kOdd);
  Parameter& dense = weight_of(net, "stem");
  const uint64_t generation = dense.generation();
  CHECK_THROWS(range, "got \"\"", dense.set_kernels(""));
  CHECK_THROWS(range, "got \"forward=fast\"", dense.set_kernels("forward=fast"));
  CHECK_THROWS(range, "need another precision than tf32",
               dense.set_kernels("forward=bf16 dgrad=simt wgrad=simt"));
  CHECK_THROWS(range, "are for a pruned layer",
               dense.set_kernels("forward=sparse dgrad=simt wgrad=simt"));
  CHECK_THROWS(range, "Only a weight [Cout, Cin, K] has kernels, got one of shape [3]",
               net.parameters.at("stem.bias")->set_kernels(kOdd.at("stem")));
  CHECK_EQ(dense.generation(), generation);
  CHECK(kernels_of(*net.build({.optimizer = &kAdam})) == kOdd);
}

}  // namespace

int main() {
  if (cuda_families().empty()) {
    CHECK(true && "nothing to choose: there is no CUDA here");
    return finish();
  }
  test_timed();
  test_recorded();
  test_refusals();
  return finish();
}
