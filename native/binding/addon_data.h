#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <set>

namespace lth::binding {

class DeviceState;

/// What one JavaScript environment (the main thread or a worker) knows. Shared with every device,
/// as objects may be finalised after the environment has let go of it.
struct AddonData {
  static AddonData& of(Napi::Env env);
  static std::shared_ptr<AddonData> shared(Napi::Env env);
  /// Made once when the addon is loaded.
  static void install(Napi::Env env);

  /// Tells the garbage collector of native memory; does nothing while the environment goes down.
  void adjust_external_memory(int64_t bytes) const;

  napi_env env = nullptr;  ///< null once the environment goes down
  Napi::FunctionReference native_error;
  Napi::FunctionReference parameter_class, buffer_class, dataset_class, builder_class,
      program_class;
  /// What the constructor of the next object adopts; null when JavaScript calls it.
  void* pending = nullptr;
  /// Of builders, so that a value tells which one it belongs to.
  /// Of builders, so that a value tells which one it belongs to.
  int64_t builders = 0;
  std::set<DeviceState*> devices;
};

}  // namespace lth::binding
