#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lth::cpu {

/// A fixed set of threads that share the units of one loop at a time. Which thread runs a unit is
/// not determined, so a unit may depend only on its index; results are then the same for any number
/// of threads.
class ThreadPool {
 public:
  /// @param threads at least 1; the calling thread is one of them
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return int(workers_.size()) + 1; }

  /// Calls body(unit, thread) for each unit in [0, units), 0 <= thread < threads(); returns when
  /// all are done. `thread` is for scratch memory only. Not reentrant; bodies must not throw.
  void parallel_for(int units, const std::function<void(int unit, int thread)>& body);

 private:
  void work(int thread);
  void drain(int thread);
  bool join(uint32_t loop);
  void leave();
  uint64_t next_state(uint32_t seen);

  std::vector<std::thread> workers_;
  /// Number of the loop (upper half), whether it is closed to workers that have not joined yet, and
  /// how many have. A worker that wakes up too late never holds up the loop.
  std::atomic<uint64_t> state_;
  std::atomic<bool> stop_{false};
  std::atomic<int> next_{0};
  const std::function<void(int, int)>* body_ = nullptr;
  int units_ = 0;
  int spins_;  ///< tries before a waiting thread goes to sleep

  std::mutex mutex_;  // for sleeping only
  std::condition_variable wake_;
  std::condition_variable done_;
  int sleepers_ = 0;
};

}  // namespace lth::cpu
