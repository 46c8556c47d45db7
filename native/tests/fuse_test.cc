#include "tests/small_net.h"

/// Which norms a backend that fuses them folds into its convolutions; that this shows in no bit of
/// a result is in program_test.cc.

using namespace lth;
using namespace lth::test;

namespace {

const OptimizerSettings kAdam{.kind = OptimizerKind::adam};

size_t arena_bytes(const std::shared_ptr<Backend>& backend, bool keep_all) {
  Net net(backend);
  return net.build({.keep_all = keep_all, .optimizer = &kAdam})->arena_bytes();
}

/// Results of folded norms take no memory; of one that is an output they must.
void test_memory(const std::shared_ptr<Backend>& fusing) {
  const std::shared_ptr<Backend> plain = make_cpu_backend(
      {.threads = 1, .folded_norm_bytes = SIZE_MAX, .recomputed_norm_bytes = SIZE_MAX});
  CHECK(arena_bytes(fusing, false) < arena_bytes(plain, false));
  CHECK_EQ(arena_bytes(fusing, true), arena_bytes(plain, true));
}

/// conv - norm - conv; the norm's result may be read elsewhere too.
struct Chain {
  Value norm;
  std::unique_ptr<Program> program;

  enum class Reader { convolution, shortcut, residual };
  Chain(const std::shared_ptr<Backend>& backend, Reader reader, bool planned_first) {
    const auto parameter = [&](std::vector<int> shape) {
      const auto p = std::make_shared<Parameter>(*backend, std::move(shape));
      const std::vector<float> values(p->size(), 0.25f);
      p->write(Slot::value, values.data());
      return p;
    };
    const auto buffer = [&](float value) {
      const auto b = std::make_shared<Buffer>(*backend, 2);
      const std::vector<float> values(2, value);
      b->write(values.data());
      return b;
    };
    ProgramBuilder builder(backend, 3, 10, 0);
    x_ = builder.input(2, 10);
    const Value before = builder.conv1d(x_, parameter({2, 2, 3}), parameter({2}), 1, -1);
    norm = builder.norm(before, {parameter({2}), parameter({2}), buffer(0), buffer(1), 1e-3f, 0.1f,
                                 false, true, 0});
    if (planned_first) builder.planned_bytes();  // folds it, before it becomes an output
    const Value side = reader == Reader::shortcut ? builder.shortcut(norm, 1, 2) : -1;
    out_ = builder.conv1d(norm, parameter({2, 2, 3}), parameter({2}), 1,
                          reader == Reader::residual ? norm : side);
    builder.output(out_);
    if (planned_first) builder.output(norm);
    program = builder.build();
  }

  std::vector<float> run() {
    std::vector<float> host(60), result(60);
    for (size_t i = 0; i < host.size(); ++i) host[i] = float(i % 7) - 3;
    program->write_value(x_, host, {}, {});
    program->run({});
    program->read_value(out_, result);
    return result;
  }

 private:
  Value x_, out_;
};

/// A norm that something else than a convolution reads is written, and so is one that becomes an
/// output after the memory has been planned once.
void test_readers(const std::shared_ptr<Backend>& backend) {
  using Reader = Chain::Reader;
  std::vector<std::vector<float>> results;
  for (Reader reader : {Reader::convolution, Reader::shortcut, Reader::residual}) {
    for (bool planned_first : {false, true}) {
      Chain chain(backend, reader, planned_first);
      results.push_back(chain.run());
      if (!planned_first) continue;
      std::vector<float> norm(60);
      chain.program->read_value(chain.norm, norm);
      CHECK(std::any_of(norm.begin(), norm.end(), [](float v) { return v > 0; }));
    }
  }
  for (size_t i = 0; i < results.size(); i += 2) CHECK(same_bits(results[i], results[i + 1]));
  CHECK(same_bits(results[2], results[4]));  // a shortcut of stride 1 is the value itself
  CHECK(!same_bits(results[0], results[2]));
}

}  // namespace

int main() {
  for_each_kind([](const std::shared_ptr<Backend>& backend) {
    if (backend->measures_norms()) test_memory(backend);
    test_readers(backend);
  });
  context = "cpu that folds all norms";
  test_readers(make_cpu_backend({.threads = 2, .folded_norm_bytes = 0}));
  context.clear();
  return finish();
}
