#include "cuda/device.h"

#include <chrono>
#include <cstring>

#include "cuda/emulate/memory.h"
#include "lth/error.h"

namespace lth::cuda {
namespace {

/// Captures of this thread: they are cudaStreamCaptureModeThreadLocal, so other threads may
/// allocate.
thread_local int streams_capturing = 0;
thread_local size_t nodes_of_last_capture = 0;
bool is_lost = false;

void require_device(const char* what) {
  if (is_lost) throw_state(std::string("CUDA failed in ") + what + ": the device is lost");
}

void refuse_during_capture(const char* what) {
  if (streams_capturing > 0) emulate::fail("%s while a stream is captured", what);
}

void check_range(const void* pointer, size_t bytes, const char* what) {
  if (bytes > 0 && !emulate::is_allocated(pointer, bytes)) {
    emulate::fail("%s of %zu bytes at %p, which is not all in one allocation", what, bytes,
                  pointer);
  }
}

using Clock = std::chrono::steady_clock;

}  // namespace

void emulate::set_lost(bool lost) { is_lost = lost; }

DeviceCount count_devices() noexcept { return {1, ""}; }
std::string versions_text() { return "emulator"; }

DeviceInfo device_info(int index) {
  DeviceInfo info;
  info.index = index;
  info.name = "emulated";
  info.arch = 90;
  info.sm_count = 4;
  info.shared_per_block = size_t(227) << 10;
  info.l2_bytes = size_t(1) << 20;
  info.memory_bytes = emulate::memory_limit();
  return info;
}

void use_device(int) { require_device("cudaSetDevice"); }
int device_in_use() { return 0; }
void set_shared_limit(const void* kernel, size_t bytes) {
  emulate::set_shared_limit(kernel, bytes);
}

MemoryInfo memory_info() {
  return {emulate::memory_limit() - emulate::memory_in_use(), emulate::memory_limit()};
}

void* device_malloc(size_t bytes) {
  refuse_during_capture("an allocation");
  void* pointer = emulate::allocate(bytes);
  if (!pointer) {
    const MemoryInfo memory = memory_info();
    throw_state("Cannot allocate " + std::to_string(bytes) + " bytes on the GPU: " +
                std::to_string(memory.free) + " of " + std::to_string(memory.total) + " are free");
  }
  return pointer;
}

void device_free(void* pointer) noexcept {
  if (!pointer) return;
  refuse_during_capture("memory freed");
  emulate::release(pointer);
}

Stream make_stream() { return new emulate::Stream; }
void destroy_stream(Stream stream) noexcept {
  if (!stream->waiting.empty()) emulate::fail("a stream destroyed before its work was waited for");
  delete stream;
}
void synchronize(Stream) {
  refuse_during_capture("a synchronisation");
  require_device("a queued operation");
}

void copy_to_device(void* target, const void* host, size_t bytes, Stream) {
  refuse_during_capture("a copy from the host");
  require_device("a copy to the GPU");
  check_range(target, bytes, "copy to the device");
  const emulate::Access access;
  if (bytes > 0) std::memcpy(target, host, bytes);
}

void copy_to_host(void* host, const void* source, size_t bytes, Stream) {
  refuse_during_capture("a copy to the host");
  require_device("a copy from the GPU");
  check_range(source, bytes, "copy to the host");
  const emulate::Access access;
  if (bytes > 0) std::memcpy(host, source, bytes);
}

void copy_on_device(void* target, const void* source, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  stream->submit([=] {
    check_range(target, bytes, "copy");
    check_range(source, bytes, "copy");
    const emulate::Access access;
    std::memcpy(target, source, bytes);
  });
}

void fill_zero(void* target, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  stream->submit([=] {
    check_range(target, bytes, "fill");
    const emulate::Access access;
    std::memset(target, 0, bytes);
  });
}

void begin_capture(Stream stream) {
  stream->recording = new emulate::Graph;
  ++streams_capturing;
}

size_t nodes_captured() { return nodes_of_last_capture; }

Graph end_capture(Stream stream) {
  --streams_capturing;
  const Graph graph = std::exchange(stream->recording, nullptr);
  nodes_of_last_capture = graph->work.size();
  return graph;
}

void abandon_capture(Stream stream) noexcept { delete end_capture(stream); }
bool is_capturing(Stream stream) { return stream->recording != nullptr; }

void launch_graph(Graph graph, Stream) {
  const emulate::Access access;
  for (const auto& work : graph->work) work();
}

void destroy_graph(Graph graph) noexcept { delete graph; }

Order::Order() : state_(nullptr) {}
Order::~Order() = default;
void Order::operator()(Stream before, Stream after) {
  if (!before->follows) {
    after->follows = true;
    return;
  }
  for (auto& work : std::exchange(before->waiting, {})) after->submit(std::move(work));
}

Mark::Mark() : state_(new Clock::time_point) {}
Mark::~Mark() { delete static_cast<Clock::time_point*>(state_); }
void Mark::set(Stream) { *static_cast<Clock::time_point*>(state_) = Clock::now(); }
double Mark::seconds_between(const Mark& from, const Mark& to) {
  return std::chrono::duration<double>(*static_cast<Clock::time_point*>(to.state_) -
                                       *static_cast<Clock::time_point*>(from.state_))
      .count();
}

}  // namespace lth::cuda
