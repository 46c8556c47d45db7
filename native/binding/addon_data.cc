#include "binding/addon_data.h"

#include "binding/device_state.h"

namespace lth::binding {
namespace {

using Holder = std::shared_ptr<AddonData>;

/// Runs before the environment shuts down: no job thread may outlive it.
void clean_up(void* data) {
  const std::unique_ptr<Holder> holder(static_cast<Holder*>(data));
  (*holder)->env = nullptr;
  const std::set<DeviceState*> devices = (*holder)->devices;
  for (DeviceState* device : devices) device->abandon();
}

}  // namespace

void AddonData::install(Napi::Env env) {
  auto addon = std::make_shared<AddonData>();
  addon->env = env;
  env.SetInstanceData(new Holder(addon));
  napi_add_env_cleanup_hook(env, clean_up, new Holder(addon));
}

std::shared_ptr<AddonData> AddonData::shared(Napi::Env env) {
  return *env.GetInstanceData<Holder>();
}

AddonData& AddonData::of(Napi::Env env) { return **env.GetInstanceData<Holder>(); }

void AddonData::adjust_external_memory(int64_t bytes) const {
  if (env != nullptr && bytes != 0) Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
}

}  // namespace lth::binding
