#pragma once

#include "core/op.h"
#include "lth/program.h"

namespace lth {

class NormOp : public Op {
 public:
  ProgramBuilder::Norm settings;
  uint32_t layer = 0;                    ///< random key of its dropout
  ValueIndex x = kNone, y = kNone;
  // Allocated with the program.
  std::unique_ptr<Buffer> saved;         ///< [2 * C] mean, then 1 / std; null unless training
  /// [2][C][4] forward's and backward's map of each channel; null unless the backend measures norms
  std::unique_ptr<Buffer> maps;
  std::unique_ptr<Buffer> keep;          ///< Dropout::keep; null without dropout, or without maps
  // Set by fuse_norms.
  bool folded = false;                   ///< y is not in memory: its readers compute it from x
  bool measured = false;                 ///< the convolution before it takes the statistics

  NormForward arguments(const Replay& replay) const;

  const char* name() const override { return "norm_forward"; }
  OpValues values() const override;
  void allocate(const Recording& recording) override;
  void run(const Replay& replay) const override;
  void prepare(const Replay& replay, Preparation& preparation) const override;
  bool has_parameters() const override { return true; }
  void derive(Derivation& pass, ValueIndex dy) const override;
  ValueIndex overwritable() const override { return settings.training || folded ? kNone : x; }
  ValueIndex recompute(ProgramBuilder::State& state) const override;
  void unfuse() override { folded = measured = false; }
};

/// The result of a norm once more, from the statistics that it has saved.
class NormRecomputeOp : public Op {
 public:
  NormRecomputeOp(const NormOp& norm, ValueIndex y) : norm_(norm), y_(y) {}

  const char* name() const override { return "norm_recompute"; }
  OpValues values() const override { return {{norm_.x}, y_}; }
  void run(const Replay& replay) const override;

 private:
  const NormOp& norm_;
  ValueIndex y_;
};

class NormBackwardOp : public Op {
 public:
  const NormOp& norm;
  ValueIndex y;           ///< the norm's result, or none
  ValueIndex dy;
  ValueIndex add;         ///< or none
  ValueIndex dx;
  bool measured = false;  ///< the dgrad before it takes the sums; set by fuse_norms

  NormBackwardOp(const NormOp& norm, ValueIndex y, ValueIndex dy, ValueIndex add, ValueIndex dx)
      : norm(norm), y(y), dy(dy), add(add), dx(dx) {}

  /// All but `add`. @param forward place for the arguments that the result refers to
  NormBackward arguments(const Replay& replay, NormForward& forward) const;

  const char* name() const override { return "norm_backward"; }
  OpValues values() const override;
  void run(const Replay& replay) const override;
  bool has_parameters() const override { return true; }
  ValueIndex overwritable() const override { return dy; }
  ValueIndex foldable() const override { return y; }
  void unfuse() override { measured = false; }
};

}  // namespace lth
