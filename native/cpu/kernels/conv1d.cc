#include "cpu/kernels/conv1d.h"

#include <cstdio>

#include "cpu/kernels/conv1d_dense.h"
#include "cpu/kernels/conv1d_sparse.h"
#include "cpu/kernels/conv1d_wgrad.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// What runs each pass. A block of 0 stands for the dense kernel, else it is the number of input
/// channels that a sparse kernel takes at a time.
struct Choice {
  int forward_block = 0;
  int dgrad_block = 0;
  bool sparse_wgrad = false;  ///< on the blocks of the forward pass
};

/// Blocks of inputs should stay in L1, yet each row needs a dozen entries per block to pay for its
/// sums.
int choose_block(int channels, int kernel, double density) {
  constexpr double kEntriesPerRow = 12;
  int block = density > 0.15 ? 8 : 16;
  while (block < channels && block * kernel * density < kEntriesPerRow) block *= 2;
  return std::min(block, channels);
}

/// From GFLOP/s per core on surviving weights (Zen 4, AVX-512, peak 118): the dense kernels run at
/// 107-113 (forward, dgrad) and 103-112 (wgrad) whatever is pruned, the sparse ones at 92-96 and
/// 84-90 at a density of 0.8: they break even at 0.84 and 0.8. A weight gradient with few columns
/// (the stem) streams dy from memory; dense, at 58, does so in longer runs, and sparse, at 28 down
/// to 11, gains below 0.2 only.
Choice choose(const Conv1dDesc& d, const SparsePattern* pattern) {
  constexpr int kFewColumns = 32;
  const double density = pattern ? pattern->density() : 1;
  Choice c;
  if (density >= 0.84) return c;
  c.forward_block = choose_block(d.in_channels, d.kernel, density);
  c.dgrad_block = choose_block(d.out_channels, d.kernel, density);
  c.sparse_wgrad = density < (d.in_channels * d.kernel <= kFewColumns ? 0.2 : 0.8);
  return c;
}

class Plan final : public ConvPlan {
 public:
  Plan(const Conv1dDesc& desc, const SparsePattern* pattern)
      : desc_(desc), choice_(choose(desc, pattern)) {
    const PassGeometry forward = forward_geometry(desc), dgrad = dgrad_geometry(desc);
    if (choice_.forward_block) {
      sparse_forward_ =
          std::make_unique<SparsePass>(forward, *pattern, false, choice_.forward_block);
    } else {
      dense_forward_ = std::make_unique<DensePass>(forward);
    }
    if (choice_.dgrad_block) {
      sparse_dgrad_ = std::make_unique<SparsePass>(dgrad, *pattern, true, choice_.dgrad_block);
    } else {
      dense_dgrad_ = std::make_unique<DensePass>(dgrad);
    }
    if (pattern && !choice_.sparse_wgrad) list_pruned(*pattern);
  }

  std::string describe() const override {
    char text[80];
    int size = 0;
    const auto append = [&](const char* pass, int block) {
      size += std::snprintf(text + size, sizeof text - size, block ? "%s=sparse/%d" : "%s=dense",
                            pass, block);
    };
    append("forward", choice_.forward_block);
    append(" dgrad", choice_.dgrad_block);
    append(" wgrad", choice_.sparse_wgrad ? choice_.forward_block : 0);
    return text;
  }

  void forward(const ConvForward& args, ThreadPool& pool) {
    const PassData data{args.x, args.y, args.bias, args.add};
    if (sparse_forward_) {
      sparse_forward_->run(args.weight, data, pool);
    } else {
      dense_forward_->run(args.weight, data, pool);
    }
  }

  void dgrad(const ConvDgrad& args, ThreadPool& pool) {
    const PassData data{args.dy, args.dx, nullptr, args.add};
    if (sparse_dgrad_) {
      sparse_dgrad_->run(args.weight, data, pool);
    } else {
      dense_dgrad_->run(args.weight, data, pool);
    }
  }

  void wgrad(const ConvWgrad& args, ThreadPool& pool) {
    if (choice_.sparse_wgrad) {
      sparse_wgrad(desc_, sparse_forward_->entries(), args, pool);
    } else {
      dense_wgrad(desc_, args, pool);
      for (size_t i = 0; i < pruned_.size(); ++i) args.dweight[pruned_[i]] = 0;
    }
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
  Choice choice_;
  std::unique_ptr<DensePass> dense_forward_, dense_dgrad_;
  std::unique_ptr<SparsePass> sparse_forward_, sparse_dgrad_;
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
