#include "lth/isa.h"
#include "tests/small_net.h"

/// Results of norms that are not kept: convolutions compute them from the norm's input, or the backward
/// pass computes them again. The same bits in less memory. Before each step the arena is filled with
/// NaN, so that a value whose place was given away too early shows.

using namespace lth;
using namespace lth::test;

namespace {

const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 0.5f};

int count_recomputed(const Program& program) {
  int count = 0;
  for (const OpProfile& op : program.profile()) count += op.op == "norm_recompute";
  return count;
}

/// Of the net's five norms, three have results of 11,904 bytes and two of 10,240, halos left out. One
/// of the larger has dropout and another is read by a shortcut, so neither is folded; of the smaller
/// one has dropout.
void test_same_bits(Isa isa, Precision precision) {
  context = std::string(isa_text(isa)) + (precision == Precision::bf16 ? ", bf16" : "");
  constexpr size_t kSome = 11904;
  struct Case {
    size_t folded_bytes, recomputed_bytes;
    int recomputed;
  };
  SameBits same;
  size_t all_kept = 0;  // bytes of the arena
  for (const Case& k : {Case{SIZE_MAX, SIZE_MAX, 0}, Case{SIZE_MAX, kSome, 3}, Case{SIZE_MAX, 0, 5},
                        Case{kSome, SIZE_MAX, 0}, Case{0, SIZE_MAX, 0}, Case{0, kSome, 2},
                        Case{0, 0, 3}}) {
    const std::shared_ptr<Backend> backend =
        make_cpu_backend({.threads = 2,
                          .isa = isa,
                          .precision = precision,
                          .folded_norm_bytes = k.folded_bytes,
                          .recomputed_norm_bytes = k.recomputed_bytes});
    Net net(backend);
    const auto program = net.build({.optimizer = &kAdam});
    CHECK_EQ(count_recomputed(*program), k.recomputed);
    const bool keeps_all = k.folded_bytes == SIZE_MAX && k.recomputed_bytes == SIZE_MAX;
    if (keeps_all) all_kept = program->arena_bytes();
    CHECK_EQ(program->arena_bytes() < all_kept, !keeps_all);
    // Outputs stay in memory anyway.
    const auto separate = net.build({.keep_all = true, .optimizer = &kAdam});
    CHECK_EQ(count_recomputed(*separate), 0);
    const auto evaluation = net.build({.training = false, .backward = false});
    for (Program* each : {program.get(), separate.get()}) {
      const std::vector<uint8_t> dense(net.parameters.at("block1.conv1.weight")->size(), 1);
      net.parameters.at("block1.conv1.weight")->set_mask(dense.data());
      net.reset();
      same.check("results", train(net, *each, true));
      same.check("state", net.state());  // running statistics too: they move once a step
    }
    evaluation->run({.records = net_batch()});
    std::vector<float> logits(size_t(kNetRecords) * kNetClasses * ((kNetLength + 1) / 2));
    evaluation->read_value(net.logits, logits);
    same.check("logits", logits);
  }
  context.clear();
}

}  // namespace

int main() {
  for (Isa isa : machine_isas()) test_same_bits(isa, Precision::fp32);
  const Isa widest = resolve_isa(Isa::automatic);
  if (precision_refusal(widest, Precision::bf16).empty()) test_same_bits(widest, Precision::bf16);
  return finish();
}
