#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lth/backend.h"
#include "lth/parameter.h"

namespace lth {

/// A float array in device memory that is not trained (running statistics).
class Buffer {
 public:
  Buffer(Backend& backend, size_t size);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Backend& backend() const { return backend_; }
  size_t size() const { return size_; }
  float* data() const { return data_; }
  void write(const float* source);
  void read(float* target) const;

 private:
  Backend& backend_;
  size_t size_;
  float* data_;
};

/// Recordings copied to the device once. Throws Error(range) if there is none, the arrays differ in
/// size, a record is empty or reaches outside the samples, or a label is negative.
class ResidentDataset {
 public:
  ResidentDataset(Backend& backend, std::span<const int16_t> samples,
                  std::span<const int64_t> offsets, std::span<const int32_t> lengths,
                  std::span<const int32_t> labels);
  ~ResidentDataset();
  ResidentDataset(const ResidentDataset&) = delete;
  ResidentDataset& operator=(const ResidentDataset&) = delete;
  Backend& backend() const { return backend_; }
  const Dataset& view() const { return view_; }
  int records() const { return view_.records; }
  /// One more than the largest label.
  int classes() const { return classes_; }

 private:
  Backend& backend_;
  void* memory_ = nullptr;
  Dataset view_;
  int classes_ = 0;
};

/// Handle of an activation inside one builder and the program made from it; -1 where an optional
/// one is absent. Handles of another builder are recognised (they repeat after 2^15 builders).
using Value = int;

/// What differs from step to step of a replayed program.
struct StepInputs {
  std::span<const int32_t> records = {};  ///< [N] for gather, -1 for an empty slot
  float learning_rate = 0;
  int64_t optimizer_step = 1;        ///< 1 for the first update since the optimiser was reset
  uint32_t stream = 0;               ///< random stream: dropout, sign flips and augmentation
};

struct StepResult {
  double loss = 0;           ///< mean over valid steps
  double valid = 0;          ///< number of valid steps
  double correct = 0;        ///< valid steps whose argmax is the label
  double gradient_norm = 0;  ///< before clipping; 0 if the program has no optimizer
};

/// Time and work of one recorded op, summed over the replays since the last reset.
struct OpProfile {
  std::string label;   ///< e.g. "block3.conv1"
  std::string op;      ///< e.g. "conv1d_forward"
  std::string detail;  ///< the kernel that was chosen
  double seconds = 0;
  double flops = 0;        ///< of a convolution's surviving weights over all [N, L], per replay
  double dense_flops = 0;  ///< the same with every weight; both 0 for other ops
  double bytes = 0;        ///< of its operands and results as fp32, each once; per replay
};

/// What a convolution runs on.
struct ConvKernels {
  std::string label;    ///< of its forward op, e.g. "block3.conv1"
  std::string kernels;  ///< e.g. "forward=tf32 dgrad=sparse wgrad=tf32"
};

struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::adam;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;  ///< of adamw: of parameters of two and more extents alone
  float clip_norm = 0;
};

/// What a loss adds to plain cross-entropy; the formula is CrossEntropy's in lth/backend.h.
struct LossSettings {
  float label_smoothing = 0;  ///< 0 to 1
  float focal = 0;            ///< at least 0
  std::vector<float> class_weights = {};  ///< [classes], at least 0 and not all 0; empty: all 1
  std::vector<Value> teachers = {};       ///< of the logits' shape, at most kMostTeachers
  float temperature = 1;      ///< more than 0
  float teacher_weight = 0;   ///< 0 to 1; 0 without teachers
};

class Program;

/// Records the op sequence of a step. Shapes are static: N records of at most L samples. Every call
/// checks its arguments and throws Error(type | range | state) with the value.
/// Builder and program keep the parameters, buffers and data sets they use alive.
class ProgramBuilder {
 public:
  /// @param records N >= 1; @param length L >= 1; @param seed of dropout, sign flips and augmentation
  ProgramBuilder(std::shared_ptr<Backend> backend, int records, int length, uint64_t seed);
  ~ProgramBuilder();

  /// Names the ops recorded from here on, e.g. "block3.conv1".
  void label(const std::string& name);

  /// Batch assembly: [N, 1, L]; with random changes of the records if an augmentation is given, and
  /// with the other sign if they are to be negated.
  Value gather(std::shared_ptr<ResidentDataset> dataset, float mean, float std, bool flip,
               const std::optional<Augmentation>& augment = {}, bool negate = false);
  /// An input written by Program::write_value before a run: [N, C, L]; its records' lengths too.
  Value input(int channels, int length);
  /// SAME padding. weight [Cout, Cin, K], bias [Cout]; add: a value of the output's shape or -1.
  Value conv1d(Value x, std::shared_ptr<Parameter> weight, std::shared_ptr<Parameter> bias,
               int stride, Value add);

  struct Norm {
    std::shared_ptr<Parameter> gamma, beta;
    std::shared_ptr<Buffer> running_mean, running_variance;
    float epsilon = 1e-3f;
    float momentum = 0.1f;
    bool training = false;
    bool relu = true;
    double dropout = 0;
  };
  /// Batch normalisation, then ReLU, then dropout, as asked for.
  /// The random bits of its dropout are keyed by (seed, stream, ordinal of the norm among those that
  /// train, from 1).
  Value norm(Value x, const Norm& settings);

  /// Max-pool by `stride`, then zero channels up to `channels`.
  Value shortcut(Value x, int stride, int channels);

  /// The loss of logits [N, classes, T] against the gathered (or written) labels, mean cross-entropy
  /// by default. Returns dlogits.
  Value cross_entropy(Value logits, const LossSettings& settings = {});

  /// A value and the gradient of the loss with respect to it, of the same shape.
  struct Gradient {
    Value value, gradient;
  };
  struct BackwardOptions {
    std::vector<Value> inputs = {};   ///< whose gradients are wanted too
    std::vector<Gradient> also = {};  ///< further values with a gradient, beside y
  };
  /// Records the backward pass of what has been recorded, from the gradient dy of y (and of others):
  /// the gradients of all parameters that y depends on go to their slots. The gradient of a value that
  /// several ops read is the sum of theirs. Ops are labelled as those whose derivative they are.
  /// Throws Error(state) if a norm on the way is not training, if a parameter is used twice, and after
  /// the optimizer; Error(range) if y depends on no parameter and no input; nothing is recorded then.
  /// @returns the gradient of each of `inputs`, in their order
  std::vector<Value> backward(Value y, Value dy, const BackwardOptions& options);
  std::vector<Value> backward(Value y, Value dy) { return backward(y, dy, {}); }

  /// Clip and update. One optimiser per program, after all gradients; in a program that computes
  /// gradients, only of parameters whose gradient it computes.
  void optimizer(std::vector<std::shared_ptr<Parameter>> parameters,
                 const OptimizerSettings& settings);

  /// A running statistic and the buffer of its average.
  struct AveragedBuffer {
    std::shared_ptr<Buffer> value, average;
  };
  /// After the optimizer, once: moves the averages of its parameters, which must keep them, and of
  /// buffers; AverageStep has the formula. A step that the optimizer leaves out moves none.
  /// @param decay at least 0, less than 1
  void average(std::vector<AveragedBuffer> buffers, float decay);

  /// Keeps a value readable after a run.
  void output(Value value);

  /// Bytes of activation memory that build() would ask for now. Allocates nothing.
  size_t planned_bytes();

  /// Ends recording and plans memory. The builder cannot be used afterwards. May move the arena,
  /// and so ends the life of the values of other programs.
  std::unique_ptr<Program> build();

  struct State;  // core/builder_state.h

 private:
  friend class Program;
  std::unique_ptr<State> state_;
};

/// One replay of a program.
struct ProgramStep {
  Program* program;
  StepInputs inputs;
};

/// Replays steps of one backend in order and writes their results, as Program::run one by one; on a
/// GPU the host waits once, at the end. Stops early, the rest of the results untouched, once
/// `cancelled` is set, or behind a training step whose loss or gradient norm is not finite, which
/// is not applied (see OptimizerStep). On a GPU others are in line behind it: they change nothing
/// but the gradients, which are theirs. Returns how many steps were done, all if cancelled.
size_t run_steps(std::span<const ProgramStep> steps, std::span<StepResult> results,
               const std::atomic<bool>& cancelled);

/// A recorded step, replayed without leaving native code. Activations live in an arena that all
/// programs of a backend share, so values hold only until another program runs, is written to or is
/// built; using them later throws Error(state).
class Program {
 public:
  ~Program();

  /// Replays once. Not thread safe: one run at a time per backend.
  StepResult run(const StepInputs& inputs);

  /// Writes an `input` value: host [N, C, L], its records' lengths [N] (empty: all L) and the
  /// batch's labels [N] (empty: as they were, 0 at first). It holds for all replays that follow.
  void write_value(Value value, std::span<const float> host, std::span<const int32_t> lengths,
                   std::span<const int32_t> labels);
  /// Reads an input or a value marked as output: host [N, C, L], zeros past each record's end.
  void read_value(Value value, std::span<float> host) const;
  ActivationShape value_shape(Value value) const;

  int records() const;
  int length() const;
  /// Bytes of the activation arena this program needs.
  size_t arena_bytes() const;
  /// A backend whose ops only queue work times them from reset_profile() to the next profile(),
  /// and then runs them one by one; the others time every replay.
  std::vector<OpProfile> profile() const;
  void reset_profile();

  /// Times the kernels of every convolution on random inputs of its shape in this program and has
  /// its weight keep the fastest (Parameter::set_kernels), once for each weight, in program order.
  /// Not repeatable: record what is returned, and set it to get the same bits again. Nothing is
  /// timed, set or returned where the backend's kernels do not differ in bits.
  std::vector<ConvKernels> choose_kernels();

  struct Impl;  // core/program_impl.h

 private:
  friend class ProgramBuilder;
  friend size_t run_steps(std::span<const ProgramStep>, std::span<StepResult>,
                        const std::atomic<bool>&);
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lth
