#include <array>

#include "cuda/emulate/engine.h"
#include "cuda/emulate/memory.h"

/// wgmma.mma_async of the PTX ISA: fragments, descriptors, groups and waits.
namespace lth::cuda::emulate {
namespace {

constexpr int kRows = 64, kDepth = 16;
constexpr unsigned kThreads = 128;  // of a warpgroup

float bf16(uint32_t bits) { return __uint_as_float(bits << 16); }

/// Element (row, k) of A, from the registers of the thread that holds it: of each warp's 16 rows as
/// mma.m16n8k16 has them.
float element_of_a(const std::array<const Product*, kThreads>& parts, int row, int k) {
  const int lane = row % 8 * 4 + k % 8 / 2;
  const uint4& a = parts[size_t(row / 16 * 32 + lane)]->a;
  const uint32_t words[4] = {a.x, a.y, a.z, a.w};
  const uint32_t word = words[row % 16 / 8 + k / 8 * 2];
  return bf16(k % 2 ? word >> 16 : word & 0xffffU);
}

/// B as a descriptor without swizzling has it, in blocks of 8 k x 8 n: transposed, a row of 16 bytes has
/// 8 n of one k, else 8 k of one n.
class Operand {
 public:
  Operand(uint64_t descriptor, bool transposed)
      : transposed_(transposed),
        start_(uint32_t(descriptor & 0x3fffU) << 4),
        k_stride_(uint32_t(descriptor >> 16 & 0x3fffU) << 4),
        n_stride_(uint32_t(descriptor >> 32 & 0x3fffU) << 4) {
    if (descriptor >> 46 || (descriptor >> 30 & 3) || (descriptor >> 14 & 3)) {
      fail("a matrix descriptor %016llx with a swizzle, a base offset or bits outside its fields",
           static_cast<unsigned long long>(descriptor));
    }
  }
  float element(int k, int n) const {
    const int row = transposed_ ? k % 8 : n % 8, column = transposed_ ? n % 8 : k % 8;
    const size_t at = start_ + size_t(k / 8) * k_stride_ + size_t(n / 8) * n_stride_ +
                      size_t(row) * 16 + size_t(column) * 2;
    if (at + 2 > engine.dynamic_bytes) {
      fail("wgmma reads byte %zu of shared memory, %zu are dynamic", at, engine.dynamic_bytes);
    }
    uint16_t bits;
    std::memcpy(&bits, engine.shared_base + at, sizeof bits);
    return bf16(bits);
  }

 private:
  bool transposed_;
  uint32_t start_, k_stride_, n_stride_;
};

/// A product of all threads of a warpgroup: sums of 16 exact products, rounded once.
void multiply(const std::array<const Product*, kThreads>& parts) {
  const Product& first = *parts[0];
  for (const Product* part : parts) {
    if (part->b != first.b || part->columns != first.columns ||
        part->transposed != first.transposed) {
      fail("threads of a warpgroup bring different products");
    }
    if (std::memcmp(part->place, &part->a, sizeof part->a) != 0) {
      fail("a register of A was changed before wgmma was waited for");
    }
  }
  const Operand operand(first.b, first.transposed);
  std::vector<std::array<double, kDepth>> b(static_cast<size_t>(first.columns));
  for (int n = 0; n < first.columns; ++n) {
    for (int k = 0; k < kDepth; ++k) b[size_t(n)][size_t(k)] = double(operand.element(k, n));
  }
  for (int row = 0; row < kRows; ++row) {
    double a[kDepth];
    for (int k = 0; k < kDepth; ++k) a[k] = double(element_of_a(parts, row, k));
    for (int n = 0; n < first.columns; ++n) {
      double sum = 0;
      for (int k = 0; k < kDepth; ++k) sum += a[k] * b[size_t(n)][size_t(k)];
      const int thread = row / 16 * 32 + row % 8 * 4 + n % 8 / 2;
      float& d = parts[size_t(thread)]->d[n / 8 * 4 + row % 16 / 8 * 2 + n % 2];
      d = float(double(d) + sum);
    }
  }
}

void conclude(Thread* const* threads) {
  const size_t groups = threads[0]->product_groups.size();
  const int pending = threads[0]->pending;
  for (unsigned i = 0; i < kThreads; ++i) {
    if (threads[i]->product_groups.size() != groups || threads[i]->pending != pending) {
      fail("threads of a warpgroup wait for different groups of products");
    }
  }
  for (size_t done = size_t(pending); done < groups; ++done) {
    const size_t count = threads[0]->product_groups.front().size();
    for (size_t p = 0; p < count; ++p) {
      std::array<const Product*, kThreads> parts;
      for (unsigned i = 0; i < kThreads; ++i) {
        const auto& group = threads[i]->product_groups.front();
        if (group.size() != count) fail("threads of a warpgroup have groups of different sizes");
        parts[i] = &group[p];
      }
      multiply(parts);
    }
    for (unsigned i = 0; i < kThreads; ++i) {
      threads[i]->product_groups.erase(threads[i]->product_groups.begin());
    }
  }
}

}  // namespace

uint32_t shared_address(const void* pointer) {
  const auto* at = static_cast<const unsigned char*>(pointer);
  if (at < engine.shared_base || at >= engine.shared_base + engine.dynamic_bytes ||
      (at - engine.shared_base) % 16 != 0) {
    fail("a matrix descriptor of %p: not a 16-byte aligned place in dynamic shared memory",
         pointer);
  }
  return uint32_t(at - engine.shared_base);
}

void wgmma_bf16(float* d, int columns, bool transposed, const uint4& a, uint64_t b) {
  Thread& self = *engine.self;
  if (!self.fenced) fail("wgmma without a wgmma.fence since the group before");
  if (engine.unpublished) {
    fail("wgmma after a barrier to which copies came that were not published to it");
  }
  self.open_products.push_back({d, columns, transposed, &a, a, b});
}

void wgmma_fence() { engine.self->fenced = true; }

void wgmma_commit() {
  Thread& self = *engine.self;
  self.product_groups.push_back(std::move(self.open_products));
  self.open_products.clear();
  self.fenced = false;
}

void wgmma_wait(int pending) {
  Thread& self = *engine.self;
  const unsigned first = self.linear / kThreads * kThreads;
  if (first + kThreads > engine.count) fail("a warpgroup of fewer than %u threads", kThreads);
  self.meeting = Meeting::products;
  self.pending = pending;
  Thread* threads[kThreads];
  bool all = true;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads[i] = engine.threads[first + i].get();
    all = all && threads[i]->meeting == Meeting::products;
  }
  if (!all) {
    self.state = State::at_meeting;
    leave();
    return;
  }
  conclude(threads);
  for (Thread* thread : threads) {
    thread->meeting = Meeting::none;
    thread->state = State::ready;
  }
}

void publish_to_wgmma() { engine.self->unpublished = false; }

}  // namespace lth::cuda::emulate
