#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lth/backend.h"

#if LTH_CUDA_EMULATED
#include "cuda/emulate/stream.h"
#else
#include <cuda_runtime_api.h>
#endif

/// The device seen from the host: memory, streams, graphs. Implemented by cuda/device.cu on a GPU
/// and by cuda/emulate/device.cc in host memory that only emulated kernels and copies may touch.
namespace lth::cuda {

#if LTH_CUDA_EMULATED
using Stream = emulate::Stream*;
using Graph = emulate::Graph*;
#else
using Stream = cudaStream_t;
using Graph = cudaGraphExec_t;
#endif

using lth::Precision;

class Workspace;

struct DeviceInfo {
  int index = 0;
  std::string name;
  int arch = 0;                    ///< 10 * major + minor, e.g. 90
  int sm_count = 0;
  size_t shared_per_block = 0;     ///< most dynamic shared memory a block may ask for, in bytes
  size_t l2_bytes = 0;
  size_t memory_bytes = 0;
  Workspace* workspace = nullptr;  ///< the backend's; null where there is no backend
};

/// Number of devices; if there is none, 0 and the reason.
struct DeviceCount {
  int count = 0;
  std::string reason;
};
DeviceCount count_devices() noexcept;
/// The driver and the runtime, e.g. "driver 580.65.06 for CUDA 13.0, runtime 13.0".
std::string versions_text();
/// @param index below count_devices().count
DeviceInfo device_info(int index);
/// Makes the calling thread use a device; launches and allocations go there.
void use_device(int index);
int device_in_use();

/// Dynamic shared memory that every kernel may have.
inline constexpr size_t kSharedForAll = size_t(48) << 10;
/// Sets how much a kernel may have on the device in use. Launches of graphs count too.
void set_shared_limit(const void* kernel, size_t bytes);
/// Raises that limit if it is lower. It is never lowered, because another backend of the process,
/// on any thread, may need more and may have captured its launch.
void allow_shared(const void* kernel, size_t bytes);

struct MemoryInfo {
  size_t free = 0;
  size_t total = 0;
};
MemoryInfo memory_info();

/// 256-byte aligned. Throws Error(state) with the sizes asked for and free if there is no memory.
/// Never to be called while a stream is captured.
void* device_malloc(size_t bytes);
void device_free(void* pointer) noexcept;  ///< waits for the device

Stream make_stream();
void destroy_stream(Stream stream) noexcept;
/// Waits until all work of the stream is done; throws Error(state) if any of it failed.
void synchronize(Stream stream);

/// Copies in stream order; returns when `host` may be reused.
void copy_to_device(void* target, const void* host, size_t bytes, Stream stream);
/// Copies in stream order; returns when `host` holds the bytes.
void copy_to_host(void* host, const void* source, size_t bytes, Stream stream);
void copy_on_device(void* target, const void* source, size_t bytes, Stream stream);
void fill_zero(void* target, size_t bytes, Stream stream);

/// Between the two, launches on the stream are recorded and not executed.
void begin_capture(Stream stream);
Graph end_capture(Stream stream);  ///< throws Error(state) if the capture became invalid
/// Launches, copies and fills of the graph that this thread captured last; for tests and benchmarks.
size_t nodes_captured();
/// Ends a capture whose recording failed.
void abandon_capture(Stream stream) noexcept;
bool is_capturing(Stream stream);
void launch_graph(Graph graph, Stream stream);
void destroy_graph(Graph graph) noexcept;

/// A point in a stream's work.
class Mark {
 public:
  Mark();
  ~Mark();
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  void set(Stream stream);
  /// Seconds on the device's clock; waits for both.
  static double seconds_between(const Mark& from, const Mark& to);

 private:
  void* state_;
};

/// Orders the work of two streams, also while they are captured.
class Order {
 public:
  Order();
  ~Order();
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;
  /// Work queued on `after` from here on starts after all work now queued on `before` is done. A
  /// stream that is ordered behind a captured one is captured with it until the other way round.
  void operator()(Stream before, Stream after);

 private:
  void* state_;
};

/// Device array that frees itself.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  explicit DeviceArray(size_t count)
      : data_(count ? static_cast<T*>(device_malloc(count * sizeof(T))) : nullptr), size_(count) {}
  DeviceArray(const std::vector<T>& values, Stream stream) : DeviceArray(values.size()) {
    if (size_) copy_to_device(data_, values.data(), size_ * sizeof(T), stream);
  }
  ~DeviceArray() { device_free(data_); }
  DeviceArray(DeviceArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

/// Scratch memory that the ops of one stream use one after another; an op's contents are lost when
/// the next op requests it. It only grows, and never during a capture: a program's first run is not
/// captured and has requested all the memory that its graph needs.
class Workspace {
 public:
  explicit Workspace(Stream stream) : stream_(stream) {}
  ~Workspace() { device_free(data_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// At least `bytes`, 256-byte aligned, contents undefined, valid until the next call.
  void* require(size_t bytes);
  /// Grows with every move: graphs captured under another generation hold stale pointers.
  uint64_t generation() const { return generation_; }
  size_t bytes() const { return bytes_; }

 private:
  Stream stream_;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace lth::cuda
