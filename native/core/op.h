#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lth/backend.h"
#include "lth/program.h"

/// What an op is to a program. Each op is a class in one file of core/ops, which holds all that is
/// known of it but its kernels: the checks of its arguments (its method of ProgramBuilder), the values
/// it touches, its derivative, the call of the backend, its cost. docs/extending.md has the steps of
/// adding one.
namespace lth {

/// Index of a value or a length table within a recording.
using ValueIndex = int;
using LevelIndex = int;
inline constexpr int kNone = -1;

struct Recording;
struct Replay;
class Derivation;

/// Values that an op reads, and the one it writes (or none).
struct OpValues {
  std::vector<ValueIndex> reads = {};
  ValueIndex write = kNone;
};

/// Zeros that an op wants beside each row of an operand.
struct HaloNeed {
  ValueIndex value;
  int halo;
};

/// What one replay of an op takes, for profiles.
struct OpCost {
  double parameter_floats = 0;  ///< of its parameters, read and written at least; pruned ones left out
  double flops = 0;             ///< OpProfile has the rest
  double dense_flops = 0;
  std::string detail = {};
};

/// What a backend is told of all ops of a program at its start.
struct Preparation {
  std::vector<ConvWeights> convolutions = {};
  std::vector<NormForward> dropouts = {};
};

class Op {
 public:
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  /// As profiles show it, e.g. "conv1d_forward".
  virtual const char* name() const = 0;
  /// What it touches in memory: fused ops touch less.
  virtual OpValues values() const { return {}; }
  /// Calls the backend.
  virtual void run(const Replay& replay) const = 0;
  virtual OpCost cost(const Recording&) const { return {}; }
  /// Throws Error(range) for inputs of a step that it cannot run with.
  virtual void check(const Recording&, const StepInputs&) const {}
  /// At the start of each step of a backend whose ops only queue work.
  virtual void prepare(const Replay&, Preparation&) const {}

  // The backward pass.
  /// Whether its result depends on parameters, not counting those behind its operands.
  virtual bool has_parameters() const { return false; }
  /// Adds to the gradients of its operands, and records those of its parameters, given that of its
  /// result. Throws Error(state) if there is no derivative, as by default.
  virtual void derive(Derivation& pass, ValueIndex dy) const;

  // The memory plan.
  virtual std::vector<HaloNeed> halos() const { return {}; }
  /// The value that it may overwrite with its result, or none.
  virtual ValueIndex overwritable() const { return kNone; }
  /// Whether the backend may run it beside the ops after it, up to the next that joins_wgrad.
  virtual bool is_wgrad() const { return false; }
  /// Whether the last weight gradient has to be done before it: one runs at a time, and readers of
  /// gradients wait.
  virtual bool joins_wgrad() const { return is_wgrad(); }

  // Fusing of norms, core/fuse.cc.
  /// The operand that it can make itself, of a folded norm's input; or none.
  virtual ValueIndex foldable() const { return kNone; }
  virtual void unfuse() {}

 protected:
  Op() = default;
};

}  // namespace lth
