#pragma once

#include <cstddef>
#include <cstdint>

/// Device memory of the emulator: a reserved range of addresses that the host cannot touch except
/// while a kernel or a copy runs. New allocations hold NaN and lie between guards.
namespace lth::cuda::emulate {

void* allocate(size_t bytes);  ///< null if the limit is reached
void release(void* pointer);
/// Bytes; 2 GiB, or what LTH_EMULATE_MEMORY says.
size_t memory_limit();
size_t memory_in_use();
/// Makes allocations fail earlier; for tests.
void set_memory_limit(size_t bytes);

/// Device memory can be touched while one of these lives.
class Access {
 public:
  Access();
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
};

/// Aborts, naming `who`, if something was written between two allocations.
void check_guards(const char* who);

/// Whether [pointer, pointer + bytes) lies within one live allocation.
bool is_allocated(const void* pointer, size_t bytes);

/// Prints the message with the kernel and thread that run, if any do, and aborts.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace lth::cuda::emulate
