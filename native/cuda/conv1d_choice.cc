#include "cuda/conv1d_choice.h"

#include <iterator>
#include <limits>

#include "lth/error.h"

namespace lth::cuda::conv {
namespace {

constexpr std::string_view kNames[] = {"sparse", "simt", "tf32", "bf16", "wgmma"};
constexpr std::string_view kPasses[] = {"forward", "dgrad", "wgrad"};

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace

std::string ConvChoice::text() const {
  std::string result;
  const ConvKernel kernels[] = {forward, dgrad, wgrad};
  for (int i = 0; i < 3; ++i) {
    if (i > 0) result += ' ';
    result += std::string(kPasses[i]) + '=' + std::string(kNames[int(kernels[i])]);
  }
  return result;
}

ConvChoice ConvChoice::parse(std::string_view text) {
  ConvChoice choice;
  ConvKernel* kernels[] = {&choice.forward, &choice.dgrad, &choice.wgrad};
  std::string_view rest = text;
  for (int i = 0; i < 3; ++i) {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = end < rest.size() ? rest.substr(end + 1) : std::string_view();
    bool known = false;
    for (int k = 0; k < int(std::size(kNames)); ++k) {
      if (word == std::string(kPasses[i]) + '=' + std::string(kNames[k])) {
        *kernels[i] = ConvKernel(k);
        known = true;
      }
    }
    if (!known) {
      throw_range("A choice of convolution kernels reads forward=KERNEL dgrad=KERNEL wgrad=KERNEL, "
                  "KERNEL being sparse, simt, tf32, bf16 or wgmma: got " + quoted(text));
    }
  }
  if (!rest.empty()) throw_range("Nothing may follow a choice of convolution kernels: got " +
                                 quoted(text));
  return choice;
}

ConvKernel dense_kernel(Precision precision) {
  switch (precision) {
    case Precision::tf32: return ConvKernel::tf32;
    case Precision::bf16: return ConvKernel::bf16;
    default: return ConvKernel::simt;
  }
}

void check_choice(const ConvChoice& choice, const SparsePattern* pattern, Precision precision,
                  int arch) {
  for (const ConvKernel kernel : {choice.forward, choice.dgrad, choice.wgrad}) {
    const bool wgmma = kernel == ConvKernel::wgmma;
    const bool tensor = kernel == ConvKernel::tf32 || kernel == ConvKernel::bf16;
    if ((tensor && kernel != dense_kernel(precision)) ||
        (wgmma && precision != Precision::bf16)) {
      throw_range("The recorded kernels " + quoted(choice.text()) +
                  " need another precision than " +
                  std::string(precision == Precision::fp32
                                  ? "fp32"
                                  : kNames[int(dense_kernel(precision))]));
    }
    if (wgmma && !wgmma_runs(arch)) {
      throw_range("The recorded kernels " + quoted(choice.text()) +
                  " need a GPU of compute capability 9.0 and a build for it");
    }
    if (kernel == ConvKernel::sparse && !pattern) {
      throw_range("The recorded kernels " + quoted(choice.text()) +
                  " are for a pruned layer, but no weight of this one is pruned");
    }
  }
}

std::vector<ConvKernel> candidates(const SparsePattern* pattern, Precision precision, int arch) {
  std::vector<ConvKernel> result{dense_kernel(precision)};
  if (precision != Precision::fp32) result.push_back(ConvKernel::simt);
  if (precision == Precision::bf16 && wgmma_runs(arch)) result.push_back(ConvKernel::wgmma);
  if (pattern) result.push_back(ConvKernel::sparse);
  return result;
}

double sparse_threshold(Precision precision) {
  switch (precision) {
    case Precision::tf32: return 0.045;
    case Precision::bf16: return 0.024;
    default: return 0.25;
  }
}

ConvChoice choose(const Conv1dDesc& d, const SparsePattern* pattern, int live_out, int live_in,
                  Precision precision) {
  const double live = double(live_out) * live_in * d.kernel;
  if (pattern && double(pattern->nnz()) < sparse_threshold(precision) * live) {
    return {ConvKernel::sparse, ConvKernel::sparse, ConvKernel::sparse};
  }
  const ConvKernel dense = dense_kernel(precision);
  ConvChoice choice{dense, dense, dense};
  // Tensor cores contract over 8 or 16 input channels at once: with a single one (the stem) float
  // multiply-adds are as fast, and exact. The weight gradient's columns are not contracted.
  if (live_in == 1) choice.forward = ConvKernel::simt;
  if (live_out == 1) choice.dgrad = ConvKernel::simt;
  return choice;
}

ConvKernel fastest_kernel(ConvKernel usual, std::span<const TimedKernel> timed) {
  constexpr double kClearly = 0.9;
  TimedKernel best{usual, std::numeric_limits<double>::infinity()};
  for (const TimedKernel& t : timed) {
    if (t.kernel == usual) best.seconds = kClearly * t.seconds;
  }
  for (const TimedKernel& t : timed) {
    if (t.seconds < best.seconds) best = t;
  }
  return best.kernel;
}

}  // namespace lth::cuda::conv
