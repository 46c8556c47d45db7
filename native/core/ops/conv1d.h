#pragma once

#include "core/ops/norm.h"

namespace lth {

class ConvOp : public Op {
 public:
  Conv1dDesc desc;
  std::shared_ptr<Parameter> weight, bias;
  ValueIndex x = kNone;
  ValueIndex add = kNone;  ///< or none
  ValueIndex y = kNone;
  // Set by fuse_norms.
  const NormOp* folded = nullptr;    ///< the folded norm that makes x: its input is read instead
  const NormOp* measures = nullptr;  ///< the norm whose statistics of y are taken on the way

  /// The input in memory: x, or the value that x is computed from.
  ValueIndex input() const { return folded ? folded->x : x; }
  ConvPlan& plan() const { return weight->conv_plan(desc); }
  /// Cost of each of its three passes.
  OpCost pass_cost(const Recording& recording) const;

  const char* name() const override { return "conv1d_forward"; }
  OpValues values() const override { return {{input(), add}, y}; }
  void run(const Replay& replay) const override;
  OpCost cost(const Recording& recording) const override { return pass_cost(recording); }
  void prepare(const Replay& replay, Preparation& preparation) const override;
  bool has_parameters() const override { return true; }
  void derive(Derivation& pass, ValueIndex dy) const override;
  std::vector<HaloNeed> halos() const override { return {{input(), conv_halo(desc)}}; }
  ValueIndex foldable() const override { return x; }
  void unfuse() override { folded = measures = nullptr; }
};

class ConvDgradOp : public Op {
 public:
  const ConvOp& conv;
  ValueIndex dy;
  ValueIndex add;  ///< or none
  ValueIndex dx;
  /// The norm_backward whose sums over dx this op also takes; set by fuse_norms.
  const NormBackwardOp* measures = nullptr;

  ConvDgradOp(const ConvOp& conv, ValueIndex dy, ValueIndex add, ValueIndex dx)
      : conv(conv), dy(dy), add(add), dx(dx) {}

  const char* name() const override { return "conv1d_dgrad"; }
  OpValues values() const override {
    return {{dy, add, measures ? measures->norm.x : kNone}, dx};
  }
  void run(const Replay& replay) const override;
  OpCost cost(const Recording& recording) const override { return conv.pass_cost(recording); }
  bool has_parameters() const override { return true; }
  std::vector<HaloNeed> halos() const override { return {{dy, conv_halo(conv.desc)}}; }
  void unfuse() override { measures = nullptr; }
};

}  // namespace lth
