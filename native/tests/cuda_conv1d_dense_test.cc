// The dense convolution kernels of every precision against the float64 reference.

#include "tests/cuda_conv1d_fixture.h"

namespace {

using namespace lth;
using namespace lth::test;

constexpr Precision kPrecisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

const char* dense(Precision p) {
  return p == Precision::tf32   ? "forward=tf32 dgrad=tf32 wgrad=tf32"
         : p == Precision::bf16 ? "forward=bf16 dgrad=bf16 wgrad=bf16"
                                : "forward=simt dgrad=simt wgrad=simt";
}

/// Every kernel length at every stride and length: K > L, L = 1, stride 2 on odd lengths, more taps
/// than a block of them.
void small_shapes() {
  int i = 0;
  for (int kernel : {1, 2, 3, 15, 16, 17, 33, 70}) {
    for (int stride : {1, 2}) {
      for (int length : {1, 2, 5, 24, 31}) {
        const Precision p = kPrecisions[i++ % 3];
        const ConvCase c{2, length, 3, 5, kernel, stride, 1, length > 2, kernel % 2 == 0};
        run_conv(c, {p, dense(p), i % 2 ? 132 : 1, size_t(227) << 10, i % 4 < 2});
      }
    }
  }
}

void all_precisions() {
  for (const Precision p : kPrecisions) {
    for (const bool rounded : {true, false}) {
      if (p == Precision::fp32 && rounded) continue;
      const auto run = [&](const ConvCase& c, int sm_count, size_t shared = size_t(227) << 10) {
        run_conv(c, {p, dense(p), sm_count, shared, rounded, c.out % 2 == 1});
      };
      for (int stride : {1, 2}) {
        // Primes, ragged, records that are no multiple of 16.
        run({19, 37, 7, 11, 5, stride, 1, true, true}, 132);
        run({16, 101, 17, 13, 16, stride, 1, false, false, true, 5}, 4);
        // More rows than a warp's, several chunks of channels, the contraction split and whole.
        run({3, 29, 41, 67, 16, stride, 1, true, true}, 132);
        run({3, 29, 41, 67, 16, stride, 1, true, false}, 1, size_t(64) << 10);
        run({1, 150, 9, 33, 16, stride, 1, false, true}, 1);
        // Pruned: dead rows and channels are left out, exact zeros where pruned.
        run({4, 23, 12, 37, 16, stride, 0.5, true, true, false, 0, 3, 5}, 132);
        run({4, 23, 12, 21, 3, stride, 0.01, true, false, false, 0, 1, 1}, 132);
        run({2, 9, 5, 6, 4, stride, 0.0, true, true}, 132);
        run({2, 9, 5, 6, 4, stride, -1.0, false, true}, 132);
      }
      run({17, 90, 1, 32, 16, 1, 1, true}, 132);    // stem
      run({5, 35, 64, 4, 1, 1, 1, true}, 132);      // head
      run({33, 9, 2, 3, 3, 1, 1, true}, 132);
      run({4, 7, 1, 1, 1, 1, 1, true}, 132);
    }
  }
}

/// Float multiply-adds on activations of bf16.
void simt_of_bf16() {
  const Precision p = Precision::bf16;
  const char* const simt = dense(Precision::fp32);
  for (int stride : {1, 2}) {
    run_conv({19, 37, 7, 11, 5, stride, 1, true, true}, {p, simt, 132});
    run_conv({3, 29, 41, 67, 16, stride, 1, true, false}, {p, simt, 1, size_t(64) << 10});
    run_conv({4, 23, 12, 37, 16, stride, 0.5, true, true, false, 0, 3, 5}, {p, simt, 132});
    run_conv({2, 31, 3, 5, 33, stride, 1, true}, {p, simt, 4});
  }
  run_conv({17, 90, 1, 32, 16, 1, 1, true}, {p, "", 132});  // stem
  run_conv({1, 4000, 1, 2, 3, 1, 1, false, false, true}, {p, simt, 4});
}

/// Records longer than a stage of the strict kernels' short chains.
void long_sums() {
  run_conv({1, 4000, 1, 2, 3, 1, 1, false, false, true}, {Precision::fp32, "", 4});
  run_conv({20, 500, 2, 3, 16, 2, 1, true, true, true}, {Precision::fp32, "", 4});
}

/// No records at all in a group.
void empty() {
  for (const Precision p : kPrecisions) {
    run_conv({17, 4, 3, 5, 2, 1, 1, true}, {p, dense(p), 132});
  }
}

}  // namespace

int main() {
  lth::test::exit_without_cuda();
  small_shapes();
  all_precisions();
  simt_of_bf16();
  long_sums();
  empty();
  print_conv_summary();
  return lth::test::finish();
}
