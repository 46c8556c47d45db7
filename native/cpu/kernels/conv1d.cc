#include "cpu/kernels/conv1d.h"

#include "cpu/kernels/conv1d_choice.h"
#include "cpu/kernels/conv1d_wgrad.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Whether to compute the weight gradient of survivors only. Unlike in the other two passes, the
/// two kernels do not add in the same order, so the choice must not depend on timing. It comes from
/// GFLOP/s per core on surviving weights (Zen 4, AVX-512, peak 118): dense runs at 103-112 at any
/// density, sparse at 84-90 at a density of 0.8, where they break even. A gradient with few columns
/// (the stem) streams dy from memory; there dense runs at 58 in longer runs of memory, sparse at 28
/// down to 11, so that sparse is faster only below 0.2. The sparse kernel has become faster since.
bool choose_sparse_wgrad(const Conv1dDesc& d, const SparsePattern* pattern) {
  constexpr int kFewColumns = 32;
  if (!pattern) return false;
  return pattern->density() < (d.in_channels * d.kernel <= kFewColumns ? 0.2 : 0.8);
}

#if LTH_BF16
/// Whether to compute the gradients of all weights in bf16: 184-192 GFLOP/s per core, compared with
/// 76-80 of the sparse kernel on survivors. With one channel both wait for dy; with one tap,
/// rounding takes as long as multiplying. The choice is a threshold, because results differ.
bool choose_bf16_wgrad(const Conv1dDesc& d, const SparsePattern* pattern) {
  constexpr double kBf16Density = 0.42;
  return d.in_channels > 1 && d.kernel > 1 && (!pattern || pattern->density() >= kBf16Density);
}
#endif

enum class WgradKernel { dense, bf16, sparse };

WgradKernel choose_wgrad(const Conv1dDesc& d, const SparsePattern* pattern) {
#if LTH_BF16
  if (choose_bf16_wgrad(d, pattern)) return WgradKernel::bf16;
#endif
  return choose_sparse_wgrad(d, pattern) ? WgradKernel::sparse : WgradKernel::dense;
}

class Plan final : public ConvPlan {
 public:
  Plan(const Conv1dDesc& desc, const SparsePattern* pattern)
      : desc_(desc),
        wgrad_(choose_wgrad(desc, pattern)),
        forward_(forward_geometry(desc), pattern, false, wgrad_ == WgradKernel::sparse),
        dgrad_(dgrad_geometry(desc), pattern, true, false) {
    if (pattern && wgrad_ != WgradKernel::sparse) list_pruned(*pattern);
  }

  std::string describe() const override {
    constexpr const char* kNames[] = {"dense", "dense-bf16", "sparse"};
    return "forward=" + forward_.describe() + " dgrad=" + dgrad_.describe() +
           " wgrad=" + kNames[int(wgrad_)];
  }

  void forward(const ConvForward& args, ThreadPool& pool) {
    forward_.run(args.weight, {args.x, args.y, args.bias, args.add, args.folded}, pool);
  }

  void dgrad(const ConvDgrad& args, ThreadPool& pool) {
    dgrad_.run(args.weight, {args.dy, args.dx, nullptr, args.add}, pool);
  }

  void wgrad(const ConvWgrad& args, ThreadPool& pool) {
    switch (wgrad_) {
      case WgradKernel::sparse: return sparse_wgrad(desc_, forward_.entries(), args, pool);
      case WgradKernel::dense: dense_wgrad(desc_, args, pool); break;
      case WgradKernel::bf16:
#if LTH_BF16
        bf16_wgrad(desc_, args, pool);
#endif
        break;
    }
    for (size_t i = 0; i < pruned_.size(); ++i) args.dweight[pruned_[i]] = 0;
  }

 private:
  void list_pruned(const SparsePattern& pattern) {
    pruned_.resize(size_t(desc_.weight_count()) - pattern.column.size());
    size_t size = 0;
    for (int r = 0; r < pattern.rows; ++r) {
      int32_t e = pattern.row_begin[r];
      for (int c = 0; c < pattern.columns; ++c) {
        if (e < pattern.row_begin[r + 1] && pattern.column[e] == c) {
          ++e;
        } else {
          pruned_[size++] = r * pattern.columns + c;
        }
      }
    }
  }

  Conv1dDesc desc_;
  WgradKernel wgrad_;
  ChosenPass forward_;
  ChosenPass dgrad_;
  Array<int32_t> pruned_;  // places in the weight that a dense wgrad must zero
};

Plan& plan_of(ConvPlan* plan) { return *static_cast<Plan*>(plan); }

}  // namespace

std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc, const SparsePattern* pattern,
                                      ThreadPool&) {
  return std::make_unique<Plan>(desc, pattern);
}

void conv1d_forward(const ConvForward& args, ThreadPool& pool) {
  plan_of(args.plan).forward(args, pool);
}
void conv1d_dgrad(const ConvDgrad& args, ThreadPool& pool) {
  plan_of(args.plan).dgrad(args, pool);
}
void conv1d_wgrad(const ConvWgrad& args, ThreadPool& pool) {
  plan_of(args.plan).wgrad(args, pool);
}

}  // namespace lth::cpu::LTH_ISA
