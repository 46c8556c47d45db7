#include "binding/job_thread.h"

#include <utility>

namespace lth::binding {

void JobThread::start(std::function<void()> job) {
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    job_ = std::move(job);
  }
  wake_.notify_one();
}

void JobThread::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JobThread::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || job_; });
      if (!job_) return;
      job = std::move(job_);
      job_ = nullptr;
    }
    job();
  }
}

}  // namespace lth::binding
