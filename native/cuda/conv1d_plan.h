#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/conv1d_choice.h"
#include "cuda/conv1d_pack.h"
#include "cuda/conv1d_pass.h"
#include "cuda/conv1d_survivors.h"
#include "cuda/conv1d_tiling.h"
#include "lth/backend.h"

namespace lth::cuda::conv {

/// Shared by the passes of a plan.
struct PlanContext {
  DeviceInfo device;
  std::unique_ptr<Workspace> own;  ///< used where the device has no backend

  /// @param workspace to be used instead, or null
  void* require(size_t bytes, Stream stream, Workspace* workspace = nullptr);
};

/// Live and dead channels on one side of a pass, on the device.
struct ChannelLists {
  DeviceArray<int32_t> live, dead;  ///< empty where no channel is dead
  int live_count = 0, dead_count = 0;
};

/// Forward or dgrad of one layer with one kernel.
class PassPlan {
 public:
  struct Source {
    PassGeometry geometry;
    const SparsePattern* pattern;  ///< null: dense
    bool transposed;               ///< dgrad: rows are the pattern's input channels
    const std::vector<int32_t>& row_live;
    const std::vector<int32_t>& row_dead;
    const std::vector<int32_t>& in_live;
    Precision precision;  ///< decides what activations are kept as
  };
  PassPlan(const Source& source, ConvKernel kernel, const DeviceInfo& device, Stream stream);

  /// Appends what packs this pass's weights.
  void pack_jobs(const float* weight, std::vector<PackJob>& jobs) const;

  struct Data {
    Activation in, out;
    const float* bias;                             ///< [O] or null
    const Activation* add;                         ///< like out, or null
    const NormForward* folded = nullptr;           ///< `in` is read through this norm
    const NormForward* statistics_for = nullptr;   ///< out is its input
    const NormBackward* gradient_for = nullptr;    ///< out is the gradient of its result
  };
  /// With weights that are packed already.
  void run(const Data& data, PlanContext& context, Stream stream) const;

 private:
  void make_dense(Stream stream);
  void make_sparse(const Source& source, const DeviceInfo& device, Stream stream);
  static Measure measure_of(const Data& data, const PassArgs& args, int steps);
  int measured_steps(int engine) const;
  int engine_rows(int engine) const;
  PassTiling choose(const PassArgs& args, const StageCut& widest, const DeviceInfo& device) const;
  void launch(const PassArgs& args, const PassTiling& tiling, Stream stream) const;

  PassGeometry geometry_;
  ConvKernel kernel_;
  Precision precision_;
  StageCut cuts_[2] = {};
  int words_[2] = {};            // packed words (dense) or entries (sparse) of each set
  size_t first_word_[2] = {};
  ChannelLists rows_;
  DeviceArray<int32_t> in_live_;
  int in_count_ = 0;
  DeviceArray<uint32_t> packed_;
  // Sparse only.
  TileShape tile_ = {};
  int slots_ = 0, warps_ = 0;
  DeviceArray<int32_t> row_begin_[2];
  DeviceArray<int32_t> index_;
  DeviceArray<int2> entries_;
};

/// Weight gradient of one layer with one kernel.
class WgradPlan {
 public:
  WgradPlan(const Conv1dDesc& desc, const SparsePattern* pattern, const Survivors& survivors,
            ConvKernel kernel, Precision precision, Stream stream);
  void run(const ConvWgrad& args, PlanContext& context, Stream stream, Workspace* workspace) const;

 private:
  Conv1dDesc desc_;
  ConvKernel kernel_;
  Precision precision_;
  ChannelLists rows_;
  DeviceArray<int32_t> in_live_;
  int in_count_ = 0;
  int kept_ = 0;
  DeviceArray<uint32_t> kept_bits_;       // of the weights; empty where none is pruned
  DeviceArray<int32_t> target_, source_;  // of the survivors: in dweight, in the partial sums
  // Sparse only.
  int longest_ = 0;  // entries of the longest tile
  DeviceArray<int32_t> tile_begin_;
  DeviceArray<int2> entries_;
};

class Plan final : public ConvPlan {
 public:
  Plan(const Conv1dDesc& desc, const SparsePattern* pattern, const ConvChoice& choice,
       Precision precision, const DeviceInfo& device);
  std::string describe() const override { return choice_.text(); }

  void forward(const ConvForward& args, Stream stream);
  void dgrad(const ConvDgrad& args, Stream stream);
  void wgrad(const ConvWgrad& args, Stream stream, Workspace* workspace);

  void pack_jobs(const float* weight, std::vector<PackJob>& jobs) const;
  bool prepared = false;  ///< weights are packed elsewhere

 private:
  void pack(const PassPlan& pass, const float* weight, Stream stream) const;

  ConvChoice choice_;
  PlanContext context_;
  std::unique_ptr<PassPlan> forward_, dgrad_;
  std::unique_ptr<WgradPlan> wgrad_;
};

/// The choice that plan_conv1d makes.
ConvChoice default_choice(const Conv1dDesc& desc, const SparsePattern* pattern,
                          Precision precision);

}  // namespace lth::cuda::conv
