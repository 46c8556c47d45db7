#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "binding/addon_data.h"
#include "binding/job_thread.h"
#include "lth/backend.h"

namespace lth::binding {

/// Something that lives on a device and is freed with it.
class Child {
 public:
  virtual ~Child() = default;
  /// Lets go of the native object. @param reason how errors say why it cannot be used any more
  virtual void drop(const char* reason) = 0;
};

/// A running job of a device. Made and destroyed on the JavaScript thread.
class Job {
 public:
  virtual ~Job() = default;
  /// On the device's thread; must not throw. Stops early once `cancelled` is set.
  virtual void work(const std::atomic<bool>& cancelled) noexcept = 0;
  /// Back on the JavaScript thread; the device is idle again.
  virtual void settle(Napi::Env env) = 0;
};

/// A device behind its JavaScript object and behind everything made from it. Used on the JavaScript
/// thread only, except for the job under way.
class DeviceState : public std::enable_shared_from_this<DeviceState> {
 public:
  DeviceState(std::shared_ptr<AddonData> addon, std::shared_ptr<Backend> backend);
  ~DeviceState();

  AddonData& addon() { return *addon_; }
  bool busy() const { return job_ != nullptr; }
  bool closed() const { return backend_ == nullptr; }
  const std::shared_ptr<Backend>& backend() const { return backend_; }

  /// The backend, for calls that touch device memory; throws Error(state) while a run is under way
  /// or after closing. @param action what was asked for, e.g. "parameter.read"
  const std::shared_ptr<Backend>& idle_backend(const char* action) const;

  void adopt(Child& child) { children_.insert(&child); }
  void forget(Child& child) { children_.erase(&child); }
  /// Frees a native object now, or after the run under way.
  void retire(std::shared_ptr<void> object);

  /// Runs a job; the device is busy until it has settled.
  void start(Napi::Env env, std::unique_ptr<Job> job);
  /// Calls `done` once the run under way has settled and the device is closed.
  void close_when_idle(std::function<void()> done);
  /// Frees everything on the device. Only when idle.
  void close();
  /// As close, for when the environment goes down: a run under way is stopped, nothing settles.
  void abandon();

  /// The activation arena that all programs share has grown to at least this.
  void note_arena(size_t bytes);

 private:
  static void finish_on_js_thread(Napi::Env env, Napi::Function, void*, DeviceState* device);
  void free_all(const char* reason);

  using Completion = Napi::TypedThreadSafeFunction<void, DeviceState, finish_on_js_thread>;

  std::shared_ptr<AddonData> addon_;
  std::shared_ptr<Backend> backend_;
  std::set<Child*> children_;
  std::vector<std::shared_ptr<void>> retired_;
  std::unique_ptr<Job> job_;
  std::shared_ptr<DeviceState> self_;  // while a job is under way
  std::vector<std::function<void()>> on_close_;
  std::atomic<bool> cancelled_{false};
  int64_t arena_bytes_ = 0;
  JobThread thread_;
};

}  // namespace lth::binding
