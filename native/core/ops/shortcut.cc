#include "core/checks.h"
#include "core/derivation.h"
#include "core/replay.h"
#include "lth/traced_op.h"

namespace lth {
namespace {

class ShortcutBackwardOp : public Op {
 public:
  ShortcutBackwardOp(int stride, ValueIndex x, ValueIndex dy, ValueIndex add, ValueIndex dx)
      : stride_(stride), x_(x), dy_(dy), add_(add), dx_(dx) {}

  const char* name() const override { return "shortcut_backward"; }
  OpValues values() const override { return {{stride_ == 1 ? kNone : x_, dy_, add_}, dx_}; }

  void run(const Replay& replay) const override {
    const OptionalActivation added(replay, add_);
    replay.backend.shortcut_backward({.x = replay.at(x_),
                                      .dy = replay.at(dy_),
                                      .add = added.get(),
                                      .dx = replay.at(dx_),
                                      .stride = stride_});
  }

 private:
  int stride_;
  ValueIndex x_, dy_, add_, dx_;
};

class ShortcutOp : public Op {
 public:
  ShortcutOp(int stride, ValueIndex x, ValueIndex y) : stride_(stride), x_(x), y_(y) {}

  const char* name() const override { return "shortcut_forward"; }
  OpValues values() const override { return {{x_}, y_}; }

  void run(const Replay& replay) const override {
    replay.backend.shortcut_forward({.x = replay.at(x_), .y = replay.at(y_), .stride = stride_});
  }

  void derive(Derivation& pass, ValueIndex dy) const override {
    ProgramBuilder::State& state = pass.state();
    pass.add(x_, Derivation::Order::shortcut, [&state, this, dy](ValueIndex add) {
      const ValueIndex dx = state.new_value_like(x_);
      state.record(std::make_unique<ShortcutBackwardOp>(stride_, x_, dy, add, dx));
      return dx;
    });
  }

 private:
  int stride_;
  ValueIndex x_, y_;
};

const TracedOp kShortcut = {
    .name = "shortcut",
    .values = {"x"},
    .options = {"stride", "channels"},
    .trace = [](ProgramBuilder& builder, const TracedArguments& given) {
      return builder.shortcut(given.value("x"), given.whole("stride"), given.whole("channels"));
    }};
const RegisteredOp kRegistered(kShortcut);

}  // namespace

Value ProgramBuilder::shortcut(Value x, int stride, int channels) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  check_stride(stride);
  const int in_channels = state_->value(input).shape.channels;
  if (channels < in_channels) {
    throw_range("A shortcut cannot drop channels: x has " + std::to_string(in_channels) +
                ", asked for " + std::to_string(channels));
  }
  const LevelIndex level = state_->derived_level(state_->value(input).level, stride);
  const ValueIndex y = state_->new_value(channels, level);
  state_->record(std::make_unique<ShortcutOp>(stride, input, y));
  return recording.handle_of(y);
}

/// The gradient of a shortcut that changes nothing, added to another one.
ValueIndex Derivation::plus(ValueIndex a, ValueIndex b) {
  const ValueIndex sum = state_.new_value_like(a);
  state_.record(std::make_unique<ShortcutBackwardOp>(1, a, a, b, sum));
  return sum;
}

}  // namespace lth
