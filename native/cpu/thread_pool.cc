#include "cpu/thread_pool.h"

namespace lth::cpu {
namespace {

constexpr uint64_t kClosed = uint64_t(1) << 31;

uint32_t loop_of(uint64_t state) { return uint32_t(state >> 32); }
bool is_closed(uint64_t state) { return (state & kClosed) != 0; }
uint32_t active(uint64_t state) { return uint32_t(state & (kClosed - 1)); }

/// Some 20 microseconds: the ops of a step follow each other faster than threads wake up.
constexpr int kSpins = 1000;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : state_(kClosed),
      // With more threads than cores, a spinning thread would keep another one from working.
      spins_(unsigned(threads) <= std::thread::hardware_concurrency() ? kSpins : 0) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(int units, const std::function<void(int, int)>& body) {
  if (workers_.empty() || units <= 1) {
    for (int unit = 0; unit < units; ++unit) body(unit, 0);
    return;
  }
  body_ = &body;
  units_ = units;
  next_.store(0, std::memory_order_relaxed);
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    const uint32_t loop = loop_of(state_.load(std::memory_order_relaxed)) + 1;
    state_.store(uint64_t(loop) << 32, std::memory_order_release);
    wake = sleepers_ > 0;
  }
  if (wake) wake_.notify_all();
  drain(0);
  uint64_t state = state_.fetch_or(kClosed, std::memory_order_acq_rel);
  for (int i = 0; i < spins_ && active(state) > 0; ++i) {
    pause();
    state = state_.load(std::memory_order_acquire);
  }
  if (active(state) == 0) return;
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return active(state_.load()) == 0; });
}

void ThreadPool::drain(int thread) {
  for (int unit; (unit = next_.fetch_add(1, std::memory_order_relaxed)) < units_;) {
    (*body_)(unit, thread);
  }
}

void ThreadPool::work(int thread) {
  uint32_t seen = 0;
  for (;;) {
    seen = loop_of(next_state(seen));
    if (stop_) return;
    if (!join(seen)) continue;
    drain(thread);
    leave();
  }
}

/// Waits for another loop than `seen`, or for the end.
uint64_t ThreadPool::next_state(uint32_t seen) {
  for (int i = 0; i < spins_; ++i) {
    const uint64_t state = state_.load(std::memory_order_acquire);
    if (loop_of(state) != seen || stop_) return state;
    pause();
  }
  std::unique_lock lock(mutex_);
  ++sleepers_;
  wake_.wait(lock, [&] { return loop_of(state_.load()) != seen || stop_; });
  --sleepers_;
  return state_.load(std::memory_order_acquire);
}

/// False if the loop is closed or over.
bool ThreadPool::join(uint32_t loop) {
  uint64_t state = state_.load(std::memory_order_acquire);
  while (loop_of(state) == loop && !is_closed(state)) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void ThreadPool::leave() {
  const uint64_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
  if (!is_closed(before) || active(before) > 1) return;
  const std::lock_guard lock(mutex_);  // the caller is either asleep or has not looked yet
  done_.notify_one();
}

}  // namespace lth::cpu
