#include "bench/full_network.h"
#include "cuda/device.h"
#include "tests/fixtures.h"

/// The nodes of a captured step of the full-depth network. A node that depends on the one before
/// costs a GPU more than a microsecond whatever it does, so none may be added unnoticed. Numbers are
/// of the emulated device: how contractions are split depends on the number of multiprocessors.

using namespace lth;
using namespace lth::test;

namespace {

size_t nodes_of_step(const std::shared_ptr<Backend>& backend, double density, bool training) {
  bench::FullNetwork network(
      backend, {.records = 2, .length = 256, .density = density, .filters = 2, .kernel = 4});
  const auto program = training ? network.training() : network.evaluation();
  program->run(network.inputs(1));  // op by op
  program->run(network.inputs(2));
  return cuda::nodes_captured();
}

void check_most(const std::string& what, size_t nodes, size_t most) {
  std::printf("%s: %zu nodes\n", what.c_str(), nodes);
  context = what;
  CHECK(nodes > 0 && nodes <= most);
  context.clear();
}

}  // namespace

int main() {
  for (const Family& family : cuda_families()) {
    (void)family;
    for (const Precision precision : {Precision::tf32, Precision::bf16}) {
      const auto make = [&] {
        return std::shared_ptr<Backend>(make_cuda_backend({.precision = precision}));
      };
      check_most("dense", nodes_of_step(make(), 1, true), 283);
      check_most("a half of the weights", nodes_of_step(make(), 0.5, true), 285);
      check_most("evaluation", nodes_of_step(make(), 1, false), 97);
    }
  }
  return finish();
}
