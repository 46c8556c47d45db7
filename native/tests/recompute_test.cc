#include "tests/small_net.h"

/// Results of norms that the backward pass computes again: the same bits in less memory. Before each
/// step the arena is filled with NaN, so that a value whose place was given away too early shows.

using namespace lth;
using namespace lth::test;

namespace {

const OptimizerSettings kAdam{.kind = OptimizerKind::adam, .clip_norm = 0.5f};

int count_recomputed(const Program& program) {
  int count = 0;
  for (const OpProfile& op : program.profile()) count += op.op == "norm_recompute";
  return count;
}

/// Of the net's five norms, three have results of 11,904 bytes and two of 10,240, halos left out.
void test_same_bits(Isa isa) {
  context = isa_text(isa);
  SameBits same;
  size_t all_kept = 0;  // bytes of the arena
  for (const auto& [least, norms] :
       {std::pair(SIZE_MAX, 0), std::pair(size_t(11904), 3), std::pair(size_t(0), 5)}) {
    const std::shared_ptr<Backend> backend =
        make_cpu_backend({.threads = 2, .isa = isa, .recomputed_norm_bytes = least});
    Net net(backend);
    const auto program = net.build({.optimizer = &kAdam});
    CHECK_EQ(count_recomputed(*program), norms);
    if (norms == 0) all_kept = program->arena_bytes();
    CHECK_EQ(program->arena_bytes() < all_kept, norms > 0);
    // Outputs stay in memory anyway.
    const auto separate = net.build({.keep_all = true, .optimizer = &kAdam});
    CHECK_EQ(count_recomputed(*separate), 0);
    for (Program* each : {program.get(), separate.get()}) {
      const std::vector<uint8_t> dense(net.parameters.at("block1.conv1.weight")->size(), 1);
      net.parameters.at("block1.conv1.weight")->set_mask(dense.data());
      net.reset();
      same.check("results", train(net, *each, true));
      same.check("state", net.state());  // running statistics too: they move once a step
    }
  }
  context.clear();
}

}  // namespace

int main() {
  for (Isa isa : machine_isas()) test_same_bits(isa);
  return finish();
}
