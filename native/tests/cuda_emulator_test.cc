#include <cmath>
#include <string>

#include "cuda/emulate/memory.h"
#include "cuda/port.h"
#include "tests/check.h"
#include "tests/emulated.h"
#include "tests/small_net.h"

/// The emulator itself: it computes what a GPU would, and stops at what a GPU would get wrong.

using namespace lth;
using namespace lth::cuda;
using namespace lth::test;

namespace {

void sum_kernel(const float* x, float* y, int count) {
  LTH_SHARED(part, float[8]);
  float sum = 0;
  for (int i = int(threadIdx.x); i < count; i += int(blockDim.x)) sum += x[i];
  for (int distance = 16; distance > 0; distance /= 2) {
    sum += __shfl_down_sync(kAllLanes, sum, unsigned(distance));
  }
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  y[blockIdx.x] = float(blockIdx.x);
  for (unsigned w = 0; w < blockDim.x / 32; ++w) y[blockIdx.x] += part[w];
}

void ballot_kernel(unsigned* votes) {
  const unsigned odd = __ballot_sync(kAllLanes, threadIdx.x % 2);
  // Half warps go their own ways.
  const bool low = threadIdx.x < 16;
  const unsigned half = low ? 0x0000ffffU : 0xffff0000U;
  const unsigned ahead = __shfl_sync(half, threadIdx.x, low ? 3 : 20);
  if (threadIdx.x == 0) votes[0] = odd;
  votes[1 + threadIdx.x] = ahead;
}

/// D = A B for A [16, K], B [K, 8], fragments by the tables of the PTX ISA.
template <bool kBf16>
void multiply_kernel(const float* a, const float* b, float* d) {
  constexpr int K = kBf16 ? 16 : 8;
  const int g = int(threadIdx.x) / 4, t = int(threadIdx.x) % 4;
  float sum[4] = {0, 0, 0, 0};
  uint32_t left[4], right[2];
  for (int i = 0; i < 4; ++i) {
    const int row = g + i % 2 * 8;
    left[i] = kBf16 ? pack_bf16(a[row * K + 2 * t + i / 2 * 8], a[row * K + 2 * t + i / 2 * 8 + 1])
                    : to_tf32(a[row * K + t + i / 2 * 4]);
  }
  for (int i = 0; i < 2; ++i) {
    right[i] = kBf16 ? pack_bf16(b[(2 * t + 8 * i) * 8 + g], b[(2 * t + 8 * i + 1) * 8 + g])
                     : to_tf32(b[(t + 4 * i) * 8 + g]);
  }
  if constexpr (kBf16) {
    mma_m16n8k16_bf16(sum, left, right);
  } else {
    mma_m16n8k8_tf32(sum, left, right);
  }
  d[g * 8 + 2 * t] = sum[0];
  d[g * 8 + 2 * t + 1] = sum[1];
  d[(g + 8) * 8 + 2 * t] = sum[2];
  d[(g + 8) * 8 + 2 * t + 1] = sum[3];
}

/// Element 8 r + c of matrix m, counted through all four, where the table of the PTX ISA has it.
void matrices_kernel(uint32_t* d) {
  LTH_SHARED(rows, uint4[32]);
  auto* const elements = reinterpret_cast<uint16_t*>(rows + threadIdx.x);
  for (unsigned c = 0; c < 8; ++c) elements[c] = uint16_t(8 * threadIdx.x + c);
  __syncthreads();
  uint32_t words[4];
  load_matrices_transposed(words, rows + threadIdx.x);
  for (int m = 0; m < 4; ++m) d[4 * threadIdx.x + unsigned(m)] = words[m];
}

/// Copies that are read before they are waited for show as NaN.
void copy_kernel(const float* x, float* early, float* late) {
  LTH_DYNAMIC_SHARED(float, tile);
  cp_async_16(tile + 4 * threadIdx.x, x + 4 * threadIdx.x, threadIdx.x != 3);
  cp_async_commit();
  early[threadIdx.x] = tile[4 * threadIdx.x];
  cp_async_wait<0>();
  __syncthreads();
  for (unsigned i = 4 * threadIdx.x; i < 4 * threadIdx.x + 4; ++i) late[i] = tile[i];
}

enum class Mistake {
  half_barrier,
  missing_lane,
  outside_write,
  far_write,
  shared_write,
  two_masks,
  unaligned_copy,
  unaligned_matrices,
  unwritten
};

void mistaken_kernel(float* y, Mistake mistake) {
  LTH_SHARED(tile, float[32]);
  switch (mistake) {
    case Mistake::half_barrier:
      if (threadIdx.x < 3) __syncthreads();
      break;
    case Mistake::missing_lane:
      if (threadIdx.x < 3) y[0] = __shfl_sync(kAllLanes, 1.0f, 0);
      break;
    case Mistake::outside_write:
      y[64] = 0;
      break;
    case Mistake::far_write:
      y[1 << 22] = 0;
      break;
    case Mistake::shared_write:
      tile[threadIdx.x + 1] = 0;
      break;
    case Mistake::two_masks:
      __syncwarp(threadIdx.x < 3 ? kAllLanes : 0xfffffff8U);
      break;
    case Mistake::unaligned_copy:
      cp_async_16(tile, y + 1, true);
      break;
    case Mistake::unwritten:
      y[0] = __uint_as_float(load_written(reinterpret_cast<const uint4*>(y) + 1).x);
      break;
    case Mistake::unaligned_matrices:
      uint32_t words[4];
      load_matrices_transposed(words, tile + 2);
      break;
  }
}

void test_kernels(Stream stream) {
  std::vector<float> numbers(1000);
  for (int i = 0; i < 1000; ++i) numbers[size_t(i)] = float(i);
  const DeviceArray<float> x(numbers, stream), y(4);
  LTH_LAUNCH(sum_kernel, 2, 256, 0, stream, x.data(), y.data(), 1000);
  const std::vector<float> sums = fetch(y, stream);
  CHECK_EQ(sums[0], 499500.0f);
  CHECK_EQ(sums[1], 499501.0f);
  CHECK(std::isnan(sums[2]));  // new memory holds NaN

  const DeviceArray<unsigned> votes(33);
  LTH_LAUNCH(ballot_kernel, 1, 32, 0, stream, votes.data());
  const std::vector<unsigned> got = fetch(votes, stream);
  CHECK_EQ(got[0], 0xaaaaaaaaU);
  CHECK_EQ(got[1 + 5], 3U);
  CHECK_EQ(got[1 + 25], 20U);

  const DeviceArray<float> early(32), late(128);
  LTH_LAUNCH(copy_kernel, 1, 32, 512, stream, x.data(), early.data(), late.data());
  for (float value : fetch(early, stream)) CHECK(std::isnan(value));
  const std::vector<float> copied = fetch(late, stream);
  for (int i = 0; i < 128; ++i) CHECK_EQ(copied[size_t(i)], i / 4 == 3 ? 0.0f : float(i));
}

void test_matrix_products(Stream stream) {
  for (bool bf16 : {false, true}) {
    const int depth = bf16 ? 16 : 8;
    std::vector<float> a(size_t(16 * depth)), b(size_t(8 * depth));
    for (size_t i = 0; i < a.size(); ++i) a[i] = float(int(i * 7 % 23) - 11);
    for (size_t i = 0; i < b.size(); ++i) b[i] = float(int(i * 5 % 19) - 9);
    const DeviceArray<float> left(a, stream), right(b, stream), product(128);
    if (bf16) {
      LTH_LAUNCH((multiply_kernel<true>), 1, 32, 0, stream, left.data(), right.data(),
                 product.data());
    } else {
      LTH_LAUNCH((multiply_kernel<false>), 1, 32, 0, stream, left.data(), right.data(),
                 product.data());
    }
    const std::vector<float> got = fetch(product, stream);
    for (int i = 0; i < 16; ++i) {
      for (int j = 0; j < 8; ++j) {
        double want = 0;
        for (int k = 0; k < depth; ++k) {
          want += double(a[size_t(i * depth + k)]) * double(b[size_t(k * 8 + j)]);
        }
        CHECK_EQ(double(got[size_t(i * 8 + j)]), want);
      }
    }
  }
}

void test_matrices(Stream stream) {
  const DeviceArray<uint32_t> words(128);
  LTH_LAUNCH(matrices_kernel, 1, 32, 0, stream, words.data());
  const std::vector<uint32_t> got = fetch(words, stream);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    for (uint32_t m = 0; m < 4; ++m) {
      const uint32_t row = 8 * m + lane % 4 * 2, column = lane / 4;
      CHECK_EQ(got[4 * lane + m], (8 * row + column) | (8 * (row + 1) + column) << 16);
    }
  }
}

void test_rounding() {
  CHECK_EQ(__uint_as_float(to_tf32(1.0f + 0x1p-11f)), 1.0f + 0x1p-10f);  // ties away from zero
  CHECK_EQ(__uint_as_float(to_tf32(-1.0f - 0x1p-11f)), -1.0f - 0x1p-10f);
  CHECK_EQ(__uint_as_float(to_tf32(1.0f + 0x1.ffp-12f)), 1.0f);
  CHECK(std::isnan(__uint_as_float(to_tf32(NAN))));
  const uint32_t pair = pack_bf16(1.0f + 0x1p-8f, 1.0f + 0x1.8p-7f);  // ties to even
  CHECK_EQ(bf16_low(pair), 1.0f);
  CHECK_EQ(bf16_high(pair), 1.0f + 0x1p-6f);
  CHECK(std::isnan(bf16_low(pack_bf16(NAN, 0))));
}

/// What is captured does not run, and runs with the arguments that it was captured with.
void test_graphs(Stream stream) {
  const DeviceArray<float> x(std::vector<float>(100, 1.0f), stream), y(1);
  begin_capture(stream);
  CHECK(is_capturing(stream));
  LTH_LAUNCH(sum_kernel, 1, 256, 0, stream, x.data(), y.data(), 10);
  const Graph graph = end_capture(stream);
  CHECK_EQ(nodes_captured(), size_t(1));
  CHECK(!is_capturing(stream));
  CHECK(std::isnan(fetch(y, stream)[0]));
  launch_graph(graph, stream);
  const std::vector<float> got = fetch(y, stream);
  CHECK_EQ(got[0], 10.0f);
  destroy_graph(graph);
}

void test_mistakes(Stream stream) {
  const DeviceArray<float> y(64);
  const std::pair<Mistake, const char*> mistakes[] = {
      {Mistake::half_barrier, "3 wait at __syncthreads"},
      {Mistake::missing_lane, "3 in a warp-wide operation whose other lanes do not come"},
      {Mistake::outside_write, "wrote outside the allocation of 256 bytes"},
      {Mistake::far_write, "is outside every allocation"},
      {Mistake::shared_write, "wrote outside its shared arrays"},
      {Mistake::two_masks, "3 in a warp-wide operation whose other lanes do not come"},
      {Mistake::unaligned_copy, "cp_async_16 reads from"},
      {Mistake::unaligned_matrices, "ldmatrix reads from"},
      {Mistake::unwritten, "16 bytes are read at"},
  };
  for (const auto& [mistake, words] : mistakes) {
    const std::string got = last_words([&, m = mistake] {
      LTH_LAUNCH(mistaken_kernel, 1, 32, 0, stream, y.data(), m);
    });
    context = got;
    CHECK(got.find(words) != std::string::npos);
    CHECK(got.find("mistaken_kernel <<<(1, 1, 1), (32, 1, 1)>>>") != std::string::npos);
  }
  context.clear();
  const auto says = [](const std::string& got, const char* words) {
    return got.find(words) != std::string::npos;
  };
  CHECK(says(last_words([&] { y.data()[0] = 1; }), "the host touched device memory"));
  CHECK(says(last_words([&] {
          begin_capture(stream);
          device_malloc(10);
        }),
        "an allocation while a stream is captured"));
  CHECK(says(last_words([&] { copy_to_device(y.data() + 60, "12345678901234567890", 20, stream); }),
             "not all in one allocation"));
}

void test_memory_limit() {
  const size_t limit = emulate::memory_limit();
  emulate::set_memory_limit(emulate::memory_in_use() + 1000);
  CHECK_THROWS(state, "Cannot allocate 2000 bytes on the GPU: 1000 of", device_malloc(2000));
  device_free(device_malloc(900));
  emulate::set_memory_limit(limit);
}

/// A plan asks for no memory of the device; building the same step does.
void test_planning_allocates_nothing() {
  const std::shared_ptr<Backend> backend = make_cuda_backend({});
  const auto parameter = [&](std::vector<int> shape) {
    return std::make_shared<Parameter>(*backend, std::move(shape));
  };
  const auto weight = parameter({3, 2, 5}), bias = parameter({3});
  const auto gamma = parameter({3}), beta = parameter({3});
  const auto mean = std::make_shared<Buffer>(*backend, 3);
  const auto variance = std::make_shared<Buffer>(*backend, 3);
  const size_t before = emulate::memory_in_use();
  ProgramBuilder b(backend, 17, 1000, 0);
  const Value x = b.conv1d(b.input(2, 1000), weight, bias, 1, -1);
  const Value y = b.norm(x, {gamma, beta, mean, variance, 1e-3f, 0.1f, true, true, 0.5});
  b.backward(y, b.cross_entropy(y, {.class_weights = {1, 2, 3}}));
  const size_t planned = b.planned_bytes();
  CHECK_EQ(emulate::memory_in_use(), before);
  const auto program = b.build();
  // The bits of dropout alone are 2 groups of 3 channels of 1000 positions.
  CHECK(emulate::memory_in_use() >= before + planned + 2 * 3 * 1000 * sizeof(uint16_t));
}

/// After a kernel's fault every call fails. That is an error of the run, and what is freed
/// afterwards must not make it the end of the process.
void test_lost_device() {
  const OptimizerSettings adam{.kind = OptimizerKind::adam};
  {
    Net net(make_cuda_backend({}));
    const auto program = net.build({.optimizer = &adam});
    const std::vector<int32_t> batch = net_batch();
    const StepInputs inputs{.records = batch, .learning_rate = 0.01f};
    program->run(inputs);
    program->run(inputs);  // captured
    emulate::set_lost(true);
    CHECK_THROWS(state, "the device is lost", program->run(inputs));
    CHECK_THROWS(state, "the device is lost", net.state());
  }
  emulate::set_lost(false);
  CHECK(std::isfinite(Net(make_cuda_backend({})).build({})->run({.records = net_batch()}).loss));
}

}  // namespace

int main() {
  const Stream stream = make_stream();
  test_kernels(stream);
  test_matrix_products(stream);
  test_matrices(stream);
  test_rounding();
  test_graphs(stream);
  test_mistakes(stream);
  test_memory_limit();
  test_planning_allocates_nothing();
  test_lost_device();
  destroy_stream(stream);
  return finish();
}
