#include "binding/device_state.h"

#include <algorithm>
#include <utility>

#include "binding/errors.h"

namespace lth::binding {

DeviceState::DeviceState(std::shared_ptr<AddonData> addon, std::shared_ptr<Backend> backend)
    : addon_(std::move(addon)), backend_(std::move(backend)) {
  addon_->devices.insert(this);
}

DeviceState::~DeviceState() {
  close();
  addon_->devices.erase(this);
}

const std::shared_ptr<Backend>& DeviceState::idle_backend(const char* action) const {
  if (closed()) throw_state(std::string("Cannot call ") + action + ": the device is closed");
  if (busy()) {
    throw_state(std::string("Cannot call ") + action +
                " while a run is under way on the device: await the promise of run() first");
  }
  return backend_;
}

void DeviceState::retire(std::shared_ptr<void> object) {
  if (busy() && object) retired_.push_back(std::move(object));
}

void DeviceState::start(Napi::Env env, std::unique_ptr<Job> job) {
  Completion completion = Completion::New(env, "lth run", 0, 1);
  job_ = std::move(job);
  self_ = shared_from_this();
  cancelled_ = false;
  const auto failed = capture([&] {
    thread_.start([this, completion]() mutable {
      job_->work(cancelled_);
      completion.NonBlockingCall(this);
      completion.Release();
    });
  });
  if (failed) {
    completion.Release();
    job_.reset();
    self_.reset();
    throw_state("Cannot start the device's thread: " + failed->message);
  }
}

void DeviceState::finish_on_js_thread(Napi::Env env, Napi::Function, void*, DeviceState* device) {
  if (env == nullptr) return;  // the environment is going down: abandon() has taken care of it
  const std::shared_ptr<DeviceState> self = std::move(device->self_);
  if (!self || !self->job_) return;
  guarded(env, [&]() -> napi_value {
    const std::unique_ptr<Job> job = std::move(self->job_);
    self->retired_.clear();
    job->settle(env);
    if (!self->on_close_.empty()) {
      self->close();
      for (const auto& done : std::exchange(self->on_close_, {})) done();
    }
    return nullptr;
  });
}

void DeviceState::close_when_idle(std::function<void()> done) {
  if (busy()) {
    on_close_.push_back(std::move(done));
    return;
  }
  close();
  done();
}

void DeviceState::close() { free_all("its device was closed"); }

void DeviceState::abandon() {
  cancelled_ = true;
  thread_.stop();
  job_.reset();
  retired_.clear();
  on_close_.clear();
  free_all("the environment went down");
}

void DeviceState::free_all(const char* reason) {
  if (closed()) return;
  const std::set<Child*> children = std::exchange(children_, {});
  for (Child* child : children) child->drop(reason);
  thread_.stop();
  addon_->adjust_external_memory(-std::exchange(arena_bytes_, 0));
  backend_.reset();
}

void DeviceState::note_arena(size_t bytes) {
  const int64_t growth = std::max<int64_t>(int64_t(bytes) - arena_bytes_, 0);
  arena_bytes_ += growth;
  addon_->adjust_external_memory(growth);
}

}  // namespace lth::binding
