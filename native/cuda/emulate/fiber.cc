#include "cuda/emulate/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace lth::cuda::emulate {
namespace {

constexpr size_t kGuardBytes = 4096;

/// Its lowest page is closed, so that an overflow stops the test.
char* make_stack(size_t bytes) {
  void* memory = mmap(nullptr, bytes + kGuardBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "emulator: no memory for the stacks of a block\n");
    std::abort();
  }
  mprotect(memory, kGuardBytes, PROT_NONE);
  return static_cast<char*>(memory);
}

}  // namespace

Fiber::~Fiber() {
  if (stack_) munmap(stack_, kStackBytes + kGuardBytes);
#if !defined(__x86_64__)
  std::free(context_);
#endif
}

#if defined(__x86_64__)

// Saves what a call must keep (System V ABI) on the stack and exchanges stack pointers.
extern "C" void lth_emulate_switch(void** from, void* to);
asm(R"(
  .text
  .globl lth_emulate_switch
  .hidden lth_emulate_switch
  .type lth_emulate_switch, @function
lth_emulate_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size lth_emulate_switch, .-lth_emulate_switch
)");

void Fiber::prepare(void (*entry)()) {
  if (!stack_) stack_ = make_stack(kStackBytes);
  auto* top = reinterpret_cast<uintptr_t*>(stack_ + kGuardBytes + kStackBytes);
  *--top = 0;                                  // where entry would return to
  *--top = reinterpret_cast<uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--top = 0;      // the saved registers
  context_ = top;
}

void Fiber::change(Fiber& from, Fiber& to) { lth_emulate_switch(&from.context_, to.context_); }

#else

void Fiber::prepare(void (*entry)()) {
  if (!stack_) stack_ = make_stack(kStackBytes);
  if (!context_) context_ = std::malloc(sizeof(ucontext_t));
  auto* context = static_cast<ucontext_t*>(context_);
  getcontext(context);
  context->uc_stack.ss_sp = stack_ + kGuardBytes;
  context->uc_stack.ss_size = kStackBytes;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
}

void Fiber::change(Fiber& from, Fiber& to) {
  if (!from.context_) from.context_ = std::malloc(sizeof(ucontext_t));
  swapcontext(static_cast<ucontext_t*>(from.context_), static_cast<ucontext_t*>(to.context_));
}

#endif

}  // namespace lth::cuda::emulate
