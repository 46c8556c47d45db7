// Convolutions with wgmma against the float64 reference, and in the emulator, where both add in
// the same order, forward and dgrad bit for bit against mma.sync.

#include "tests/cuda_conv1d_fixture.h"

namespace {

using namespace lth;
using namespace lth::test;

constexpr const char* kWgmma = "forward=wgmma dgrad=wgmma wgrad=wgmma";
constexpr const char* kMma = "forward=bf16 dgrad=bf16 wgrad=bf16";

/// @param sm_count few: contractions are not split, and tiles are wide
void check(const ConvCase& c, int sm_count, size_t shared = size_t(227) << 10) {
  const ConvRun run{Precision::bf16, kWgmma, sm_count, shared, c.out % 2 == 1, c.out % 3 == 1};
  run_conv(c, run);
#if LTH_CUDA_EMULATED
  if (sm_count > 1) return;
  ConvRun plain = run;
  plain.choice = kMma;
  ConvRunner wgmma(c, run), mma(c, plain);
  context = wgmma.describe() + " beside mma.sync";
  const std::vector<Host> got = wgmma.passes(), want = mma.passes();
  for (size_t i = 0; i < got.size(); ++i) {
    CHECK(std::memcmp(got[i].data(), want[i].data(), got[i].size() * sizeof(float)) == 0);
  }
  context.clear();
#endif
}

void shapes() {
  for (int stride : {1, 2}) {
    // Taps in all numbers of batches and rests; a last block of taps of one.
    for (int kernel : {1, 3, 4, 7, 8, 13, 16, 33}) {
      check({3, 21, 5, 7, kernel, stride, 1, true, kernel % 2 == 0}, 1);
    }
    // More rows than a warpgroup's, several chunks of channels, whole and split.
    check({17, 45, 37, 67, 16, stride, 1, true, true}, 1);
    check({3, 29, 41, 130, 16, stride, 1, true, true}, 132);
    check({2, 70, 17, 64, 9, stride, 1, false, true, false, 5}, 1, size_t(99) << 10);
    // Pruned: dead rows and channels are left out.
    check({4, 23, 20, 69, 16, stride, 0.5, true, true, false, 0, 3, 5}, 1);
    check({4, 23, 12, 21, 3, stride, 0.01, true, false, false, 0, 1, 1}, 132);
    check({2, 9, 5, 6, 4, stride, 0.0, true, true}, 132);
    check({2, 9, 5, 6, 4, stride, -1.0, false, true}, 132);
  }
  check({5, 35, 64, 4, 1, 1, 1, true}, 132);  // head
  check({17, 4, 3, 5, 2, 1, 1, true}, 132);   // a group without records
  check({1, 1, 1, 1, 1, 1, 1, false}, 1);
}

void refusals() {
  using cuda::conv::check_choice;
  using cuda::conv::ConvChoice;
  const ConvChoice wgmma = ConvChoice::parse(kWgmma);
  CHECK(wgmma.text() == kWgmma);
  for (int arch : {80, 86, 89, 100, 120}) {
    CHECK_THROWS(range, "need a GPU of compute capability 9.0",
                 check_choice(wgmma, nullptr, Precision::bf16, arch));
    for (auto kernel : cuda::conv::candidates(nullptr, Precision::bf16, arch)) {
      CHECK(kernel != cuda::conv::ConvKernel::wgmma);
    }
  }
  CHECK_THROWS(range, "need another precision than tf32",
               check_choice(wgmma, nullptr, Precision::tf32, 90));
}

}  // namespace

int main() {
  exit_without_cuda();
  refusals();
  const int arch = cuda::device_info(0).arch;
  if (!cuda::conv::wgmma_runs(arch)) {
    std::printf("wgmma is not tested: it is for compute capability 9.0, this is %d.%d\n", arch / 10,
                arch % 10);
    return finish();
  }
  const auto found = cuda::conv::candidates(nullptr, Precision::bf16, arch);
  CHECK(std::count(found.begin(), found.end(), cuda::conv::ConvKernel::wgmma) == 1);
  shapes();
  print_conv_summary();
  return finish();
}
