// Counts the instructions of three kernels with valgrind's callgrind, so that a change that makes
// them longer is noticed on any machine, however busy. The unit is a multiply-add of one AVX2
// register. Times are left to the benchmarks.
//
// The program starts itself under valgrind, once with one call of a kernel and once with three;
// half of the difference is what one call takes.

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "bench/random_pattern.h"
#include "cpu/kernel_table.h"
#include "lth/isa.h"
#include "tests/check.h"

using namespace lth;
using namespace lth::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr int kRecords = 16, kChannels = 8, kKernel = 16, kLength = 280;
constexpr double kDensity = 0.2;

enum class Kernel { dense_forward, sparse_forward, sparse_wgrad };

/// The most instructions per multiply-add: a tenth more than what GCC 12's code takes.
struct Limit {
  Kernel kernel;
  const char* name;
  double usual;
};
constexpr Limit kLimits[] = {
    {Kernel::dense_forward, "dense forward", 2.13},
    {Kernel::sparse_forward, "sparse forward", 1.93},
    {Kernel::sparse_wgrad, "sparse wgrad", 3.36},
};
constexpr double kMargin = 1.1;

/// Ends the test with the reason.
[[noreturn]] void skip(const std::string& reason) {
  std::printf("SKIPPED: instructions are not counted: %s\n0 passed, 0 failed, 1 skipped\n",
              reason.c_str());
  std::exit(0);
}

SparsePattern pattern() {
  return bench::random_pattern(kChannels, kChannels * kKernel, kDensity);
}

/// Multiply-adds of AVX2 registers in one call.
double work_of(Kernel kernel) {
  const double weights = kernel == Kernel::dense_forward ? kChannels * kChannels * kKernel
                                                         : double(pattern().nnz());
  return weights * kRecords * kLength / 8;
}

/// An activation of this test, zeros.
struct Tensor {
  alignas(64) int32_t lengths[kLanes];
  Activation view{{kRecords, kChannels, kLength, kKernel}, nullptr, lengths};
  std::vector<float> memory;

  Tensor() : memory(view.elements() + 16) {
    for (int32_t& length : lengths) length = kLength;
    void* p = memory.data();
    size_t space = memory.size() * sizeof(float);
    view.data = static_cast<float*>(std::align(64, view.elements() * sizeof(float), p, space));
  }
};

#if LTH_X86

void run(Kernel kernel, int calls) {
  const cpu::KernelTable& table = cpu::avx2::kernel_table();
  cpu::ThreadPool pool(1);
  const Conv1dDesc d{kChannels, kChannels, kKernel, 1, same_pad_left(kLength, kKernel, 1)};
  const SparsePattern survivors = pattern();
  const auto plan =
      table.plan_conv1d(d, kernel == Kernel::dense_forward ? nullptr : &survivors, pool);
  Tensor x, y;
  std::vector<float> weight(size_t(d.weight_count())), bias(kChannels), dweight(weight.size()),
      dbias(kChannels);
  for (int i = 0; i < calls; ++i) {
    if (kernel == Kernel::sparse_wgrad) {
      table.conv1d_wgrad({plan.get(), x.view, y.view, dweight.data(), dbias.data()}, pool);
    } else {
      table.conv1d_forward({plan.get(), weight.data(), bias.data(), x.view, nullptr, y.view}, pool);
    }
  }
}

#else

void run(Kernel, int) {}

#endif

/// Output of a shell command, and whether it ended with 0.
std::pair<std::string, bool> output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return {std::strerror(errno), false};
  char part[512];
  while (std::fgets(part, sizeof(part), pipe)) text += part;
  return {text, pclose(pipe) == 0};
}

/// Instructions of this program with so many calls of a kernel.
double instructions(const std::string& self, Kernel kernel, int calls) {
  const auto [text, good] =
      output_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null '" + self + "' " +
                std::to_string(int(kernel)) + " " + std::to_string(calls));
  const size_t at = text.find("Collected : ");
  CHECK(good && at != std::string::npos);
  if (good && at != std::string::npos) return std::atof(text.c_str() + at + 12);
  std::fprintf(stderr, "%s\n", text.c_str());
  return 0;
}

void test_counts(const std::string& self) {
  for (const auto& [kernel, name, usual] : kLimits) {
    context = name;
    const double one = instructions(self, kernel, 1), three = instructions(self, kernel, 3);
    const double count = (three - one) / 2 / work_of(kernel);
    std::printf("%s: %.3f instructions per multiply-add, usually %.3f\n", name, count, usual);
    CHECK(count > 1);  // fewer than the multiply-adds themselves: something was not run
    CHECK(count <= kMargin * usual);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    run(Kernel(std::atoi(argv[1])), std::atoi(argv[2]));
    return 0;
  }
  if (kSanitized) skip("valgrind cannot run a program that is built with a sanitizer");
  if (!LTH_X86) skip("they are those of the AVX2 kernels, which this processor does not have");
#if !defined(__GNUC__) || defined(__clang__)
  skip("the limits are those of GCC's code");
#endif
  try {
    resolve_isa(Isa::avx2);
  } catch (const Error& error) {
    skip(error.what());
  }
  if (!output_of("valgrind --version").second) skip("valgrind is not installed");
  test_counts(argv[0]);
  return finish();
}
