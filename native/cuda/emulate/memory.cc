#include "cuda/emulate/kernel.h"
#include "cuda/emulate/memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace lth::cuda::emulate {
namespace {

constexpr size_t kReserved = size_t(8) << 30;
constexpr size_t kAlignment = 256;
constexpr unsigned char kGuardByte = 0xfd;
constexpr unsigned char kNewByte = 0xff;

struct Memory {
  char* base = nullptr;
  size_t used_end = 0;                ///< addresses beyond were never handed out
  std::map<size_t, size_t> blocks;    ///< offset to bytes of the live allocations
  size_t in_use = 0;
  size_t limit = [] {
    const char* text = std::getenv("LTH_EMULATE_MEMORY");
    return text ? size_t(std::strtoull(text, nullptr, 10)) : size_t(2) << 30;
  }();
  int open = 0;
  std::recursive_mutex mutex;
};

void on_fault(int, siginfo_t* info, void*);

Memory& memory() {
  static Memory m;
  static const bool ready = [] {
    void* base = mmap(nullptr, kReserved, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) fail("cannot reserve addresses for device memory");
    m.base = static_cast<char*>(base);
    static char stack[1 << 16];
    stack_t alternate{};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    sigaltstack(&alternate, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    return true;
  }();
  (void)ready;
  return m;
}

void on_fault(int, siginfo_t* info, void*) {
  Memory& m = memory();
  const auto* address = static_cast<const char*>(info->si_addr);
  const bool device = address >= m.base && address < m.base + kReserved;
  if (device && m.open == 0) fail("the host touched device memory at %p", info->si_addr);
  if (device) fail("device memory at %p is outside every allocation", info->si_addr);
  fail("access to %p, which is neither device nor shared memory (or a stack overflow)",
       info->si_addr);
}

size_t rounded(size_t bytes) {
  return (std::max(bytes, size_t(1)) + kAlignment - 1) / kAlignment * kAlignment;
}

/// An allocation is its bytes, rounded up, and a guard of kAlignment on both sides.
size_t footprint(size_t bytes) { return rounded(bytes) + 2 * kAlignment; }

size_t place(const Memory& m, size_t bytes) {
  size_t end = 0;
  for (const auto& [offset, size] : m.blocks) {
    const size_t start = offset - kAlignment;
    if (start - end >= footprint(bytes)) break;
    end = offset + rounded(size) + kAlignment;
  }
  return end + kAlignment;
}

void protect(Memory& m, int protection) {
  if (m.used_end) mprotect(m.base, m.used_end, protection);
}

size_t page_up(size_t bytes) {
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

Access::Access() {
  Memory& m = memory();
  m.mutex.lock();
  if (m.open++ == 0) protect(m, PROT_READ | PROT_WRITE);
}

Access::~Access() {
  Memory& m = memory();
  if (--m.open == 0) protect(m, PROT_NONE);
  m.mutex.unlock();
}

void* allocate(size_t bytes) {
  Memory& m = memory();
  const Access access;
  if (bytes > m.limit - std::min(m.limit, m.in_use)) return nullptr;
  const size_t offset = place(m, bytes);
  const size_t end = page_up(offset + rounded(bytes) + kAlignment);
  if (end > kReserved) return nullptr;
  if (end > m.used_end) {
    m.used_end = end;
    protect(m, PROT_READ | PROT_WRITE);
  }
  m.blocks.emplace(offset, bytes);
  m.in_use += bytes;
  std::memset(m.base + offset - kAlignment, kGuardByte, footprint(bytes));
  std::memset(m.base + offset, kNewByte, bytes);
  return m.base + offset;
}

void release(void* pointer) {
  if (!pointer) return;
  Memory& m = memory();
  const Access access;
  check_guards("what ran before this was freed");
  const auto found = m.blocks.find(size_t(static_cast<char*>(pointer) - m.base));
  if (found == m.blocks.end()) fail("%p was freed and is no live allocation", pointer);
  std::memset(pointer, kNewByte, found->second);  // for those who still use it
  m.in_use -= found->second;
  m.blocks.erase(found);
}

void require_written(const void* at, size_t bytes) {
  const auto* byte = static_cast<const unsigned char*>(at);
  if (std::all_of(byte, byte + bytes, [](unsigned char b) { return b == kNewByte; })) {
    fail("%zu bytes are read at %p that nobody has written", bytes, at);
  }
}

size_t memory_limit() { return memory().limit; }
size_t memory_in_use() { return memory().in_use; }
void set_memory_limit(size_t bytes) { memory().limit = bytes; }

void check_guards(const char* who) {
  Memory& m = memory();
  const Access access;
  for (const auto& [offset, bytes] : m.blocks) {
    const auto whole = [&](size_t from, size_t to) {
      return std::all_of(m.base + from, m.base + to,
                         [](char c) { return static_cast<unsigned char>(c) == kGuardByte; });
    };
    if (!whole(offset - kAlignment, offset) ||
        !whole(offset + bytes, offset + rounded(bytes) + kAlignment)) {
      fail("%s wrote outside the allocation of %zu bytes at %p", who, bytes,
           static_cast<void*>(m.base + offset));
    }
  }
}

bool is_allocated(const void* pointer, size_t bytes) {
  Memory& m = memory();
  const auto* address = static_cast<const char*>(pointer);
  if (address < m.base || address >= m.base + kReserved) return false;
  const std::lock_guard lock(m.mutex);
  const size_t offset = size_t(address - m.base);
  auto next = m.blocks.upper_bound(offset);
  if (next == m.blocks.begin()) return false;
  const auto& [start, size] = *--next;
  return offset - start <= size && bytes <= size - (offset - start);
}

}  // namespace lth::cuda::emulate
