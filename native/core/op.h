#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lth/backend.h"
#include "lth/program.h"

/// The interface of an op. Each op is a class in one file of core/ops, which holds everything
/// except its kernels: the checks of its arguments (its method of ProgramBuilder), the values it
/// touches, its derivative, the call of the backend, and its cost. docs/extending.md has the steps
/// of adding an op.
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

/// Zeros that an op needs beside each row of an operand.
struct HaloNeed {
  ValueIndex value;
  int halo;
};

/// The cost of one replay of an op, for profiles.
struct OpCost {
  double parameter_floats = 0;  ///< of its parameters, read and written at least; pruned ones left out
  double flops = 0;             ///< OpProfile has the rest
  double dense_flops = 0;
  std::string detail = {};
};

/// Work of all ops of a program that a backend does at the start of a step.
struct Preparation {
  std::vector<ConvWeights> convolutions = {};
  std::vector<NormForward> dropouts = {};
};

class Op {
 public:
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  /// Name in profiles, e.g. "conv1d_forward".
  virtual const char* name() const = 0;
  /// The values that it touches in memory; fused ops touch fewer.
  virtual OpValues values() const { return {}; }
  /// Allocates the memory that it needs beside its values, when the program is built: tracing and
  /// planning a step allocate nothing.
  virtual void allocate(const Recording&) {}
  /// Calls the backend.
  virtual void run(const Replay& replay) const = 0;
  virtual OpCost cost(const Recording&) const { return {}; }
  /// Throws Error(range) for inputs of a step that it cannot run with.
  virtual void check(const Recording&, const StepInputs&) const {}
  /// Called at the start of each step on a backend whose ops only queue work.
  virtual void prepare(const Replay&, Preparation&) const {}

  // The backward pass.
  /// Whether its result depends on parameters of its own, apart from those of its operands.
  virtual bool has_parameters() const { return false; }
  /// Gets the gradient of its result, adds to the gradients of its operands, and traces those of
  /// its parameters. Throws Error(state) if there is no derivative, which is the default.
  virtual void derive(Derivation& pass, ValueIndex dy) const;
  /// Traces an op that computes its result again; returns that, or none if there is no such op.
  virtual ValueIndex recompute(ProgramBuilder::State&) const { return kNone; }

  // The memory plan.
  virtual std::vector<HaloNeed> halos() const { return {}; }
  /// The value that it may overwrite with its result, or none.
  virtual ValueIndex overwritable() const { return kNone; }
  /// Whether the backend may run it in parallel with later ops, up to the next one with
  /// joins_wgrad.
  virtual bool is_wgrad() const { return false; }
  /// Whether the last weight gradient must be finished before it: only one runs at a time, and
  /// readers of gradients wait for it.
  virtual bool joins_wgrad() const { return is_wgrad(); }

  // Fusing of norms, core/fuse.cc.
  /// The operand that it can compute itself from a folded norm's input; or none.
  virtual ValueIndex foldable() const { return kNone; }
  virtual void unfuse() {}

 protected:
  Op() = default;
};

}  // namespace lth
