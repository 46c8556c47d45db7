#include "core/ops/conv1d.h"

#include "core/checks.h"
#include "core/derivation.h"
#include "core/replay.h"
#include "lth/traced_op.h"

namespace lth {
namespace {

class ConvWgradOp : public Op {
 public:
  ConvWgradOp(const ConvOp& conv, ValueIndex x, ValueIndex dy) : conv_(conv), x_(x), dy_(dy) {}

  const char* name() const override { return "conv1d_wgrad"; }
  OpValues values() const override { return {{input(), dy_}}; }
  OpCost cost(const Recording& recording) const override { return conv_.pass_cost(recording); }
  std::vector<HaloNeed> halos() const override {
    const int halo = conv_halo(conv_.desc);
    return {{input(), halo}, {dy_, halo}};
  }
  bool is_wgrad() const override { return true; }
  ValueIndex foldable() const override { return x_; }

  void run(const Replay& replay) const override {
    NormForward folded{};
    if (conv_.folded) folded = conv_.folded->arguments(replay);
    replay.backend.conv1d_wgrad({.plan = &conv_.plan(),
                                 .x = replay.at(input()),
                                 .dy = replay.at(dy_),
                                 .dweight = conv_.weight->data(Slot::gradient),
                                 .dbias = conv_.bias->data(Slot::gradient),
                                 .folded = conv_.folded ? &folded : nullptr});
  }

 private:
  /// As ConvOp::input.
  ValueIndex input() const { return conv_.folded ? conv_.input() : x_; }

  const ConvOp& conv_;
  ValueIndex x_;  ///< the convolution's, or a copy
  ValueIndex dy_;
};

const TracedOp kConv1d = {
    .name = "conv1d",
    .values = {"x"},
    .options = {"weight", "bias", "stride", "add"},
    .trace = [](ProgramBuilder& builder, const TracedArguments& given) {
      return builder.conv1d(given.value("x"), given.parameter("weight"), given.parameter("bias"),
                            given.whole("stride"), given.optional_value("add"));
    }};
const RegisteredOp kRegistered(kConv1d);

}  // namespace

Value ProgramBuilder::conv1d(Value x, std::shared_ptr<Parameter> weight,
                             std::shared_ptr<Parameter> bias, int stride, Value add) {
  Recording& recording = state_->open();
  const ValueIndex input = recording.index_of(x, "x");
  const ActivationShape in = recording.values[size_t(input)].shape;
  const LevelIndex in_level = recording.values[size_t(input)].level;
  state_->check_parameter(weight.get(), "weight");
  check_stride(stride);
  const std::vector<int>& extents = weight->shape();
  if (extents.size() != 3 || extents[1] != in.channels) {
    throw_range("weight must have shape [Cout, " + std::to_string(in.channels) +
                ", K] for x of shape " + shape_text(in) + ", got " + shape_text(extents));
  }
  state_->check_channels(bias.get(), "bias", extents[0]);
  if (int64_t(in.length) + 2 * int64_t(extents[2]) > (1 << 30)) {
    throw_range("The kernel of weight " + shape_text(extents) + " is too long for x of shape " +
                shape_text(in));
  }
  ValueInfo like;
  like.shape = {in.records, extents[0], same_output_length(in.length, stride), 0};
  auto op = std::make_unique<ConvOp>();
  op->desc = {in.channels, extents[0], extents[2], stride,
              same_pad_left(in.length, extents[2], stride)};
  op->x = input;
  op->add = state_->optional_same_shape(add, "add", like);
  op->weight = std::move(weight);
  op->bias = std::move(bias);
  const LevelIndex level = state_->derived_level(in_level, stride);
  const ValueIndex y = op->y = state_->new_value(op->desc.out_channels, level);
  state_->record(std::move(op));
  return recording.handle_of(y);
}

OpCost ConvOp::pass_cost(const Recording& recording) const {
  const ActivationShape& out = recording.values[size_t(y)].shape;
  const double positions = 2.0 * out.records * out.length;
  return {.parameter_floats = double(weight->kept()),
          .flops = double(weight->kept()) * positions,
          .dense_flops = double(weight->size()) * positions,
          .detail = plan().describe()};
}

void ConvOp::run(const Replay& replay) const {
  const OptionalActivation added(replay, add);
  NormForward fold{}, measure{};
  if (folded) fold = folded->arguments(replay);
  if (measures) measure = measures->arguments(replay);
  replay.backend.conv1d_forward({.plan = &plan(),
                                 .weight = weight->data(Slot::value),
                                 .bias = bias->data(Slot::value),
                                 .x = replay.at(input()),
                                 .add = added.get(),
                                 .y = replay.at(y),
                                 .folded = folded ? &fold : nullptr,
                                 .measures = measures ? &measure : nullptr});
}

void ConvOp::prepare(const Replay&, Preparation& preparation) const {
  preparation.convolutions.push_back({&plan(), weight->data(Slot::value)});
}

void ConvOp::derive(Derivation& pass, ValueIndex dy) const {
  ProgramBuilder::State& state = pass.state();
  state.claim_gradient(*weight, "weight");
  state.claim_gradient(*bias, "bias");
  const ValueIndex again = pass.again(x);  // before, because it may trace an op
  state.record(std::make_unique<ConvWgradOp>(*this, again, dy));
  if (add != kNone) pass.add(add, dy);
  pass.add(x, Derivation::Order::convolution, [&state, this, dy](ValueIndex sum) {
    const ValueIndex dx = state.new_value_like(x);
    state.record(std::make_unique<ConvDgradOp>(*this, dy, sum, dx));
    return dx;
  });
}

void ConvDgradOp::run(const Replay& replay) const {
  const OptionalActivation added(replay, add);
  NormForward forward{};
  NormBackward measure{};
  if (measures) measure = measures->arguments(replay, forward);
  replay.backend.conv1d_dgrad({.plan = &conv.plan(),
                               .weight = conv.weight->data(Slot::value),
                               .dy = replay.at(dy),
                               .add = added.get(),
                               .dx = replay.at(dx),
                               .measures = measures ? &measure : nullptr});
}

}  // namespace lth
