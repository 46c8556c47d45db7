#include <unistd.h>

#include <atomic>

#include "cpu/thread_pool.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

void test_options() {
  CHECK_THROWS(range, "got -1", make_cpu_backend({.threads = -1}));
  CHECK_THROWS(range, "got 1000000", make_cpu_backend({.threads = 1000000}));
  const auto portable = make_cpu_backend({.threads = 3, .isa = Isa::portable});
  CHECK_EQ(portable->name(), "cpu");
#if defined(__aarch64__)
  CHECK_EQ(portable->description(), "NEON, 3 threads");
#else
  CHECK_EQ(portable->description(), "portable, 3 threads");
#endif
  // Automatic is the best that can be asked for by name.
  const auto best = make_cpu_backend({.threads = 1, .isa = machine_isas().back()});
  CHECK_EQ(make_cpu_backend({.threads = 1})->description(), best->description());
  CHECK(!machine_isas().empty());
}

void test_registry() {
  const std::vector<BackendInfo> backends = list_backends();
  CHECK_EQ(backends.size(), size_t(2));
  CHECK_EQ(backends[0].name, "cpu");
  CHECK(backends[0].available);
  const std::string known = make_cpu_backend({})->description() + " (fp32";
  CHECK_EQ(backends[0].detail.substr(0, known.size()), known);
  CHECK_EQ(backends[1].name, "cuda");
  if (!backends[1].available) CHECK(!backends[1].detail.empty());
}

void test_memory() {
  const auto backend = make_cpu_backend({.threads = 1});
  for (size_t bytes : {size_t(0), size_t(1), size_t(100), size_t(5) << 20}) {
    void* memory = backend->allocate(bytes);
    CHECK(reinterpret_cast<uintptr_t>(memory) % 64 == 0);
    backend->zero(memory, bytes);
    backend->release(memory);
  }
  backend->release(nullptr);
  CHECK_THROWS(state, "Cannot allocate 1152921504606846976 bytes",
               backend->allocate(size_t(1) << 60));
  CHECK_THROWS(state, "Cannot allocate", backend->allocate(SIZE_MAX));
  CHECK_THROWS(state, ": 0 are in use", backend->allocate(size_t(1) << 46));
  // Half of the memory fits once, not twice, although neither half is ever touched.
  const size_t half =
      size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE)) / 2 + 4096;
  void* first = backend->allocate(half);
  CHECK_THROWS(state, std::to_string(half) + " are in use", backend->allocate(half));
  backend->release(first);
  backend->release(backend->allocate(half));
}

void test_activations() {
  for_each_backend([](const std::shared_ptr<Backend>& backend, int) {
    for (const ActivationShape shape : {ActivationShape{1, 1, 1, 0}, ActivationShape{17, 3, 10, 4},
                                        ActivationShape{32, 2, 7, 1}}) {
      Random random(2);
      const std::vector<int32_t> lengths = ragged(shape.records, shape.length, random);
      DeviceActivation x(*backend, shape, lengths);
      CHECK_EQ(backend->activation_bytes(shape), x->elements() * sizeof(float));
      const At at{shape.channels, shape.length};
      std::vector<float> host = random.floats(at(shape.records, 0, 0), 1, 2);
      x.write(host);
      std::vector<float> loaded(host.size(), NAN);
      backend->load_activation(x.get(), loaded.data());
      for (int n = 0; n < shape.records; ++n) {
        for (int c = 0; c < shape.channels; ++c) {
          for (int l = lengths[size_t(n)]; l < shape.length; ++l) host[at(n, c, l)] = 0;
        }
      }
      CHECK(loaded == host);
      CHECK(x.read() == host);
    }
  });
}

void test_derive_lengths(const std::shared_ptr<Backend>& backend) {
  const Device<int32_t> in(*backend, {0, 1, 2, 3, 4, 9, 10}), out(*backend, in.size());
  backend->derive_lengths({in.get(), out.get(), int(in.size()), 2});
  CHECK(out.values() == std::vector<int32_t>({0, 1, 1, 2, 2, 5, 5}));
}

void test_thread_pool() {
  for (int threads : {1, 2, 7}) {
    cpu::ThreadPool pool(threads);
    CHECK_EQ(pool.threads(), threads);
    for (int round = 0; round < 300; ++round) {
      const int units = round % 41;
      std::vector<std::atomic<int>> runs(static_cast<size_t>(units));
      std::atomic<bool> in_range = true;
      pool.parallel_for(units, [&](int unit, int thread) {
        ++runs[size_t(unit)];
        if (thread < 0 || thread >= threads) in_range = false;
      });
      bool once = true;
      for (const std::atomic<int>& count : runs) once = once && count == 1;
      CHECK(once);
      CHECK(in_range);
    }
  }
}

}  // namespace

int main() {
  test_options();
  test_registry();
  test_memory();
  test_activations();
  for_each_kind(test_derive_lengths);
  test_thread_pool();
  return finish();
}
