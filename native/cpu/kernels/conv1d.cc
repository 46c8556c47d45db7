#include "cpu/kernels/conv1d.h"

#include <cstdio>

#include "cpu/kernels/conv1d_dense.h"
#include "cpu/kernels/conv1d_sparse.h"
#include "cpu/kernels/conv1d_wgrad.h"

namespace lth::cpu::LTH_ISA {
namespace {

enum class Pass { forward, dgrad, wgrad };

/// The kernel of one pass: sparse with this many input channels per block, or dense (0).
///
/// From GFLOP/s per core on surviving weights (Zen 4, AVX-512, peak 118): the dense kernels run at
/// 107-113 (forward, dgrad) and 103-108 (wgrad) whatever is pruned, the sparse ones at 92-96 and
/// 88-90 at densities above 0.8. Blocks of inputs should stay in L1, yet each row needs a dozen
/// entries per block to pay for its sums.
int choose_block(Pass pass, const Conv1dDesc& desc, const SparsePattern* pattern) {
  constexpr double kBreakEven = 0.84;
  constexpr double kEntriesPerRow = 12;
  constexpr int kSmall = 32;  // channels that are not worth cutting when few weights survive
  if (!pattern || pattern->density() >= kBreakEven) return 0;
  const double density = pattern->density();
  const int channels = pass == Pass::dgrad ? desc.out_channels : desc.in_channels;
  if (density < 0.15 && channels <= kSmall) return channels;
  int block = pass != Pass::wgrad && density > 0.3 ? 8 : 16;
  while (block < channels && block * desc.kernel * density < kEntriesPerRow) block *= 2;
  return std::min(block, channels);
}

class Plan final : public ConvPlan {
 public:
  Plan(const Conv1dDesc& desc, const SparsePattern* pattern) : desc_(desc) {
    const int forward = choose_block(Pass::forward, desc, pattern);
    const int dgrad = choose_block(Pass::dgrad, desc, pattern);
    const int wgrad = choose_block(Pass::wgrad, desc, pattern);
    if (forward) {
      sparse_forward_ =
          std::make_unique<SparsePass>(forward_geometry(desc), *pattern, false, forward);
    } else {
      dense_forward_ = std::make_unique<DensePass>(forward_geometry(desc));
    }
    if (dgrad) {
      sparse_dgrad_ = std::make_unique<SparsePass>(dgrad_geometry(desc), *pattern, true, dgrad);
    } else {
      dense_dgrad_ = std::make_unique<DensePass>(dgrad_geometry(desc));
    }
    if (wgrad) {
      wgrad_entries_ =
          std::make_unique<SparseEntries>(forward_geometry(desc), *pattern, false, wgrad);
    } else if (pattern) {
      list_pruned(*pattern);
    }
  }

  std::string describe() const override {
    char text[80];
    int size = 0;
    const auto append = [&](const char* pass, int block) {
      size += std::snprintf(text + size, sizeof text - size, block ? "%s=sparse/%d" : "%s=dense",
                            pass, block);
    };
    append("forward", sparse_forward_ ? sparse_forward_->block_channels() : 0);
    append(" dgrad", sparse_dgrad_ ? sparse_dgrad_->block_channels() : 0);
    append(" wgrad", wgrad_entries_ ? wgrad_entries_->block_channels() : 0);
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
    if (wgrad_entries_) {
      sparse_wgrad(desc_, *wgrad_entries_, args, pool);
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
  std::unique_ptr<DensePass> dense_forward_, dense_dgrad_;
  std::unique_ptr<SparsePass> sparse_forward_, sparse_dgrad_;
  std::unique_ptr<SparseEntries> wgrad_entries_;
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
