// Precision on the CPU: what is refused, and training whose convolutions multiply in bf16.

#include <cmath>
#include <cstdio>

#include "lth/isa.h"
#include "tests/small_net.h"

using namespace lth;
using namespace lth::test;

namespace {

const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 0.5f};

bool has_bf16(Isa isa) {
  try {
    return precision_refusal(resolve_isa(isa), Precision::bf16).empty();
  } catch (const Error&) {
    return false;  // not even the instruction set
  }
}

void test_refusals() {
  CHECK_THROWS(state, "Precision tf32 is not available on the CPU",
               make_cpu_backend({.precision = Precision::tf32}));
  CHECK_THROWS(state, "use precision fp32",
               make_cpu_backend({.isa = Isa::portable, .precision = Precision::bf16}));
  for (Isa isa : machine_isas()) {
    context = isa_text(isa);
    CHECK_EQ(precision_refusal(isa, Precision::fp32), std::string());
    CHECK(!precision_refusal(isa, Precision::tf32).empty());
    if (isa != Isa::avx512) CHECK(!precision_refusal(isa, Precision::bf16).empty());
    const auto fp32 = make_cpu_backend({.threads = 1, .isa = isa});
    CHECK(fp32->description().find("bf16") == std::string::npos);
  }
  context.clear();
  const std::string listed = list_backends()[0].detail;
  CHECK((listed.find("(fp32, bf16)") != std::string::npos) == has_bf16(Isa::automatic));
}

struct Training {
  std::vector<double> losses;
  std::vector<float> state;
  std::vector<std::string> kernels;
};

/// Steps on one batch; before the last ten, a tensor is pruned to `density`.
Training train(Precision precision, int threads, int steps, double density = 1) {
  const std::shared_ptr<Backend> backend =
      make_cpu_backend({.threads = threads, .precision = precision});
  Net net(backend);
  const auto program = net.build({.optimizer = &kAdam});
  const std::vector<int32_t> batch = net_batch();
  Training result;
  Parameter& pruned = *net.parameters.at("block1.conv1.weight");
  for (int step = 1; step <= steps; ++step) {
    if (density < 1 && step == steps - 9) {
      Random random(9);
      std::vector<uint8_t> mask(pruned.size());
      for (uint8_t& kept : mask) kept = random.uniform() < density;
      pruned.set_mask(mask.data());
    }
    const StepResult r = program->run(
        {.records = batch, .learning_rate = 0.01f, .optimizer_step = step,
         .stream = uint32_t(step)});
    result.losses.push_back(r.loss);
  }
  std::vector<uint8_t> mask(pruned.size());
  pruned.read_mask(mask.data());
  for (Slot slot : {Slot::value, Slot::gradient, Slot::moment1, Slot::moment2}) {
    const std::vector<float> values = net.read("block1.conv1.weight", slot);
    for (size_t i = 0; i < mask.size(); ++i) CHECK((values[i] != 0) == (mask[i] == 1));
  }
  result.state = net.state();
  for (const OpProfile& op : program->profile()) {
    if (op.label == "block1.conv1" && !op.detail.empty()) result.kernels.push_back(op.detail);
  }
  return result;
}

/// The same bits for any number of threads, near fp32's results and not those; pruned weights stay
/// 0.
void test_training() {
  for (double density : {1.0, 0.6, 0.2}) {
    context = "density " + std::to_string(density);
    const Training fp32 = train(Precision::fp32, 2, 40, density);
    SameBits same;
    Training bf16;
    for (int threads : kThreadCounts) {
      bf16 = train(Precision::bf16, threads, 40, density);
      same.check("losses", bf16.losses);
      same.check("state", bf16.state);
    }
    CHECK(!bf16.kernels.empty());
    for (const std::string& kernels : bf16.kernels) {
      CHECK((kernels.find("dense-bf16") != std::string::npos) == (density > 0.5));
    }
    CHECK(!same_bits(bf16.losses, fp32.losses));
    CHECK(bf16.losses.back() < 0.8 * bf16.losses.front());
    // The first loss has rounding alone between it and fp32's; later ones have training too.
    CHECK_NEAR(bf16.losses[0], fp32.losses[0], 0.02 * fp32.losses[0]);
    for (size_t i = 0; i < fp32.losses.size(); ++i) {
      CHECK_NEAR(bf16.losses[i], fp32.losses[i], 0.1 * fp32.losses[0]);
    }
  }
  context.clear();
}

}  // namespace

int main() {
  test_refusals();
  if (has_bf16(Isa::automatic)) {
    test_training();
  } else {
    std::printf("bf16 is not tested: %s\n",
                precision_refusal(Isa::avx512, Precision::bf16).c_str());
  }
  return finish();
}
