#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/op.h"

namespace lth {

/// Valid lengths of a batch's records at one resolution: written by gather or with an input, or
/// derived from a finer one.
struct Level {
  LevelIndex source = kNone;  ///< the finer level, or none
  int stride = 1;
  int length = 0;             ///< L: the most that any record holds
};

struct ValueInfo {
  ActivationShape shape;  ///< the plan fills in the halo
  LevelIndex level = kNone;
  int producer = kNone;   ///< node that writes it; none for an input
  bool input = false;
  bool output = false;
  size_t offset = 0;      ///< in the arena, from the plan
};

/// A traced op. Other ops refer to it, so it never moves.
struct Node {
  std::string label;
  std::unique_ptr<Op> op;
  double seconds = 0;
};

/// The trace that a builder makes and a program replays.
struct Recording {
  std::shared_ptr<Backend> backend;  // first member: outlives the memory of the others
  int records = 0;
  int length = 0;
  uint64_t seed = 0;
  int tag = 0;  ///< upper bits of this recording's Value handles
  std::vector<ValueInfo> values;
  std::vector<Level> levels;
  std::vector<Node> nodes;
  std::vector<std::shared_ptr<Parameter>> trained;  ///< by the one optimizer
  int classes = 0;         ///< of the cross-entropy; 0 without one
  int label_classes = 0;   ///< of the data set of gather; 0 without one
  bool has_gather = false;
  bool mixes = false;      ///< gather mixes records: they have second labels and shares
  bool has_optimizer = false;
  bool has_average = false;

  /// The value of a handle; throws Error(type | range) naming `role` if the handle is not of this
  /// trace.
  ValueIndex index_of(Value handle, const char* role) const;
  Value handle_of(ValueIndex index) const { return tag | index; }
};

inline constexpr int kValueBits = 16;
inline constexpr int kMostValues = 1 << kValueBits;

/// Folds norms into the convolutions after them, if no other op reads their results, which are then
/// not in memory, and lets convolutions sum up what norms need, each as far as the backend supports
/// it. Folding changes no bit of a result, if nothing changes a norm's parameters and statistics
/// between the norm and the convolutions that read it, as no op but the optimizer and another
/// norm with the same running statistics does.
void fuse_norms(Recording& recording);
/// Whether fuse_norms would fold the op that makes a value, after unfuse_norms and as far as the
/// recording has got.
bool may_fold(const Recording& recording, ValueIndex value);
/// Bytes of a value without the halo, which depends on what has been planned.
size_t bytes_without_halo(const Recording& recording, ValueIndex value);
/// Undoes fuse_norms.
void unfuse_norms(Recording& recording);

/// Bytes of one element of an activation, in the backend's type.
double element_bytes(const Backend& backend);

/// Fills in the halo and offset of each value; returns the bytes of arena that the program needs.
/// Throws Error(state) for more than a machine can address.
size_t plan_values(Recording& recording);

}  // namespace lth
