#include "cuda/emulate/engine.h"
#include "cuda/emulate/memory.h"

namespace lth::cuda::emulate {
namespace {

constexpr unsigned kLanesOfWarp = 32;

/// Whether all lanes of the mask are at the same meeting.
bool all_met(Thread* const* lanes, unsigned lane_count, unsigned mask, Meeting meeting) {
  for (int lane = 31; lane >= 0; --lane) {
    if (!(mask >> lane & 1U)) continue;
    if (unsigned(lane) >= lane_count) fail("the mask %08x has lanes that this warp lacks", mask);
    const Thread& other = *lanes[lane];
    if (other.meeting == Meeting::none) return false;
    if (other.meeting != meeting || other.mask != mask) {
      fail("lanes of a warp meet in different operations or with different masks (%08x, %08x)",
           mask, other.mask);
    }
  }
  return true;
}

float tf32(uint32_t bits) { return __uint_as_float(bits & 0xffffe000U); }
float bf16(uint32_t pair, int half) {
  return __uint_as_float(half ? pair & 0xffff0000U : pair << 16);
}

/// D += A B of a whole warp, products and sums exact to double's precision.
template <int K, class A, class B>
void multiply(Thread* const* lanes, const A& a, const B& b) {
  double left[16][K], right[K][8];
  for (int i = 0; i < 16; ++i) {
    for (int k = 0; k < K; ++k) left[i][k] = double(a(i, k));
  }
  for (int k = 0; k < K; ++k) {
    for (int j = 0; j < 8; ++j) right[k][j] = double(b(k, j));
  }
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + (i / 2) * 8, column = lane % 4 * 2 + i % 2;
      double sum = 0;
      for (int k = 0; k < K; ++k) sum += left[row][k] * right[k][column];
      lanes[lane]->d[i] = float(double(lanes[lane]->d[i]) + sum);
    }
  }
}

void conclude(Thread* const* lanes, unsigned mask, Meeting meeting) {
  if (meeting == Meeting::shuffle) {
    uint64_t bits[32] = {};
    for (int lane = 0; lane < 32; ++lane) {
      if (!(mask >> lane & 1U)) continue;
      const unsigned source = lanes[lane]->source;
      if (!(mask >> source & 1U)) fail("a shuffle reads lane %u, not in mask %08x", source, mask);
      bits[lane] = lanes[source]->bits;
    }
    for (int lane = 0; lane < 32; ++lane) {
      if (mask >> lane & 1U) lanes[lane]->bits = bits[lane];
    }
  } else if (meeting == Meeting::ballot) {
    uint64_t votes = 0;
    for (int lane = 0; lane < 32; ++lane) {
      if (mask >> lane & 1U) votes |= lanes[lane]->bits << lane;
    }
    for (int lane = 0; lane < 32; ++lane) {
      if (mask >> lane & 1U) lanes[lane]->bits = votes;
    }
  } else if (meeting == Meeting::matrices) {
    for (int lane = 0; lane < 32; ++lane) {
      for (int m = 0; m < 4; ++m) {
        const auto element = [&](int row) {
          uint16_t value;
          std::memcpy(&value,
                      reinterpret_cast<const unsigned char*>(lanes[8 * m + row]->bits) +
                          lane / 4 * sizeof value,
                      sizeof value);
          return uint32_t(value);
        };
        lanes[lane]->a[m] = element(lane % 4 * 2) | element(lane % 4 * 2 + 1) << 16;
      }
    }
  } else if (meeting == Meeting::tf32) {
    multiply<8>(
        lanes,
        [&](int i, int k) { return tf32(lanes[i % 8 * 4 + k % 4]->a[i / 8 + k / 4 * 2]); },
        [&](int k, int j) { return tf32(lanes[j * 4 + k % 4]->b[k / 4]); });
  } else if (meeting == Meeting::bf16) {
    multiply<16>(
        lanes,
        [&](int i, int k) {
          return bf16(lanes[i % 8 * 4 + k % 8 / 2]->a[i / 8 + k / 8 * 2], k % 2);
        },
        [&](int k, int j) { return bf16(lanes[j * 4 + k % 8 / 2]->b[k / 8], k % 2); });
  }
}

/// Waits for the lanes of the mask; the last to come does the work for all.
void meet(Meeting meeting, unsigned mask) {
  Thread& self = *engine.self;
  const unsigned lane = self.linear % kLanesOfWarp, first = self.linear - lane;
  if (!(mask >> lane & 1U)) fail("lane %u is not in its own mask %08x", lane, mask);
  self.meeting = meeting;
  self.mask = mask;
  Thread* lanes[32];
  const unsigned lane_count = unsigned(std::min(engine.count - first, size_t(32)));
  for (unsigned i = 0; i < lane_count; ++i) lanes[i] = engine.threads[first + i].get();
  if (!all_met(lanes, lane_count, mask, meeting)) {
    self.state = State::at_meeting;
    leave();
    return;
  }
  conclude(lanes, mask, meeting);
  for (unsigned i = 0; i < lane_count; ++i) {
    if (!(mask >> i & 1U)) continue;
    lanes[i]->meeting = Meeting::none;
    lanes[i]->state = State::ready;
  }
}

}  // namespace

unsigned lane() { return engine.self->linear % kLanesOfWarp; }

uint64_t shuffle(unsigned mask, uint64_t bits, unsigned source) {
  engine.self->bits = bits;
  engine.self->source = source;
  meet(Meeting::shuffle, mask);
  return engine.self->bits;
}

unsigned ballot(unsigned mask, bool value) {
  engine.self->bits = value ? 1 : 0;
  meet(Meeting::ballot, mask);
  return unsigned(engine.self->bits);
}

void warp_barrier(unsigned mask) { meet(Meeting::barrier, mask); }

namespace {

void multiply_fragments(Meeting meeting, float (&d)[4], const uint32_t (&a)[4],
                        const uint32_t (&b)[2]) {
  Thread& self = *engine.self;
  std::memcpy(self.d, d, sizeof d);
  std::memcpy(self.a, a, sizeof a);
  std::memcpy(self.b, b, sizeof b);
  meet(meeting, 0xffffffffU);
  std::memcpy(d, self.d, sizeof d);
}

/// Whether 16 aligned bytes of this block's shared memory lie there.
bool is_shared_piece(const void* pointer) {
  const auto* at = static_cast<const unsigned char*>(pointer);
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0 && at >= engine.shared_base &&
         at + 16 <= engine.shared_base + engine.static_end;
}

void land(std::vector<Copy>& copies) {
  for (const Copy& copy : copies) {
    if (copy.global) {
      std::memcpy(copy.shared, copy.global, 16);
    } else {
      std::memset(copy.shared, 0, 16);
    }
  }
}

}  // namespace

void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply_fragments(Meeting::tf32, d, a, b);
}

void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply_fragments(Meeting::bf16, d, a, b);
}

void load_matrices_transposed(uint32_t (&d)[4], const void* row) {
  if (!is_shared_piece(row)) {
    fail("ldmatrix reads from %p: not a 16-byte aligned place in shared memory", row);
  }
  Thread& self = *engine.self;
  self.bits = reinterpret_cast<uintptr_t>(row);
  meet(Meeting::matrices, 0xffffffffU);
  std::memcpy(d, self.a, sizeof d);
}

void cp_async(void* shared, const void* global, bool valid) {
  if (!is_shared_piece(shared)) {
    fail("cp_async_16 writes to %p: not a 16-byte aligned place in shared memory", shared);
  }
  if (valid && (reinterpret_cast<uintptr_t>(global) % 16 != 0 || !is_allocated(global, 16))) {
    fail("cp_async_16 reads from %p: not 16 aligned bytes of an allocation", global);
  }
  engine.self->open.push_back({shared, valid ? global : nullptr});
}

void cp_async_commit() {
  engine.self->groups.push_back(std::move(engine.self->open));
  engine.self->open.clear();
}

void cp_async_wait(int pending) {
  auto& groups = engine.self->groups;
  engine.self->unpublished = engine.self->unpublished || groups.size() > size_t(pending);
  while (groups.size() > size_t(pending)) {
    land(groups.front());
    groups.erase(groups.begin());
  }
}

}  // namespace lth::cuda::emulate
