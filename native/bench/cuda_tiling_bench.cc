// How the passes of the full network's convolutions are cut into blocks on a GPU, and what the model
// that chose says of them. Computed on the host: no GPU is needed, and none has been asked.
//
//   cuda_tiling_bench [--records N] [--length L] [--sms N] [--shared KIB] [--markdown]
//
// One row per shape of a layer, at the first block that has it, then the sums over all 33 passes. Times
// are cycles over 1.755 GHz, an H200's clock under load.

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "cuda/conv1d_engines.h"

namespace {

using namespace lth;
using namespace lth::cuda::conv;

constexpr double kHertz = 1.755e9;

struct Settings {
  int records = 32, length = 8960, sms = 132;
  size_t shared = size_t(227) << 10;
  bool markdown = false;
};

struct Layer {
  int in, out, stride, length;
  bool folded;  ///< the forward pass reads through a norm
};

/// Without stem and head, whose passes are few and small.
std::vector<Layer> layers_of(int length) {
  std::vector<Layer> layers;
  int channels = 32;
  for (int b = 0; b < 16; ++b) {
    const int out = 32 << b / 4, stride = b % 2 ? 2 : 1;
    layers.push_back({channels, out, stride, length, b > 0});
    length = same_output_length(length, stride);
    layers.push_back({out, out, 1, length, true});
    channels = out;
  }
  return layers;
}

struct Kernel {
  const char* name;
  bool bf16;
  const EngineShape* shapes;
};
constexpr Kernel kKernels[] = {
    {"tf32", false, kTf32Shapes}, {"bf16", true, kBf16Shapes}, {"wgmma", true, kWgmmaShapes}};
constexpr int kKernelCount = int(std::size(kKernels));

struct Plan {
  PassTiling tiling;
  EngineShape shape;
  int blocks, resident;
};

Plan plan(const Settings& s, const Layer& l, const Kernel& kernel, bool forward) {
  const Conv1dDesc d{l.in, l.out, 16, l.stride, same_pad_left(l.length, 16, l.stride)};
  const PassGeometry g = forward ? forward_geometry(d) : dgrad_geometry(d);
  const int positions = forward ? same_output_length(l.length, l.stride) : l.length;
  const TilingRequest request{.rows = g.out_channels,
                              .groups = ceil_div(s.records, kLanes),
                              .steps = ceil_div(positions, g.out_step),
                              .in_step = g.in_step,
                              .set_count = g.set_count,
                              .cut = cut_stages(g.sets[0].taps, g.in_channels, kernel.bf16 ? 16 : 8),
                              .sm_count = s.sms,
                              .shared_limit = s.shared,
                              .element_bytes = size_t(kernel.bf16 ? 2 : 4),
                              .folded = forward && l.folded};
  Plan p{choose_tiling(request, kernel.shapes, 2, 8), {}, 0, 0};
  p.shape = kernel.shapes[p.tiling.engine];
  p.blocks = p.tiling.tiles * request.groups * request.set_count * p.tiling.splits *
             ceil_div(request.rows, p.shape.rows * p.tiling.warp_rows);
  p.resident =
      resident_blocks(p.shape.registers, p.tiling.warps(), p.tiling.shared, s.shared);
  return p;
}

int run(int argc, char** argv) {
  Settings s;
  for (bench::Arguments a(argc, argv); a.more();) {
    if (a.take("--records")) s.records = int(a.number());
    else if (a.take("--length")) s.length = int(a.number());
    else if (a.take("--sms")) s.sms = int(a.number());
    else if (a.take("--shared")) s.shared = size_t(a.number()) << 10;
    else if (a.take("--markdown")) s.markdown = true;
    else a.refuse();
  }
  const char* const row = s.markdown ? "| %d -> %d, /%d | %s %s | %d | %d x %d of %d x %d | %d | "
                                       "%d | %d | %.2f | %.1f |\n"
                                     : "%3d -> %3d /%d %-5s %-7s at %5d: warps %d x %d of %d x %d, "
                                       "splits %2d, blocks %5d, %d an SM, waves %5.2f, %6.1f us\n";
  if (s.markdown) {
    std::printf("| layer | pass | length | warps | splits | blocks | an SM | waves | us |\n"
                "|---|---|---|---|---|---|---|---|---|\n");
  }
  std::vector<Layer> seen;
  double totals[kKernelCount][2] = {}, fastest[2] = {};  // fastest: of the two of bf16
  for (const Layer& l : layers_of(s.length)) {
    bool shown = false;
    for (const Layer& other : seen) {
      shown = shown || (other.in == l.in && other.out == l.out && other.stride == l.stride);
    }
    double best[2] = {1e9, 1e9};
    for (int k = 0; k < kKernelCount; ++k) {
      for (int backward = 0; backward < 2; ++backward) {
        const Plan p = plan(s, l, kKernels[k], backward == 0);
        const double us = p.tiling.cycles / kHertz * 1e6;
        totals[k][backward] += us;
        if (kKernels[k].bf16) best[backward] = std::min(best[backward], us);
        if (shown) continue;
        std::printf(row, l.in, l.out, l.stride, kKernels[k].name,
                    backward ? "dgrad" : "forward", l.length, p.tiling.warp_rows,
                    p.tiling.warp_columns, p.shape.rows, p.shape.steps, p.tiling.splits, p.blocks, p.resident,
                    double(p.blocks) / (double(s.sms) * p.resident), us);
      }
    }
    for (int i = 0; i < 2; ++i) fastest[i] += best[i];
    if (!shown) seen.push_back(l);
  }
  for (int k = 0; k < kKernelCount; ++k) {
    std::printf("%s%s: forward %.2f ms, dgrad %.2f ms over all layers\n", s.markdown ? "\n" : "",
                kKernels[k].name, totals[k][0] * 1e-3, totals[k][1] * 1e-3);
  }
  std::printf("%sbf16 or wgmma, the faster of each layer: forward %.2f ms, dgrad %.2f ms\n",
              s.markdown ? "\n" : "", fastest[0] * 1e-3, fastest[1] * 1e-3);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::report_errors([&] { return run(argc, argv); });
}
