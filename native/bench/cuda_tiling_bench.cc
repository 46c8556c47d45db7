// How the passes of the full network's convolutions are cut into blocks on a GPU, and what the model
// that chose says of them. Computed on the host: no GPU is needed, and none has been asked.
//
//   cuda_tiling_bench [--records N] [--length L] [--sms N] [--shared KIB] [--markdown]
//
// One row per shape of a layer, at the first block that has it, then the sums over all 33 passes. Times
// are cycles over 1.755 GHz, an H200's clock under load.

#include <cstdio>
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

struct Plan {
  PassTiling tiling;
  EngineShape shape;
  int blocks, resident;
};

Plan plan(const Settings& s, const Layer& l, bool bf16, bool forward) {
  const Conv1dDesc d{l.in, l.out, 16, l.stride, same_pad_left(l.length, 16, l.stride)};
  const PassGeometry g = forward ? forward_geometry(d) : dgrad_geometry(d);
  const int positions = forward ? same_output_length(l.length, l.stride) : l.length;
  const TilingRequest request{.rows = g.out_channels,
                              .groups = ceil_div(s.records, kLanes),
                              .steps = ceil_div(positions, g.out_step),
                              .in_step = g.in_step,
                              .set_count = g.set_count,
                              .cut = cut_stages(g.sets[0].taps, g.in_channels, bf16 ? 16 : 8),
                              .sm_count = s.sms,
                              .shared_limit = s.shared,
                              .element_bytes = size_t(bf16 ? 2 : 4),
                              .folded = forward && l.folded};
  const EngineShape* shapes = bf16 ? kBf16Shapes : kTf32Shapes;
  Plan p{choose_tiling(request, shapes, 2, 8), {}, 0, 0};
  p.shape = shapes[p.tiling.engine];
  p.blocks = p.tiling.tiles * request.groups * request.set_count * p.tiling.splits *
             ceil_div(request.rows, p.shape.rows * p.tiling.warp_rows);
  p.resident = resident_blocks(p.shape.registers, p.tiling.warp_rows * p.tiling.warp_columns,
                               p.tiling.shared, s.shared);
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
  const char* const row = s.markdown ? "| %d -> %d, /%d | %s %s | %d | %d x %d of 32 x %d | %d | %d | "
                                       "%d | %.2f | %.1f |\n"
                                     : "%3d -> %3d /%d %s %-7s at %5d: warps %d x %d of 32 x %d, "
                                       "splits %2d, blocks %5d, %d an SM, waves %5.2f, %6.1f us\n";
  if (s.markdown) {
    std::printf("| layer | pass | length | warps | splits | blocks | an SM | waves | us |\n"
                "|---|---|---|---|---|---|---|---|---|\n");
  }
  std::vector<Layer> seen;
  double totals[2][2] = {};
  for (const Layer& l : layers_of(s.length)) {
    bool shown = false;
    for (const Layer& other : seen) {
      shown = shown || (other.in == l.in && other.out == l.out && other.stride == l.stride);
    }
    for (int bf16 = 0; bf16 < 2; ++bf16) {
      for (int backward = 0; backward < 2; ++backward) {
        const Plan p = plan(s, l, bf16 != 0, backward == 0);
        const double us = p.tiling.cycles / kHertz * 1e6;
        totals[bf16][backward] += us;
        if (shown) continue;
        std::printf(row, l.in, l.out, l.stride, bf16 ? "bf16" : "tf32",
                    backward ? "dgrad" : "forward", l.length, p.tiling.warp_rows,
                    p.tiling.warp_columns, p.shape.steps, p.tiling.splits, p.blocks, p.resident,
                    double(p.blocks) / (double(s.sms) * p.resident), us);
      }
    }
    if (!shown) seen.push_back(l);
  }
  for (int bf16 = 0; bf16 < 2; ++bf16) {
    std::printf("%s%s: forward %.2f ms, dgrad %.2f ms over all layers\n", s.markdown ? "\n" : "",
                bf16 ? "bf16" : "tf32", totals[bf16][0] * 1e-3, totals[bf16][1] * 1e-3);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::report_errors([&] { return run(argc, argv); });
}
