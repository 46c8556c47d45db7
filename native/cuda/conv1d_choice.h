#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cuda/device.h"
#include "lth/conv1d_desc.h"
#include "lth/sparse_pattern.h"

namespace lth::cuda::conv {

enum class ConvKernel {
  sparse,  ///< surviving weights only, float
  simt,    ///< dense, float multiply-adds
  tf32,    ///< dense, tensor cores
  bf16,    ///< dense, tensor cores
  wgmma,   ///< dense, bf16 on the tensor cores of sm_90a
};

struct ConvChoice {
  ConvKernel forward = ConvKernel::simt;
  ConvKernel dgrad = ConvKernel::simt;
  ConvKernel wgrad = ConvKernel::simt;

  bool operator==(const ConvChoice&) const = default;
  /// "forward=tf32 dgrad=sparse wgrad=tf32"
  std::string text() const;
  /// The inverse of text(). Throws Error(range) for anything else.
  static ConvChoice parse(std::string_view text);
};

/// The dense kernel of a precision.
ConvKernel dense_kernel(Precision precision);

/// Throws Error(range) if a kernel needs another precision or another GPU, or a list of survivors
/// although the layer is dense.
/// @param arch of the device, 10 * major + minor
void check_choice(const ConvChoice& choice, const SparsePattern* pattern, Precision precision,
                  int arch);

/// Whether this build has wgmma for devices of this architecture: it is compiled for sm_90a, which
/// runs on 9.0 and nothing else (conv1d_wgmma.cu, no_wgmma.cu).
bool wgmma_runs(int arch);

/// The kernels that may be worth timing.
std::vector<ConvKernel> candidates(const SparsePattern* pattern, Precision precision, int arch);

/// Density below which the sparse kernels are taken: 0.024 against bf16, 0.045 against tf32, 0.25
/// against float (computed: one load per multiply-add caps them at a quarter of the float peak).
double sparse_threshold(Precision precision);

/// By density among the live rows and channels, which is what the dense kernels work on.
/// @param live_out, live_in channels with survivors
ConvChoice choose(const Conv1dDesc& desc, const SparsePattern* pattern, int live_out, int live_in,
                  Precision precision);

struct TimedKernel {
  ConvKernel kernel;
  double seconds;
};

/// The fastest kernel if it is faster than the default one by a tenth, else the default one, so
/// that noise does not decide and runs of one seed mostly agree. The fastest if the default was not
/// timed.
ConvKernel fastest_kernel(ConvKernel usual, std::span<const TimedKernel> timed);

}  // namespace lth::cuda::conv
