#include <string>
#include <utility>
#include <vector>

#include "cuda/emulate/memory.h"
#include "cuda/port.h"
#include "cuda/wgmma.h"
#include "tests/check.h"
#include "tests/emulated.h"

/// The emulator's products of warpgroups: what a GPU would compute, and a stop where it would be undefined.

using namespace lth;
using namespace lth::cuda;
using namespace lth::test;

namespace {

/// D = A B for A [64, 16], B [16, 144], by the figures and tables of the PTX ISA: fragments of
/// wgmma.m64nNk16, B transposed and not swizzled. Blocks of 8 k x 8 n lie [k / 8][n / 8], with 32 bytes
/// between those of n and a hole between those of k.
constexpr int kProductColumns = 144;
enum class Slip { none, no_fence, unpublished, changed_a };
void warpgroup_kernel(const float* a, const float* b, float* d, Slip slip) {
  constexpr int kColumns = kProductColumns, kBlock = 80, kHalf = kColumns / 8 * kBlock + 8;  // elements
  LTH_DYNAMIC_SHARED(uint16_t, shared);
  const int thread = int(threadIdx.x), warp = thread / 32, g = thread % 32 / 4, t = thread % 4;
  for (int i = thread; i < 16 * kColumns; i += 128) {
    const int k = i / kColumns, n = i % kColumns;
    shared[8 + k / 8 * kHalf + n / 8 * kBlock + k % 8 * 8 + n % 8] =
        uint16_t(pack_bf16(b[i], 0));
  }
  if (slip == Slip::unpublished) {
    cp_async_16(shared, a, true);
    cp_async_commit();
    cp_async_wait<0>();
  } else {
    publish_to_wgmma();
  }
  __syncthreads();
  uint4 left;
  const auto pair = [&](int row, int k) {
    const float* at = a + (16 * warp + row) * 16 + k;
    return pack_bf16(at[0], at[1]);
  };
  left.x = pair(g, 2 * t);
  left.y = pair(g + 8, 2 * t);
  left.z = pair(g, 2 * t + 8);
  left.w = pair(g + 8, 2 * t + 8);
  float sums[kColumns / 2];
  for (float& sum : sums) sum = 1;
  const uint64_t operand = matrix_descriptor(shared + 8, kHalf * 2, kBlock * 2);
  if (slip != Slip::no_fence) wgmma_fence();
  wgmma_m64k16_bf16<kColumns, Major::n>(sums, left, operand);
  wgmma_m64k16_bf16<kColumns, Major::n>(sums, left, operand);
  wgmma_commit();
  if (slip == Slip::changed_a) left.x = 0;
  d[64 * kColumns + thread] = sums[0];  // too early: the sums are not there yet
  wgmma_wait<0>();
  for (int i = 0; i < kColumns / 2; ++i) {
    const int row = 16 * warp + g + i % 4 / 2 * 8, column = i / 4 * 8 + 2 * t + i % 2;
    d[row * kColumns + column] = sums[i];
  }
}

void test_warpgroup_products(Stream stream) {
  std::vector<float> a(64 * 16), b(16 * kProductColumns);
  for (size_t i = 0; i < a.size(); ++i) a[i] = float(int(i * 7 % 23) - 11);
  for (size_t i = 0; i < b.size(); ++i) b[i] = float(int(i * 5 % 19) - 9);
  const DeviceArray<float> left(a, stream), right(b, stream), product(64 * kProductColumns + 128);
  constexpr size_t kShared = 6000;
  LTH_LAUNCH(warpgroup_kernel, 1, 128, kShared, stream, left.data(), right.data(), product.data(),
             Slip::none);
  const std::vector<float> got = fetch(product, stream);
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < kProductColumns; ++j) {
      double want = 0;
      for (int k = 0; k < 16; ++k) {
        want += double(a[size_t(i * 16 + k)]) * double(b[size_t(k * kProductColumns + j)]);
      }
      CHECK_EQ(double(got[size_t(i * kProductColumns + j)]), 1 + 2 * want);
    }
  }
  for (int i = 0; i < 128; ++i) CHECK_EQ(got[size_t(64 * kProductColumns + i)], 1.0f);
  const std::pair<Slip, const char*> slips[] = {
      {Slip::no_fence, "wgmma without a wgmma.fence"},
      {Slip::unpublished, "copies came that were not published"},
      {Slip::changed_a, "a register of A was changed before wgmma was waited for"},
  };
  for (const auto& [slip, words] : slips) {
    const std::string said = last_words([&, s = slip] {
      LTH_LAUNCH(warpgroup_kernel, 1, 128, kShared, stream, left.data(), right.data(),
                 product.data(), s);
    });
    context = said;
    CHECK(said.find(words) != std::string::npos);
  }
  context = last_words([&] {
    LTH_LAUNCH(warpgroup_kernel, 1, 96, kShared, stream, left.data(), right.data(), product.data(),
               Slip::none);
  });
  CHECK(context.find("a warpgroup of fewer than 128 threads") != std::string::npos);
  context.clear();
}

}  // namespace

int main() {
  const Stream stream = make_stream();
  test_warpgroup_products(stream);
  destroy_stream(stream);
  return finish();
}
