#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lth/activation.h"
#include "lth/augment.h"
#include "lth/average.h"
#include "lth/conv1d_desc.h"
#include "lth/sparse_pattern.h"

namespace lth {

/// The op table: the ops that a backend implements. Every argument struct holds device pointers of
/// shapes that core/ has checked; a backend never validates and never throws for a bad shape.
/// All reductions have a fixed order: the same inputs give the same bits for any number of threads.

/// Derived by a backend from one convolution's geometry and sparsity: packed weights, index lists
/// and the kernel chosen for each of the three passes. It is made once per pruning round.
class ConvPlan {
 public:
  virtual ~ConvPlan() = default;
  /// The chosen kernels, for timing.json: e.g. "forward=sparse/8 dgrad=dense wgrad=sparse".
  virtual std::string describe() const = 0;
};

struct NormForward;
struct NormBackward;

struct ConvForward {
  ConvPlan* plan;
  const float* weight;    ///< [Cout, Cin, K], exact zeros where pruned
  const float* bias;      ///< [Cout]
  Activation x;           ///< [N, Cin, L]
  const Activation* add;  ///< [N, Cout, Lout] added to the result (a residual branch), or null
  Activation y;           ///< [N, Cout, Lout]
  const NormForward* folded = nullptr;    ///< the operand is this norm's result, x its input
  // Only for backends that measure norms.
  const NormForward* measures = nullptr;  ///< norm of y, to be done up to its map
};

struct ConvDgrad {
  ConvPlan* plan;
  const float* weight;  ///< [Cout, Cin, K]
  Activation dy;        ///< [N, Cout, Lout]
  const Activation* add;///< [N, Cin, L] gradient of a residual branch, added to dx, or null
  Activation dx;        ///< [N, Cin, L]
  // Only for backends that measure norms.
  const NormBackward* measures = nullptr;  ///< dx is its dy: to be done up to its map
};

struct ConvWgrad {
  ConvPlan* plan;
  Activation x;    ///< [N, Cin, L]
  Activation dy;   ///< [N, Cout, Lout]
  float* dweight;  ///< [Cout, Cin, K]; exact zeros where pruned
  float* dbias;    ///< [Cout]
  const NormForward* folded = nullptr;  ///< as of ConvForward
};

/// Values that differ from one replay of a program to the next.
struct StepValues {
  float learning_rate = 0;
  uint32_t stream = 0;         ///< random stream: dropout, sign flips and augmentation
  int64_t optimizer_step = 1;  ///< 1 for the first update since the optimiser was reset
  /// Not 0 after a training step that was not finite: running statistics, moments and weights then
  /// do not change. Set by FetchStep.
  int32_t halted = 0;
};

struct Dropout {
  double rate = 0;       ///< 0: none; kept elements are scaled by 1 / (1 - rate)
  uint64_t seed = 0;     ///< with `stream` and `layer`: the key of lth/random.h
  uint32_t stream = 0;
  uint32_t layer = 0;
  const StepValues* step_values = nullptr;  ///< device memory; if given, instead of `stream`
  /// [groups][C][L], written by prepare_dropout: bit i says whether record 16 * group + i keeps the
  /// element; null: each op computes it from the key
  uint16_t* keep = nullptr;
};

/// y = dropout(relu(gamma * (x - mean) * inv_std + beta)) over the valid positions. A batch without
/// valid positions does not change the running statistics; with a single one, whose unbiased
/// variance does not exist, they move towards its biased variance, 0. A channel whose batch mean or
/// unbiased variance is not finite as a float keeps its running statistics, so they stay finite.
struct NormForward {
  Activation x;              ///< [N, C, L]
  Activation y;              ///< [N, C, L]; may be x itself when not training
  const float* gamma;        ///< [C]
  const float* beta;         ///< [C]
  float* running_mean;       ///< [C]; updated when training: r += momentum * (batch - r)
  float* running_variance;   ///< [C]; updated with the unbiased batch variance
  float* saved_mean;         ///< [C]: written when training, for the backward pass
  float* saved_inv_std;      ///< [C]: 1 / sqrt(biased variance + epsilon)
  float epsilon;
  float momentum;
  bool training;             ///< false: normalise with the running statistics, write nothing else
  bool relu;
  Dropout dropout;           ///< applied only when training
  /// Only for backends that measure norms: [C][4], written: mean, gamma * inv_std, beta, 0; null: not
  /// wanted.
  float* map = nullptr;
  /// The statistics are known, in the map or, without one, in saved_mean and saved_inv_std: only y is
  /// left to be written.
  bool measured = false;
  bool folded = false;       ///< y is not to be written
};

/// Gradient of NormForward in training mode. y decides which gradients pass: with ReLU those with
/// y > 0, with dropout alone those with y != 0, else all.
struct NormBackward {
  Activation x;              ///< [N, C, L] input of the forward pass
  Activation y;              ///< [N, C, L] output of the forward pass; see norm_backward_reads_relu
  Activation dy;             ///< [N, C, L]
  const Activation* add;     ///< [N, C, L] gradient of a residual branch, added to dx, or null
  Activation dx;             ///< [N, C, L]; may be dy itself, which may be x, y or add too
  const float* gamma;        ///< [C]
  const float* beta;         ///< [C]
  const float* saved_mean;   ///< [C]
  const float* saved_inv_std;///< [C]
  float* dgamma;             ///< [C]
  float* dbeta;              ///< [C]
  bool relu;
  double dropout_rate;
  // Only for backends that measure norms.
  const NormForward* forward = nullptr;  ///< if given, y is not looked at but made again from x
  /// [C][4], written: mean, a, b, c of dx = a g + b (x - mean) + c, g being the gradient that
  /// passes dropout and ReLU; null: not needed
  float* map = nullptr;
  bool measured = false;  ///< map, dgamma and dbeta are made: only dx is left to be written
};

/// Shortcut of a residual block: max-pool with window = stride (1 or 2, a window may reach past the
/// record's end, where only its valid positions count), then zero channels after the input's.
struct ShortcutForward {
  Activation x;  ///< [N, C, L]
  Activation y;  ///< [N, Cout >= C, ceil(L / stride)]
  int stride;
};

/// The gradient goes to the first of equal maxima.
struct ShortcutBackward {
  Activation x;           ///< [N, C, L]; not read at stride 1
  Activation dy;          ///< [N, Cout, ceil(L / stride)]
  const Activation* add;  ///< [N, C, L] further gradient of x, added to dx, or null
  Activation dx;          ///< [N, C, L]
  int stride;
};

/// Recordings resident on the device.
struct Dataset {
  const int16_t* samples = nullptr;   ///< [total], all records one after another
  const int64_t* offsets = nullptr;   ///< [records]: first sample of each record
  const int32_t* lengths = nullptr;   ///< [records]: samples used of each record
  const int32_t* labels = nullptr;    ///< [records]: class index
  int records = 0;
};

/// Batch assembly: x[n, 0, l] = sign * (sample - mean) * inv_std for l < length, 0 past it.
/// Writes the records' lengths and labels; an empty slot (index -1) has length 0 and label 0.
/// With an augmentation, lth/augmented_slot.h defines x and the lengths.
struct Gather {
  const Dataset* dataset;
  const int32_t* indices;  ///< [N] records, -1 for an empty slot
  float mean;
  float inv_std;
  bool flip;               ///< negate record n if bit 0 of random_bits(key(seed, stream, 0), n)
  uint64_t seed;
  uint32_t stream;
  Activation x;            ///< [N, 1, L]; records longer than L are cut
  int32_t* lengths;        ///< [groups * 16], what x.lengths points to
  int32_t* labels;         ///< [groups * 16]
  const StepValues* step_values = nullptr;  ///< device memory; if given, instead of `stream`
  const Augmentation* augment = nullptr;    ///< host memory; null: none
  // Only with mixup. A slot without a partner has its own label twice, and the share 1.
  int32_t* second_labels = nullptr;         ///< [groups * 16]
  float* shares = nullptr;                  ///< [groups * 16]: of the first label
};

/// out[n] = ceil(in[n] / stride): valid lengths after a strided op.
struct DeriveLengths {
  const int32_t* in;
  int32_t* out;
  int count;
  int stride;
};

/// Largest number of teachers of one loss.
inline constexpr int kMostTeachers = 8;

/// The loss, averaged over all valid steps of the batch; with no valid step all is 0. Of equal
/// logits the lowest class is the argmax. With p = softmax(logits), a step of a record with label y
/// has
///
///   (1 - a) sum_c t_c (1 - p_c)^focal (-log p_c)  +  a T^2 sum_c q_c log(q_c / r_c)
///
/// where t_c = w_y ((1 - s) [c = y] + s / classes), of two labels their mean by `shares`; w =
/// class_weights, s = label_smoothing, a = teacher_weight, T = temperature, r = softmax(logits / T)
/// and q the mean over the teachers of softmax(teacher / T). With the default settings this is
/// softmax cross-entropy. Label smoothing: Szegedy et al. 2016, section 7; focal loss: Lin et al.
/// 2017, equation 4; distillation: Hinton et al. 2015, section 2.
struct CrossEntropy {
  Activation logits;      ///< [N, classes, T]
  const int32_t* labels;  ///< [groups * 16]: one class for all steps of a record
  Activation dlogits;     ///< [N, classes, T]: gradient with respect to the logits
  double* result;         ///< [3]: mean loss, valid steps, steps whose argmax is the label
  float label_smoothing = 0;             ///< 0 to 1
  float focal = 0;                       ///< at least 0
  const float* class_weights = nullptr;  ///< [classes], device memory; null: all 1
  const int32_t* second_labels = nullptr;  ///< [groups * 16]; null: one label a record
  const float* shares = nullptr;  ///< [groups * 16], 0 to 1: of the first label; null with second_labels
  std::span<const Activation> teachers = {};  ///< [N, classes, T] each, at most kMostTeachers
  float temperature = 1;
  float teacher_weight = 0;  ///< 0 to 1; 0 without teachers
};

/// One trainable tensor as the optimiser sees it.
struct ParameterView {
  float* value;
  float* gradient;
  float* moment1;
  float* moment2;
  size_t size;
  const SparsePattern* pattern;  ///< null: dense
  bool decays = true;            ///< whether adamw's weight decay is applied
  float* average = nullptr;      ///< of AverageStep alone
};

/// result[0] = sqrt(sum of squares of all gradients), accumulated in double.
struct GradientNorm {
  std::span<const ParameterView> parameters;
  double* result;  ///< [1]
};

enum class OptimizerKind { adam, sgd, adamw };

/// Gradients are scaled by min(1, clip_norm / norm) first when clip_norm > 0.
/// adam: Kingma & Ba 2015, algorithm 1, epsilon outside the root of the corrected moment.
/// sgd: m = momentum * m + g; w -= lr * m (moment2 unused). Weight decay is added to the gradient.
/// adamw: as adam, but instead w is multiplied by 1 - lr * weight_decay before its update
/// (Loshchilov & Hutter 2019, algorithm 2, with the learning rate as the schedule's factor).
/// If the norm is given and is not finite, nothing is updated.
struct OptimizerStep {
  std::span<const ParameterView> parameters;
  OptimizerKind kind;
  float learning_rate;
  float beta1;          ///< adam's beta1, sgd's momentum
  float beta2;
  float epsilon;
  float weight_decay;
  float clip_norm;      ///< 0: no clipping
  const double* norm;   ///< [1] from GradientNorm; null if clip_norm is 0 and nothing is to be checked
  int64_t step;         ///< 1 for the first update since the optimiser was reset
  /// Device memory; if given, instead of `learning_rate` and `step`.
  const StepValues* step_values = nullptr;
};

/// average += average_share(decay, step) * (value - average). If both are 0 they stay exactly 0.
/// Only value, average, size and pattern of the views are set. If the norm is given and is not
/// finite, nothing is updated.
struct AverageStep {
  std::span<const ParameterView> parameters;
  float decay;         ///< at least 0, less than 1
  const double* norm;  ///< [1] from GradientNorm, or null
  int64_t step;        ///< 1 for the first update since the optimiser was reset
  /// Device memory; if given, instead of `step`.
  const StepValues* step_values = nullptr;
};

/// Steps that wait on the device, so that programs read them without the host; row `cursor` is the
/// next. Device memory.
struct StepQueue {
  const StepValues* values;  ///< [steps]
  const int32_t* records;    ///< [steps][row]: indices for gather
  double* results;           ///< [steps][4], written as steps end
  int32_t* cursor;           ///< [2]: the next row; not 0 once a training step was not finite
  int row;                   ///< int32s from one step's records to the next's
};

/// Copies the next step's values and its first `count` records to the places that a program's ops
/// read.
struct FetchStep {
  StepQueue queue;
  StepValues* values;   ///< [1]
  int32_t* records;     ///< [count]
  int count;
};

/// Copies a program's results to the queue and advances the cursor.
struct StoreStep {
  StepQueue queue;
  const double* results;  ///< [4]: loss, valid and correct steps, gradient norm
  bool trains;            ///< a loss or norm that is not finite halts the queue
};

/// A convolution that a program runs and the weights [Cout, Cin, K] that it runs with.
struct ConvWeights {
  ConvPlan* plan;
  const float* weight;
};

/// Ops captured by a backend that can replay them in one launch.
class CapturedStep {
 public:
  virtual ~CapturedStep() = default;
};

/// One prunable tensor of a global magnitude selection, in host-visible order.
struct SelectTensor {
  const float* value;         ///< [size], device memory
  const uint8_t* alive;       ///< [size], host memory: 1 = may survive; null: all may
  uint8_t* mask;              ///< [size], host memory: written, 1 = survives
  size_t size;
};

/// The ops, in the order of a training step, each with its arguments. Of this list are made the
/// methods of Backend, the CPU's table of kernels and, of the first part, the declarations of
/// CUDA's.
#define LTH_PLAIN_OPS(OP)                   \
  OP(gather, Gather)                        \
  OP(derive_lengths, DeriveLengths)         \
  OP(norm_backward, NormBackward)           \
  OP(shortcut_forward, ShortcutForward)     \
  OP(shortcut_backward, ShortcutBackward)   \
  OP(cross_entropy, CrossEntropy)
/// Those before which the CUDA backend has something of its own to do.
#define LTH_PREPARED_OPS(OP)                \
  OP(conv1d_forward, ConvForward)           \
  OP(conv1d_dgrad, ConvDgrad)               \
  OP(conv1d_wgrad, ConvWgrad)               \
  OP(norm_forward, NormForward)             \
  OP(gradient_norm, GradientNorm)           \
  OP(optimizer_step, OptimizerStep)         \
  OP(average_step, AverageStep)
#define LTH_OPS(OP)   \
  LTH_PLAIN_OPS(OP)   \
  LTH_PREPARED_OPS(OP)

class DeviceArena;  // core/arena.h
class DeviceSteps;  // core/device_steps.h

/// State that the programs of one backend share. It belongs to the backend, so that nothing is
/// global; only core/ uses it.
struct ProgramShare {
  std::weak_ptr<DeviceArena> arena;  ///< kept alive by the builders and programs that use it
  std::weak_ptr<DeviceSteps> steps;  ///< the same, of asynchronous backends
  uint32_t builders = 0;             ///< builders made so far: tells their values apart
};

class Backend {
 public:
  virtual ~Backend() = default;
  ProgramShare& program_share() { return program_share_; }

  virtual std::string_view name() const = 0;      ///< "cpu" or "cuda"
  virtual std::string description() const = 0;    ///< e.g. "AVX-512, 2 threads"

  // Memory. Pointers are 64-byte aligned; allocate throws Error(state) when there is none.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* pointer) = 0;
  virtual void zero(void* pointer, size_t bytes) = 0;
  virtual void upload(void* target, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* source, size_t bytes) = 0;
  /// Bytes of one activation buffer, with elements of this backend's type.
  virtual size_t activation_bytes(const ActivationShape& shape) const = 0;
  /// Host [N, C, L] row major <-> device layout and elements. `store` zeroes positions outside the
  /// records.
  virtual void store_activation(const Activation& target, const float* host) = 0;
  virtual void load_activation(const Activation& source, float* host) = 0;

#define LTH_METHOD(name, Arguments) virtual void name(const Arguments& args) = 0;
  LTH_OPS(LTH_METHOD)
#undef LTH_METHOD
  virtual std::unique_ptr<ConvPlan> plan_conv1d(const Conv1dDesc& desc,
                                                const SparsePattern* pattern) = 0;
  /// Whether a conv1d_wgrad may run in parallel to the ops after it, until join_wgrad. Until then
  /// its operands must not change and its results must not be read.
  virtual bool overlaps_wgrad() const { return false; }
  virtual void join_wgrad() {}
  /// Whether convolutions read a norm's input and compute its result themselves, with the same
  /// bits, so that the result need not be in memory; see core/fuse.cc.
  virtual bool folds_norm(size_t /*result_bytes*/, bool /*dropout*/) const { return false; }
  /// Whether convolutions take the statistics of norms behind them, and the sums that
  /// norm_backward needs.
  virtual bool measures_norms() const { return false; }
  /// Results of norms of at least so many bytes that are not folded are not kept for the backward
  /// pass, but computed again there, with the same bits (Chen et al. 2016, "Training deep nets with
  /// sublinear memory cost").
  virtual size_t recomputed_norm_bytes() const { return SIZE_MAX; }

  /// Whether norm_backward looks at y where ReLU alone decides which gradients pass (no dropout).
  /// If not, y is left out there: its data is null.
  virtual bool norm_backward_reads_relu() const { return true; }

  /// Global magnitude pruning: exactly `keep` ones over all masks, only among the alive, largest
  /// |value| first (-0 and 0 are the same), ties to the lower (tensor, flat index). Throws
  /// Error(range) if an alive value is NaN, naming tensor and index, or if keep exceeds the number
  /// alive; the masks are then undefined.
  virtual void select_magnitude(std::span<const SelectTensor> tensors, int64_t keep) = 0;

  // Steps without the host, for backends whose ops only queue work. For other backends none of the
  // following is called.
  /// Whether ops return before their work is done.
  virtual bool is_asynchronous() const { return false; }
  virtual void fetch_step(const FetchStep&) {}
  virtual void store_step(const StoreStep&) {}
  /// At a program's start, all its convolutions: packs their weights once for forward and dgrad.
  virtual void prepare_convolutions(std::span<const ConvWeights>) {}
  /// At a program's start, all its norms with Dropout::keep: fills it for this step.
  virtual void prepare_dropout(std::span<const NormForward>) {}
  /// Between the two calls, ops are captured and not run. They must have run once before with the
  /// same arguments, because nothing can be allocated during a capture.
  virtual void begin_capture() {}
  virtual std::unique_ptr<CapturedStep> end_capture() { return nullptr; }
  /// Ends a capture in which an op failed.
  virtual void abandon_capture() noexcept {}
  virtual void replay(CapturedStep&) {}
  /// Changes when memory that captured ops refer to has moved: captures made before are void.
  virtual uint64_t capture_generation() const { return 0; }
  /// Sets mark `index` after the work queued so far.
  virtual void set_mark(size_t) {}
  /// Seconds on the device's clock from mark `from` to mark `to`; waits for both.
  virtual double seconds_between(size_t, size_t) { return 0; }

  // Convolution kernels that differ in the last bits of their results. The fastest ones are found
  // by timing and saved, and the saved choice is used again. For backends without such kernels none
  // of the following is called.
  /// Whether there are such kernels.
  virtual bool times_convolutions() const { return false; }
  /// The fastest kernels for an input of this shape, as ConvPlan::describe() puts them. Not
  /// repeatable.
  virtual std::string time_conv1d(const Conv1dDesc&, const SparsePattern*, const ActivationShape&) {
    return {};
  }
  /// Throws Error(range) if a layer with this pattern cannot run on `kernels`.
  virtual void check_kernels(std::string_view /*kernels*/, const SparsePattern*) const {}
  /// As plan_conv1d, with kernels that check_kernels has accepted.
  virtual std::unique_ptr<ConvPlan> plan_conv1d_as(std::string_view /*kernels*/, const Conv1dDesc&,
                                                   const SparsePattern*) {
    return nullptr;
  }

 private:
  ProgramShare program_share_;
};

enum class Isa { automatic, portable, avx2, avx512 };

/// The precision of products in convolutions. Everything else is float, with sums in double.
enum class Precision {
  fp32,  ///< float products and sums
  tf32,  ///< operands rounded to 11 significant bits, float sums; on GPUs only
  bf16,  ///< operands rounded to 8 significant bits, float sums; weights stay float. On GPUs
         ///< activations and their gradients are kept in these 16 bits, all else in float
};

struct CpuOptions {
  int threads = 0;  ///< 0: one per core
  Isa isa = Isa::automatic;
  /// bf16 if that is faster than fp32. Convolutions with few surviving weights, with one channel or
  /// with one tap multiply in fp32.
  Precision precision = Precision::fp32;
  /// Norms with results of at least so many bytes are folded, unless they have dropout; smaller ones
  /// stay in the caches until they are read.
  size_t folded_norm_bytes = size_t(4) << 20;
  /// Backend::recomputed_norm_bytes, of norms that are not folded.
  size_t recomputed_norm_bytes = size_t(16) << 20;
};

/// Throws Error(state) if the machine lacks the instruction set or the precision asked for.
std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options);

struct CudaOptions {
  int index = 0;  ///< device, as the driver counts them
  Precision precision = Precision::tf32;
  // Switches for measuring the gain of each feature.
  bool fuse_norms = true;     ///< false: norms are ops of their own
  bool overlap_wgrad = true;  ///< false: weight gradients run in turn; the same bits
};

/// Throws Error(range) for an unknown device, Error(state) if there is no usable one or this build
/// has no CUDA; the reason is in the message.
std::unique_ptr<Backend> make_cuda_backend(const CudaOptions& options);

/// A backend known to this build, and the reason if it cannot be used.
struct BackendInfo {
  std::string name;
  bool available = false;
  std::string detail;  ///< description when available, the reason when not
};
std::vector<BackendInfo> list_backends();
/// The entry of CUDA in list_backends.
BackendInfo cuda_backend_info();

}  // namespace lth
