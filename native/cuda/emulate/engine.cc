#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <numeric>
#include <vector>

#include "cuda/device.h"
#include "cuda/emulate/engine.h"
#include "cuda/emulate/memory.h"

namespace lth::cuda::emulate {

Position here;
Engine engine;

void leave() { Fiber::change(engine.self->fiber, engine.host); }

namespace {

constexpr size_t kMostThreads = 1024;
constexpr size_t kMostStatic = size_t(48) << 10;
constexpr size_t kMostShared = size_t(227) << 10;  // of a block on sm_90
constexpr size_t kSharedGuard = 256;
constexpr size_t kSharedAlignment = 1024;
constexpr unsigned char kGuardByte = 0xfd;

std::mutex limits_mutex;
std::map<const void*, size_t> shared_limits;

size_t shared_limit(const void* kernel) {
  const std::lock_guard lock(limits_mutex);
  const auto found = shared_limits.find(kernel);
  return found == shared_limits.end() ? kSharedForAll : found->second;
}

void thread_main() {
  engine.call(engine.arguments);
  engine.self->state = State::done;
  leave();
  std::abort();
}

/// Makes [at, at + bytes) of shared memory NaN and puts a guard behind it; returns the guard's end.
size_t place_shared(size_t at, size_t bytes) {
  const size_t end = (at + bytes + 2 * kSharedGuard - 1) / kSharedGuard * kSharedGuard;
  if (end > engine.shared.size() - kSharedAlignment) fail("too many shared arrays");
  std::memset(engine.shared_base + at, 0xff, bytes);
  std::memset(engine.shared_base + at + bytes, kGuardByte, end - at - bytes);
  return end;
}

void start_shared() {
  if (engine.shared.empty()) {
    engine.shared.resize(kMostShared + kMostStatic + 64 * kSharedGuard + kSharedAlignment);
    const auto address = reinterpret_cast<uintptr_t>(engine.shared.data());
    engine.shared_base =
        engine.shared.data() + (kSharedAlignment - address % kSharedAlignment);
  }
  engine.statics.clear();
  engine.static_end = place_shared(0, engine.dynamic_bytes);
}

void check_shared() {
  size_t at = engine.dynamic_bytes;
  const auto guard = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      if (engine.shared_base[i] != kGuardByte) {
        fail("a block wrote outside its shared arrays (%zu bytes are dynamic)",
             engine.dynamic_bytes);
      }
    }
  };
  for (const StaticShared& s : engine.statics) {
    guard(at, s.at);
    at = s.at + s.bytes;
  }
  guard(at, at + kSharedGuard);
}

/// Order in which the threads of a block run between barriers; results must not depend on it.
unsigned order_seed() {
  static const unsigned seed = [] {
    const char* text = std::getenv("LTH_EMULATE_ORDER");
    return text ? unsigned(std::strtoul(text, nullptr, 10)) : 0U;
  }();
  return seed;
}

template <class T>
void mix(std::vector<T>& order, unsigned seed) {
  for (size_t i = order.size(); i > 1; --i) {
    seed = seed * 1664525U + 1013904223U;
    std::swap(order[i - 1], order[(seed >> 8) % i]);
  }
}

void describe_stuck() {
  size_t barrier = 0, meeting = 0, done = 0;
  for (size_t i = 0; i < engine.count; ++i) {
    const State state = engine.threads[i]->state;
    barrier += state == State::at_barrier;
    meeting += state == State::at_meeting;
    done += state == State::done;
  }
  fail("block (%u, %u, %u) is stuck: of %zu threads %zu wait at __syncthreads, %zu in a warp-wide "
       "operation whose other lanes do not come, %zu have returned",
       here.block.x, here.block.y, here.block.z, engine.count, barrier, meeting, done);
}

void run_block(std::vector<unsigned>& order) {
  start_shared();
  engine.arrived = 0;
  engine.any = engine.unpublished = false;
  const dim3 extent = here.block_extent;
  for (unsigned i = 0; i < engine.count; ++i) {
    Thread& t = *engine.threads[i];
    t.index = dim3(i % extent.x, i / extent.x % extent.y, i / (extent.x * extent.y));
    t.linear = i;
    t.state = State::ready;
    t.meeting = Meeting::none;
    t.groups.clear();
    t.open.clear();
    t.unpublished = t.fenced = false;
    t.product_groups.clear();
    t.open_products.clear();
    t.fiber.prepare(thread_main);
  }
  size_t done = 0;
  while (done < engine.count) {
    bool progress = false;
    for (unsigned i : order) {
      Thread& t = *engine.threads[i];
      if (t.state != State::ready) continue;
      progress = true;
      engine.self = &t;
      here.thread = t.index;
      Fiber::change(engine.host, t.fiber);
      if (t.state == State::done) {
        ++done;
        if (!t.open.empty() || !t.groups.empty()) {
          fail("thread %u returned with copies in flight", t.linear);
        }
        if (!t.open_products.empty() || !t.product_groups.empty()) {
          fail("thread %u returned with matrix products in flight", t.linear);
        }
      }
    }
    if (!progress) describe_stuck();
  }
  engine.self = nullptr;
  check_shared();
}

}  // namespace

void fail(const char* format, ...) {
  std::fprintf(stderr, "CUDA emulator: ");
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (engine.name) {
    std::fprintf(stderr, "; in %s <<<(%u, %u, %u), (%u, %u, %u)>>>, block (%u, %u, %u), thread "
                 "(%u, %u, %u)",
                 engine.name, here.grid_extent.x, here.grid_extent.y, here.grid_extent.z,
                 here.block_extent.x, here.block_extent.y, here.block_extent.z, here.block.x,
                 here.block.y, here.block.z, here.thread.x, here.thread.y, here.thread.z);
  }
  std::fprintf(stderr, "\n");
  std::abort();
}

void set_shared_limit(const void* kernel, size_t bytes) {
  const std::lock_guard lock(limits_mutex);
  shared_limits[kernel] = bytes;
}

void run_grid(const char* name, const void* kernel, dim3 grid, dim3 block, size_t shared_bytes,
              void (*call)(const void*), const void* arguments) {
  const Access access;  // also keeps other host threads out
  const size_t count = size_t(block.x) * block.y * block.z;
  engine.name = name;
  here.grid_extent = grid;
  here.block_extent = block;
  if (count < 1 || count > kMostThreads || block.z > 64) fail("%zu threads in a block", count);
  if (grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.x > 0x7fffffffU || grid.y > 65535 ||
      grid.z > 65535) {
    fail("a grid of this size cannot be launched");
  }
  if (shared_bytes > kMostShared) fail("%zu bytes of dynamic shared memory", shared_bytes);
  if (const size_t limit = shared_limit(kernel); shared_bytes > limit) {
    fail("%zu bytes of dynamic shared memory, the kernel may have %zu", shared_bytes, limit);
  }
  engine.call = call;
  engine.arguments = arguments;
  engine.count = count;
  engine.dynamic_bytes = shared_bytes;
  while (engine.threads.size() < count) engine.threads.push_back(std::make_unique<Thread>());
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0U);
  const unsigned seed = order_seed();
  if (seed) mix(order, seed);
  const size_t blocks = size_t(grid.x) * grid.y * grid.z;
  for (size_t i = 0; i < blocks; ++i) {
    const size_t at = seed % 2 == 1 ? blocks - 1 - i : i;
    here.block = dim3(unsigned(at % grid.x), unsigned(at / grid.x % grid.y),
                      unsigned(at / grid.x / grid.y));
    run_block(order);
  }
  check_guards(name);
  engine.name = nullptr;
}

void block_barrier() { block_any(false); }

bool block_any(bool value) {
  Thread& self = *engine.self;
  engine.any = engine.any || value;
  engine.unpublished = engine.unpublished || self.unpublished;
  if (++engine.arrived < engine.count) {
    self.state = State::at_barrier;
    leave();
    return engine.any_result;
  }
  engine.arrived = 0;
  engine.any_result = engine.any;
  engine.any = false;
  for (size_t i = 0; i < engine.count; ++i) engine.threads[i]->state = State::ready;
  return engine.any_result;
}

void* dynamic_shared() {
  if (engine.dynamic_bytes == 0) fail("the launch gave no dynamic shared memory");
  return engine.shared_base;
}

void* static_shared(const void* key, size_t bytes) {
  for (const StaticShared& s : engine.statics) {
    if (s.key == key) return engine.shared_base + s.at;
  }
  const size_t at = engine.static_end;
  engine.statics.push_back({key, at, bytes});
  size_t total = 0;
  for (const StaticShared& s : engine.statics) total += s.bytes;
  if (total > kMostStatic) fail("%zu bytes of static shared memory", total);
  engine.static_end = place_shared(at, bytes);
  return engine.shared_base + at;
}

}  // namespace lth::cuda::emulate
