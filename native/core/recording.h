#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lth/program.h"

namespace lth {

/// Index of a value, a length table or an op within a recording.
using ValueIndex = int;
using LevelIndex = int;
inline constexpr int kNone = -1;

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
  int producer = kNone;   ///< op that writes it; none for an input
  bool input = false;
  bool output = false;
  size_t offset = 0;      ///< in the arena, from the plan
};

struct GatherOp {
  std::shared_ptr<ResidentDataset> dataset;
  float mean;
  float inv_std;
  bool flip;
  std::optional<Augmentation> augment;
  ValueIndex x;
};

struct DeriveLengthsOp {
  LevelIndex level;
};

struct ConvOp {
  Conv1dDesc desc;
  std::shared_ptr<Parameter> weight;
  std::shared_ptr<Parameter> bias;
  ValueIndex x;
  ValueIndex add;  ///< or none
  ValueIndex y;
  // Set by fuse_norms.
  int folded = kNone;        ///< node of the folded norm that makes x
  ValueIndex source = kNone; ///< its input, which is read instead of x
  int measures = kNone;      ///< node of the norm whose statistics of y are taken on the way

  /// What is in memory: x, or what x is made of.
  ValueIndex input() const { return source == kNone ? x : source; }
};

struct ConvDgradOp {
  ConvOp conv;
  ValueIndex dy;
  ValueIndex add;  ///< or none
  ValueIndex dx;
  // Set by fuse_norms.
  int measures = kNone;           ///< node of the norm_backward whose sums over dx are taken here
  ValueIndex measured_x = kNone;  ///< the input of its norm, which they are made of too
};

struct ConvWgradOp {
  ConvOp conv;
  ValueIndex dy;
};

struct NormOp {
  ProgramBuilder::Norm settings;
  uint32_t layer;                ///< random key of its dropout
  std::shared_ptr<Buffer> saved; ///< [2 * C] mean, then 1 / std; null unless training
  ValueIndex x;
  ValueIndex y;
  /// [2][C][4] forward's and backward's map of each channel; null unless the backend fuses norms
  std::shared_ptr<Buffer> maps = {};
  std::shared_ptr<Buffer> keep = {};  ///< Dropout::keep; null without dropout, or without maps
  // Set by fuse_norms.
  bool folded = false;           ///< y lies nowhere: who reads it makes it of x
  bool measured = false;         ///< the convolution before it takes the statistics
};

struct NormBackwardOp {
  NormOp norm;
  ValueIndex dy;
  ValueIndex add;  ///< or none
  ValueIndex dx;
  bool measured = false;  ///< the dgrad before it takes the sums; set by fuse_norms
};

struct ShortcutOp {
  int stride;
  ValueIndex x;
  ValueIndex y;
};

struct ShortcutBackwardOp {
  ShortcutOp shortcut;
  ValueIndex dy;
  ValueIndex add;  ///< or none
  ValueIndex dx;
};

struct CrossEntropyOp {
  ValueIndex logits;
  ValueIndex dlogits;
  LossSettings settings;
  std::shared_ptr<Buffer> class_weights;  ///< or null
  std::vector<ValueIndex> teachers;
};

/// Parameters of the one optimiser are in Recording::trained.
struct GradientNormOp {};
struct OptimizerOp {
  OptimizerSettings settings;
};

/// Of the parameters in Recording::trained too.
struct AverageOp {
  std::vector<ProgramBuilder::AveragedBuffer> buffers;
  float decay;
};

using Op = std::variant<GatherOp, DeriveLengthsOp, ConvOp, ConvDgradOp, ConvWgradOp, NormOp,
                        NormBackwardOp, ShortcutOp, ShortcutBackwardOp, CrossEntropyOp,
                        GradientNormOp, OptimizerOp, AverageOp>;

struct Node {
  std::string label;
  Op op;
  double seconds = 0;
};

/// What a builder records and a program replays.
struct Recording {
  std::shared_ptr<Backend> backend;  // first member: outlives the memory of the others
  int records = 0;
  int length = 0;
  uint64_t seed = 0;
  int tag = 0;  ///< upper bits of this recording's Value handles
  std::vector<ValueInfo> values;
  std::vector<Level> levels;
  std::vector<Node> nodes;
  std::vector<std::shared_ptr<Parameter>> trained;
  int classes = 0;         ///< of the cross-entropy; 0 without one
  bool has_gather = false;
  bool mixes = false;      ///< gather mixes records: they have second labels and shares
  bool has_optimizer = false;
  bool has_average = false;

  /// The value behind a handle; throws Error(type | range) naming `role` if it is not one of ours.
  ValueIndex index_of(Value handle, const char* role) const;
  Value handle_of(ValueIndex index) const { return tag | index; }
};

inline constexpr int kValueBits = 16;
inline constexpr int kMostValues = 1 << kValueBits;

/// Name of the op as profiles show it, e.g. "conv1d_forward".
const char* op_name(const Op& op);

/// Values that an op reads, and the one it writes (or none).
struct OpValues {
  std::vector<ValueIndex> reads;
  ValueIndex write = kNone;
};
OpValues op_values(const Op& op);

/// Whether the last weight gradient has to be done before this op: one runs at a time, and readers
/// of gradients wait.
bool joins_wgrad(const Op& op);

/// On a backend that fuses them: folds norms into the convolutions around them, as far as nothing
/// else reads what then lies nowhere. Nothing of this shows in a result.
void fuse_norms(Recording& recording);
/// As recorded.
void unfuse_norms(Recording& recording);

/// Bytes of one element of an activation, in what the backend keeps them as.
double element_bytes(const Backend& backend);

/// Fills in the halo and offset of each value; returns the bytes of arena that the program needs.
/// Throws Error(state) for more than a machine can address.
size_t plan_values(Recording& recording);

/// Overloads as one visitor.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace lth
