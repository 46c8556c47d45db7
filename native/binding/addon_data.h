#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <set>

namespace lth::binding {

class DeviceState;

/// The addon's data in one JavaScript environment (the main thread or a worker). Devices share it,
/// because objects may be finalised after the environment has released it.
struct AddonData {
  static AddonData& of(Napi::Env env);
  static std::shared_ptr<AddonData> shared(Napi::Env env);
  /// Made once when the addon is loaded.
  static void install(Napi::Env env);

  /// Tells the garbage collector about native memory; does nothing during the environment's
  /// shutdown.
  void adjust_external_memory(int64_t bytes) const;

  napi_env env = nullptr;  ///< null once the environment goes down
  Napi::FunctionReference native_error;
  Napi::FunctionReference parameter_class, buffer_class, dataset_class, builder_class,
      program_class;
  /// The object that the next constructor adopts; null if JavaScript calls the constructor.
  void* pending = nullptr;
  /// Number of builders made so far, so that a value tells which one it belongs to.
  int64_t builders = 0;
  std::set<DeviceState*> devices;
};

}  // namespace lth::binding
