#include "inference/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "lth/error.h"

namespace lth::inference {
namespace {

constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kMargin = 64;  // floats: the last vector's read may pass a row

}  // namespace

size_t place_buffers(std::span<Buffer> buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buffers[a].floats > buffers[b].floats; });
  const auto end_of = [](const Buffer& b) { return b.at + (b.floats + kMargin + 15) / 16 * 16; };
  size_t end = kMargin;
  for (size_t i = 0; i < order.size(); ++i) {
    Buffer& own = buffers[order[i]];
    std::vector<const Buffer*> beside;  // placed, in use at the same time, by place
    for (size_t j = 0; j < i; ++j) {
      const Buffer& other = buffers[order[j]];
      if (other.first <= own.last && own.first <= other.last) beside.push_back(&other);
    }
    std::sort(beside.begin(), beside.end(),
              [](const Buffer* a, const Buffer* b) { return a->at < b->at; });
    own.at = kMargin;
    for (const Buffer* other : beside) {
      if (end_of(own) <= other->at) break;
      own.at = std::max(own.at, end_of(*other));
    }
    end = std::max(end, end_of(own));
  }
  return end;
}

Arena::Arena(size_t floats) : floats_(floats) {
  // A tile touches a page of every channel: huge pages keep them all in the first-level TLB.
  const size_t bytes = (floats * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = nullptr;
#if defined(__linux__)
  // Not from the heap: pages that were in use before stay small ones.
  mapped_ = bytes + kHugePage;
  memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool failed = memory == MAP_FAILED;
#else
  const bool failed = posix_memalign(&memory, kHugePage, bytes) != 0;
#endif
  if (failed) {
    throw_state("Out of memory: an activation arena of " +
                std::to_string(floats * sizeof(float)) + " bytes");
  }
  memory_ = memory;
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory);
  data_ = reinterpret_cast<float*>((start + kHugePage - 1) / kHugePage * kHugePage);
#if defined(__linux__)
  madvise(data_, bytes, MADV_HUGEPAGE);
#endif
  std::fill_n(data_, floats, 0.0f);
}

Arena::~Arena() {
#if defined(__linux__)
  munmap(memory_, mapped_);
#else
  std::free(memory_);
#endif
}

}  // namespace lth::inference
