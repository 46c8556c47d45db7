#pragma once

#include <memory>
#include <vector>

#include "cuda/emulate/fiber.h"
#include "cuda/emulate/kernel.h"

/// Shared by engine.cc (blocks, barriers, shared memory) and warp.cc (warp-wide operations,
/// asynchronous copies).
namespace lth::cuda::emulate {

enum class State { ready, at_barrier, at_meeting, done };
enum class Meeting { none, barrier, shuffle, ballot, matrices, tf32, bf16, products };

struct Copy {
  void* shared;
  const void* global;  // null: zeros
};

/// A thread's part of a wgmma that has not been waited for.
struct Product {
  float* d;
  int columns;
  bool transposed;     // B: rows of neighbouring columns
  const uint4* place;  // of A's registers
  uint4 a;             // what they held
  uint64_t b;          // descriptor
};

struct Thread {
  Fiber fiber;
  dim3 index;
  unsigned linear = 0;
  State state = State::ready;
  // What it brought to the warp's meeting, and takes home.
  Meeting meeting = Meeting::none;
  unsigned mask = 0;
  uint64_t bits = 0;
  unsigned source = 0;
  float d[4];
  uint32_t a[4], b[2];
  // Copies in flight: groups that were closed, then the open one.
  std::vector<std::vector<Copy>> groups;
  std::vector<Copy> open;
  bool unpublished = false;  // copies have landed and are not visible to wgmma
  // Products in flight: groups that were closed, then the open one.
  std::vector<std::vector<Product>> product_groups;
  std::vector<Product> open_products;
  bool fenced = false;  // by wgmma.fence, since its last group
  int pending = 0;      // groups that a wait leaves
};

struct StaticShared {
  const void* key;
  size_t at, bytes;
};

struct Engine {
  const char* name = nullptr;
  void (*call)(const void*) = nullptr;
  const void* arguments = nullptr;
  std::vector<std::unique_ptr<Thread>> threads;  // kept from launch to launch
  size_t count = 0;                              // of the block
  Fiber host;
  Thread* self = nullptr;
  size_t arrived = 0;      // at the block's barrier
  bool unpublished = false;  // a thread came to it with unpublished copies
  bool any = false;        // what was brought to it
  bool any_result = false;
  size_t dynamic_bytes = 0;
  std::vector<unsigned char> shared;
  unsigned char* shared_base = nullptr;  // 1024-byte aligned: dynamic, guard, static arrays
  std::vector<StaticShared> statics;
  size_t static_end = 0;
};

extern Engine engine;

/// Leaves the running thread until its state is `ready` again.
void leave();

}  // namespace lth::cuda::emulate
