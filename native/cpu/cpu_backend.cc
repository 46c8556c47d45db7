#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unordered_map>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "cpu/kernel_table.h"
#include "lth/error.h"
#include "lth/host_memory.h"
#include "lth/isa.h"

namespace lth {
namespace {

using cpu::KernelTable;
using cpu::ThreadPool;

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t(2) << 20;
constexpr int kMostThreads = 1024;

const KernelTable& table_for(Isa isa, Precision precision) {
#if LTH_X86
  if (precision == Precision::bf16) return cpu::avx512bf16::kernel_table();
  if (isa == Isa::avx512) return cpu::avx512::kernel_table();
  if (isa == Isa::avx2) return cpu::avx2::kernel_table();
#else
  (void)isa, (void)precision;
#endif
  return cpu::portable::kernel_table();
}

int resolve_threads(int threads) {
  if (threads < 0 || threads > kMostThreads) {
    throw_range("threads must be from 0 (one per core) to " + std::to_string(kMostThreads) +
                ", got " + std::to_string(threads));
  }
  if (threads > 0) return threads;
  const int cores = int(std::thread::hardware_concurrency());
  return cores > 0 ? cores : 1;
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(Isa isa, const CpuOptions& options)
      : isa_(isa),
        precision_(options.precision),
        folded_norm_bytes_(options.folded_norm_bytes),
        recomputed_norm_bytes_(options.recomputed_norm_bytes),
        kernels_(table_for(isa, precision_)),
        pool_(resolve_threads(options.threads)) {}

  std::string_view name() const override { return "cpu"; }
  std::string description() const override {
    const int threads = pool_.threads();
    return std::string(isa_name(isa_)) + (precision_ == Precision::bf16 ? ", bf16, " : ", ") +
           std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  }

  bool folds_norm(size_t result_bytes, bool dropout) const override {
    return !dropout && result_bytes >= folded_norm_bytes_;
  }
  size_t recomputed_norm_bytes() const override { return recomputed_norm_bytes_; }

  bool norm_backward_reads_relu() const override { return false; }

  void* allocate(size_t bytes) override {
    // Linux grants more memory than exists, and kills the process that touches it: refuse early.
    const std::lock_guard lock(mutex_);
    const size_t alignment = bytes >= 2 * kHugePage ? kHugePage : kCacheLine;
    void* memory = nullptr;
    if (bytes <= memory_ - std::min(memory_, allocated_)) {
      const size_t padded = (std::max(bytes, size_t(1)) + alignment - 1) / alignment * alignment;
      memory = std::aligned_alloc(alignment, padded);
#if defined(__linux__)
      if (memory && alignment == kHugePage) madvise(memory, padded, MADV_HUGEPAGE);
#endif
    }
    if (!memory) {
      throw_state("Cannot allocate " + std::to_string(bytes) + " bytes: " +
                  std::to_string(allocated_) + " are in use of the " +
                  std::to_string(memory_) + " that this process may have");
    }
    sizes_.emplace(memory, bytes);
    allocated_ += bytes;
    return memory;
  }

  void release(void* pointer) override {
    if (!pointer) return;
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(pointer);
    allocated_ -= found->second;
    sizes_.erase(found);
    std::free(pointer);
  }

  void zero(void* pointer, size_t bytes) override { std::memset(pointer, 0, bytes); }
  void upload(void* target, const void* host, size_t bytes) override {
    if (bytes > 0) std::memcpy(target, host, bytes);
  }
  void download(void* host, const void* source, size_t bytes) override {
    if (bytes > 0) std::memcpy(host, source, bytes);
  }

  size_t activation_bytes(const ActivationShape& shape) const override {
    return Activation{shape, nullptr, nullptr}.elements() * sizeof(float);
  }

  void store_activation(const Activation& target, const float* host) override {
    const ActivationShape& shape = target.shape;
    const size_t length = size_t(shape.length);
    pool_.parallel_for(target.groups(), [&](int group, int) {
      for (int c = 0; c < shape.channels; ++c) {
        float* row = target.row(group, c);
        std::memset(row - size_t(shape.halo) * kLanes, 0, target.row_stride() * sizeof(float));
        for (int lane = 0; lane < kLanes; ++lane) {
          const size_t n = size_t(group) * kLanes + size_t(lane);
          const float* source = host + (n * size_t(shape.channels) + size_t(c)) * length;
          const int32_t valid = target.lengths[n];
          for (int32_t l = 0; l < valid; ++l) row[size_t(l) * kLanes + lane] = source[l];
        }
      }
    });
  }

  void load_activation(const Activation& source, float* host) override {
    const ActivationShape& shape = source.shape;
    const size_t length = size_t(shape.length);
    pool_.parallel_for(source.groups(), [&](int group, int) {
      for (int c = 0; c < shape.channels; ++c) {
        const float* row = source.row(group, c);
        for (int lane = 0; lane < kLanes; ++lane) {
          const size_t n = size_t(group) * kLanes + size_t(lane);
          if (n >= size_t(shape.records)) break;
          float* target = host + (n * size_t(shape.channels) + size_t(c)) * length;
          for (size_t l = 0; l < length; ++l) target[l] = row[l * kLanes + lane];
        }
      }
    });
  }

#define LTH_METHOD(name, Arguments) \
  void name(const Arguments& args) override { kernels_.name(args, pool_); }
  LTH_OPS(LTH_METHOD)
#undef LTH_METHOD
  std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc,
                                        const SparsePattern* pattern) override {
    return kernels_.plan_conv1d(desc, pattern, pool_);
  }
  void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep) override {
    kernels_.select_magnitude(tensors, keep, pool_);
  }

 private:
  Isa isa_;
  Precision precision_;
  size_t folded_norm_bytes_;
  size_t recomputed_norm_bytes_;
  const KernelTable& kernels_;
  ThreadPool pool_;

  std::mutex mutex_;
  std::unordered_map<void*, size_t> sizes_;
  size_t allocated_ = 0;
  const size_t memory_ = host_memory().capacity;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  const Isa isa = resolve_isa(options.isa);
  const std::string refusal = precision_refusal(isa, options.precision);
  if (!refusal.empty()) {
    throw_state(std::string("Precision ") +
                (options.precision == Precision::tf32 ? "tf32" : "bf16") +
                " is not available on the CPU (" + refusal + "): use precision fp32");
  }
  return std::make_unique<CpuBackend>(isa, options);
}

}  // namespace lth
