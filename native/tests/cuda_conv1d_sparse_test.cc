// The sparse convolution kernels, and the choice of kernels, against the float64 reference.

#include "tests/cuda_conv1d_fixture.h"

namespace {

using namespace lth;
using namespace lth::test;

constexpr const char* kSparse = "forward=sparse dgrad=sparse wgrad=sparse";

void densities() {
  for (double density : {0.9, 0.5, 0.1, 0.01, 0.0, -1.0}) {
    for (int stride : {1, 2}) {
      run_conv({19, 37, 7, 11, 5, stride, density, true, true}, {Precision::fp32, kSparse, 132});
      run_conv({16, 101, 17, 13, 16, stride, density, false, false, true, 5},
               {Precision::tf32, kSparse, 1, size_t(64) << 10});
      run_conv({3, 53, 37, 70, 16, stride, density, true, true, false, 0, 5, 3},
               {Precision::bf16, kSparse, 132, size_t(99) << 10, false, density > 0.05});
    }
  }
}

void small_shapes() {
  int i = 0;
  for (int kernel : {1, 2, 3, 15, 16, 17, 33, 70}) {
    for (int stride : {1, 2}) {
      for (int length : {1, 2, 5, 24, 31}) {
        run_conv({2, length, 3, 5, kernel, stride, 0.4, length > 2, kernel % 2 == 0},
                 {Precision::fp32, kSparse, ++i % 2 ? 132 : 1});
      }
    }
  }
  run_conv({17, 90, 1, 32, 16, 1, 0.3, true}, {Precision::fp32, kSparse, 132});
  run_conv({5, 35, 64, 4, 1, 1, 0.3, true}, {Precision::fp32, kSparse, 132});
  run_conv({1, 4000, 1, 2, 3, 1, 0.7, false, false, true}, {Precision::fp32, kSparse, 4});
}

/// A tile with more entries than its warps hold at once.
void many_entries() {
  run_conv({2, 19, 33, 35, 16, 1, 0.8, true}, {Precision::fp32, kSparse, 132});
}

/// Kernels mixed, each pass with its own.
void mixed() {
  run_conv({5, 40, 20, 24, 16, 2, 0.2, true, true},
           {Precision::tf32, "forward=sparse dgrad=tf32 wgrad=simt", 132, size_t(227) << 10, true});
  run_conv({5, 40, 20, 24, 16, 1, 0.2, true, true},
           {Precision::bf16, "forward=bf16 dgrad=simt wgrad=sparse", 132, size_t(227) << 10, true});
}

std::string chosen(double density, Precision precision) {
  const Conv1dDesc desc{32, 32, 16, 1, 7};
  SparsePattern pattern{32, 512, {0}, {}};
  for (int r = 0; r < 32; ++r) {
    // Spread over all channels, so that none is dead.
    const int count = int(density * 512 + 0.5);
    for (int e = 0; e < count; ++e) {
      pattern.column.push_back((e * 512 + r * 16 % 512) / count % 512);
    }
    std::sort(pattern.column.end() - count, pattern.column.end());
    pattern.row_begin.push_back(int32_t(pattern.column.size()));
  }
  return cuda::plan_conv1d(desc, &pattern, precision, cuda::device_info(0))->describe();
}

void choice() {
  CHECK(chosen(0.5, Precision::fp32) == "forward=simt dgrad=simt wgrad=simt");
  CHECK(chosen(0.2, Precision::fp32) == kSparse);
  CHECK(chosen(0.2, Precision::tf32) == "forward=tf32 dgrad=tf32 wgrad=tf32");
  CHECK(chosen(0.031, Precision::tf32) == kSparse);
  CHECK(chosen(0.031, Precision::bf16) == "forward=bf16 dgrad=bf16 wgrad=bf16");
  CHECK(chosen(0.016, Precision::bf16) == kSparse);
  // One live input channel: nothing for the tensor cores to contract.
  const auto stem = cuda::plan_conv1d({1, 32, 16, 1, 7}, nullptr, Precision::tf32,
                                      cuda::device_info(0));
  CHECK(stem->describe() == "forward=simt dgrad=tf32 wgrad=tf32");

  const auto as = [](const char* text, Precision precision) {
    return cuda::plan_conv1d_as(text, {2, 3, 4, 1, 1}, nullptr, precision, cuda::device_info(0));
  };
  CHECK(as("forward=simt dgrad=tf32 wgrad=simt", Precision::tf32)->describe() ==
        "forward=simt dgrad=tf32 wgrad=simt");
  CHECK_THROWS(range, "reads forward=KERNEL", as("forward=dense dgrad=tf32 wgrad=tf32",
                                                 Precision::tf32));
  CHECK_THROWS(range, "reads forward=KERNEL", as("forward=tf32 dgrad=tf32", Precision::tf32));
  CHECK_THROWS(range, "Nothing may follow",
               as("forward=tf32 dgrad=tf32 wgrad=tf32 more", Precision::tf32));
  CHECK_THROWS(range, "another precision",
               as("forward=tf32 dgrad=tf32 wgrad=tf32", Precision::bf16));
  CHECK_THROWS(range, "no weight of this one is pruned", as(kSparse, Precision::fp32));
}

/// Timing picks some kernels of the precision; their plan repeats from its text.
void timed(Precision precision) {
  const Conv1dDesc desc{3, 5, 4, 1, 1};
  SparsePattern pattern{5, 12, {0, 1, 2, 3, 4, 5}, {0, 3, 5, 7, 11}};
  const cuda::Stream stream = cuda::make_stream();
  for (const SparsePattern* p : {static_cast<const SparsePattern*>(nullptr),
                                 static_cast<const SparsePattern*>(&pattern)}) {
    const auto plan =
        cuda::time_and_choose(desc, p, precision, cuda::device_info(0), {3, 9}, stream);
    const std::string text = plan->describe();
    CHECK(cuda::plan_conv1d_as(text, desc, p, precision, cuda::device_info(0))->describe() == text);
  }
  cuda::destroy_stream(stream);
}

/// Only a clear gain changes what the density decides.
void clearly_faster() {
  using cuda::conv::ConvKernel;
  using cuda::conv::TimedKernel;
  const auto with = [](double sparse) {
    const TimedKernel timed[] = {
        {ConvKernel::tf32, 1.0}, {ConvKernel::simt, 0.95}, {ConvKernel::sparse, sparse}};
    return cuda::conv::fastest_kernel(ConvKernel::tf32, timed);
  };
  CHECK(with(0.91) == ConvKernel::tf32);
  CHECK(with(0.89) == ConvKernel::sparse);
  CHECK(with(2) == ConvKernel::tf32);
  const TimedKernel others[] = {{ConvKernel::simt, 3}, {ConvKernel::sparse, 2}};
  CHECK(cuda::conv::fastest_kernel(ConvKernel::tf32, others) == ConvKernel::sparse);
}

}  // namespace

int main() {
  lth::test::exit_without_cuda();
  densities();
  small_shapes();
  many_entries();
  mixed();
  choice();
  timed(Precision::tf32);
  timed(Precision::bf16);
  clearly_faster();
  print_conv_summary();
  return lth::test::finish();
}
