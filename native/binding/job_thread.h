#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace lth::binding {

/// The one thread on which a device runs its jobs, one at a time. Started by the first job.
class JobThread {
 public:
  JobThread() = default;
  ~JobThread() { stop(); }
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  /// Hands over a job; there must be none under way. The job must not throw.
  void start(std::function<void()> job);
  /// Waits for the job under way and ends the thread. No job may follow.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::function<void()> job_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lth::binding
