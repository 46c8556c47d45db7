#include "cuda/device.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "cuda/info.h"
#include "cuda/port.h"
#include "lth/error.h"

namespace lth::cuda {
namespace {

/// Throws for anything but success; memory errors are told apart from the rest.
void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // an error that is not sticky must not show up in the next call
  throw_state(std::string("CUDA failed in ") + what + ": " + cudaGetErrorString(error) + " (" +
              cudaGetErrorName(error) + ")");
}

/// The reason why cudaGetDeviceCount found no device.
std::string reason_of(cudaError_t error) {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  switch (error) {
    case cudaErrorNoDevice:
      return "no NVIDIA GPU found";
    case cudaErrorInsufficientDriver:
      if (driver == 0) return "no NVIDIA driver found";
      return "the NVIDIA driver is too old: it supports CUDA " + cuda_version_text(driver) +
             ", this build needs " + cuda_version_text(runtime);
    default:
      return std::string("CUDA cannot start: ") + cudaGetErrorString(error);
  }
}

}  // namespace

DeviceCount count_devices() noexcept {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);  // on failure the count is not written
  if (error != cudaSuccess) {
    cudaGetLastError();
    return {0, reason_of(error)};
  }
  if (count < 1) return {0, "no NVIDIA GPU found"};
  return {count, ""};
}

std::string versions_text() {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  std::ifstream file("/proc/driver/nvidia/version");
  const std::string release = driver_release(
      std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  return "driver " + release + (release.empty() ? "" : " ") + "for CUDA " +
         cuda_version_text(driver) + ", runtime " + cuda_version_text(runtime);
}

DeviceInfo device_info(int index) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  DeviceInfo info;
  info.index = index;
  info.name = properties.name;
  info.arch = 10 * properties.major + properties.minor;
  info.sm_count = properties.multiProcessorCount;
  info.shared_per_block = properties.sharedMemPerBlockOptin;
  info.l2_bytes = size_t(std::max(properties.l2CacheSize, 0));
  info.memory_bytes = properties.totalGlobalMem;
  return info;
}

void use_device(int index) { check(cudaSetDevice(index), "cudaSetDevice"); }

MemoryInfo memory_info() {
  MemoryInfo info;
  check(cudaMemGetInfo(&info.free, &info.total), "cudaMemGetInfo");
  return info;
}

void* device_malloc(size_t bytes) {
  void* pointer = nullptr;
  const cudaError_t error = cudaMalloc(&pointer, std::max(bytes, size_t(1)));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    const MemoryInfo memory = memory_info();
    throw_state("Cannot allocate " + std::to_string(bytes) + " bytes on the GPU: " +
                std::to_string(memory.free) + " of " + std::to_string(memory.total) + " are free");
  }
  check(error, "cudaMalloc");
  return pointer;
}

void device_free(void* pointer) noexcept {
  if (pointer) cudaFree(pointer);
}

Stream make_stream() {
  Stream stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  return stream;
}

void destroy_stream(Stream stream) noexcept { cudaStreamDestroy(stream); }

void synchronize(Stream stream) { check(cudaStreamSynchronize(stream), "a queued operation"); }

void copy_to_device(void* target, const void* host, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(target, host, bytes, cudaMemcpyHostToDevice, stream), "a copy to the GPU");
  synchronize(stream);
}

void copy_to_host(void* host, const void* source, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(host, source, bytes, cudaMemcpyDeviceToHost, stream),
        "a copy from the GPU");
  synchronize(stream);
}

void copy_on_device(void* target, const void* source, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDeviceToDevice, stream),
        "a copy on the GPU");
}

void fill_zero(void* target, size_t bytes, Stream stream) {
  if (bytes == 0) return;
  check(cudaMemsetAsync(target, 0, bytes, stream), "cudaMemset");
}

void begin_capture(Stream stream) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}

namespace {
thread_local size_t nodes_of_last_capture = 0;
}

size_t nodes_captured() { return nodes_of_last_capture; }

Graph end_capture(Stream stream) {
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  Graph executable = nullptr;
  nodes_of_last_capture = 0;
  cudaGraphGetNodes(graph, nullptr, &nodes_of_last_capture);
  const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  check(error, "cudaGraphInstantiate");
  return executable;
}

void abandon_capture(Stream stream) noexcept {
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream, &graph);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
}

bool is_capturing(Stream stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &status), "cudaStreamIsCapturing");
  return status != cudaStreamCaptureStatusNone;
}

void launch_graph(Graph graph, Stream stream) {
  check(cudaGraphLaunch(graph, stream), "cudaGraphLaunch");
}

void destroy_graph(Graph graph) noexcept {
  if (graph) cudaGraphExecDestroy(graph);
}

Mark::Mark() : state_(nullptr) {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "cudaEventCreate");
  state_ = event;
}

Mark::~Mark() { cudaEventDestroy(static_cast<cudaEvent_t>(state_)); }

void Mark::set(Stream stream) {
  check(cudaEventRecord(static_cast<cudaEvent_t>(state_), stream), "cudaEventRecord");
}

double Mark::seconds_between(const Mark& from, const Mark& to) {
  const auto start = static_cast<cudaEvent_t>(from.state_);
  const auto stop = static_cast<cudaEvent_t>(to.state_);
  check(cudaEventSynchronize(start), "a queued operation");
  check(cudaEventSynchronize(stop), "a queued operation");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, start, stop), "cudaEventElapsedTime");
  return double(milliseconds) * 1e-3;
}

Order::Order() : state_(nullptr) {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  state_ = event;
}

Order::~Order() { cudaEventDestroy(static_cast<cudaEvent_t>(state_)); }

void Order::operator()(Stream before, Stream after) {
  const auto event = static_cast<cudaEvent_t>(state_);
  check(cudaEventRecord(event, before), "cudaEventRecord");
  check(cudaStreamWaitEvent(after, event, 0), "cudaStreamWaitEvent");
}

int device_in_use() {
  int index = 0;
  check(cudaGetDevice(&index), "cudaGetDevice");
  return index;
}

void set_shared_limit(const void* kernel, size_t bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes)),
        "cudaFuncSetAttribute");
}

void check_launch(const char* kernel) { check(cudaGetLastError(), kernel); }

}  // namespace lth::cuda
