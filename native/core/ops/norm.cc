#include "core/ops/norm.h"

#include "core/checks.h"
#include "core/derivation.h"
#include "core/replay.h"

namespace lth {

Value ProgramBuilder::norm(Value x, const Norm& settings) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  const int channels = state_->value(input).shape.channels;
  state_->check_channels(settings.gamma.get(), "gamma", channels);
  state_->check_channels(settings.beta.get(), "beta", channels);
  for (const auto& [buffer, role] : {std::pair(settings.running_mean.get(), "running mean"),
                                     std::pair(settings.running_variance.get(),
                                               "running variance")}) {
    if (!buffer) throw_type(std::string("The ") + role + " must be a buffer, got none");
    if (&buffer->backend() != recording.backend.get()) {
      throw_type(std::string("The ") + role + " belongs to another backend");
    }
    if (buffer->size() != size_t(channels)) {
      throw_range(std::string("The ") + role + " must have " + std::to_string(channels) +
                  " elements, got " + std::to_string(buffer->size()));
    }
  }
  if (settings.running_mean == settings.running_variance) {
    throw_range("The running mean and the running variance must be two buffers");
  }
  check_positive(settings.epsilon, "epsilon");
  if (!(settings.momentum >= 0 && settings.momentum <= 1)) {
    throw_range("momentum must be from 0 to 1, got " + number_text(settings.momentum));
  }
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    throw_range("dropout must be at least 0 and less than 1, got " + number_text(settings.dropout));
  }
  auto op = std::make_unique<NormOp>();
  op->settings = settings;
  op->x = input;
  if (settings.training) op->layer = ++state_->norms;  // other norms draw nothing
  const ValueIndex y = op->y = state_->new_value_like(input);
  state_->record(std::move(op));
  return recording.handle_of(y);
}

void NormOp::allocate(const Recording& recording) {
  Backend& backend = *recording.backend;
  const ActivationShape& shape = recording.values[size_t(x)].shape;
  const size_t channels = size_t(shape.channels);
  if (settings.training) saved = std::make_unique<Buffer>(backend, 2 * channels);
  if (!backend.measures_norms()) return;
  maps = std::make_unique<Buffer>(backend, 8 * channels);
  if (!settings.training || settings.dropout == 0) return;
  const size_t groups = size_t(shape.records + kLanes - 1) / kLanes;
  const size_t words = groups * channels * size_t(shape.length);  // of 16 bits
  keep = std::make_unique<Buffer>(backend, (words + 1) / 2);
}

OpValues NormOp::values() const {
  // If it is folded and its statistics come from elsewhere, it touches only its map.
  const bool idle = folded && (measured || !settings.training);
  return {{idle ? kNone : x}, folded ? kNone : y};
}

NormForward NormOp::arguments(const Replay& replay) const {
  float* const statistics = saved ? saved->data() : nullptr;
  return {.x = replay.at(x),
          .y = folded ? Activation{} : replay.at(y),
          .gamma = settings.gamma->data(Slot::value),
          .beta = settings.beta->data(Slot::value),
          .running_mean = settings.running_mean->data(),
          .running_variance = settings.running_variance->data(),
          .saved_mean = statistics,
          .saved_inv_std = statistics ? statistics + saved->size() / 2 : nullptr,
          .epsilon = settings.epsilon,
          .momentum = settings.momentum,
          .training = settings.training,
          .relu = settings.relu,
          .dropout = {.rate = settings.training ? settings.dropout : 0,
                      .seed = replay.program.recording->seed,
                      .stream = replay.inputs.stream,
                      .layer = layer,
                      .step_values = replay.program.step_values,
                      .keep = keep ? reinterpret_cast<uint16_t*>(keep->data()) : nullptr},
          .map = maps ? maps->data() : nullptr,
          .measured = measured,
          .folded = folded};
}

void NormOp::run(const Replay& replay) const { replay.backend.norm_forward(arguments(replay)); }

void NormOp::prepare(const Replay& replay, Preparation& preparation) const {
  if (keep) preparation.dropouts.push_back(arguments(replay));
}

void NormOp::derive(Derivation& pass, ValueIndex dy) const {
  ProgramBuilder::State& state = pass.state();
  if (!settings.training) {
    throw_state("The gradient of a norm needs one that was recorded with training on: that "
                "labelled \"" + state.label + "\" was not");
  }
  state.claim_gradient(*settings.gamma, "gamma");
  state.claim_gradient(*settings.beta, "beta");
  pass.add(x, Derivation::Order::norm, [&pass, &state, this, dy](ValueIndex add) {
    const bool by_relu_alone = settings.relu && settings.dropout == 0;
    const bool reads = !by_relu_alone || state.recording->backend->norm_backward_reads_relu();
    const ValueIndex result = reads ? pass.again(y) : kNone;
    const ValueIndex dx = state.new_value_like(x);
    state.record(std::make_unique<NormBackwardOp>(*this, result, dy, add, dx));
    return dx;
  });
}

ValueIndex NormOp::recompute(ProgramBuilder::State& state) const {
  if (!settings.training) return kNone;
  const ValueIndex copy = state.new_value_like(y);
  state.record(std::make_unique<NormRecomputeOp>(*this, copy));
  return copy;
}

void NormRecomputeOp::run(const Replay& replay) const {
  NormForward args = norm_.arguments(replay);
  args.y = replay.at(y_);
  args.measured = true;
  replay.backend.norm_forward(args);
}

OpValues NormBackwardOp::values() const {
  return {{norm.x, norm.folded ? kNone : y, dy, add}, dx};
}

NormBackward NormBackwardOp::arguments(const Replay& replay, NormForward& forward) const {
  const ProgramBuilder::Norm& settings = norm.settings;
  const float* const saved = norm.saved->data();
  forward = norm.arguments(replay);
  return {.x = replay.at(norm.x),
          .y = norm.folded || y == kNone ? Activation{} : replay.at(y),
          .dy = replay.at(dy),
          .add = nullptr,
          .dx = replay.at(dx),
          .gamma = settings.gamma->data(Slot::value),
          .beta = settings.beta->data(Slot::value),
          .saved_mean = saved,
          .saved_inv_std = saved + norm.saved->size() / 2,
          .dgamma = settings.gamma->data(Slot::gradient),
          .dbeta = settings.beta->data(Slot::gradient),
          .relu = settings.relu,
          .dropout_rate = settings.dropout,
          .forward = norm.maps ? &forward : nullptr,
          .map = norm.maps ? norm.maps->data() + norm.maps->size() / 2 : nullptr,
          .measured = measured};
}

void NormBackwardOp::run(const Replay& replay) const {
  NormForward forward{};
  NormBackward args = arguments(replay, forward);
  const OptionalActivation added(replay, add);
  args.add = added.get();
  replay.backend.norm_backward(args);
}

}  // namespace lth
