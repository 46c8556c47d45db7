#include "binding/augment.h"

#include "binding/arguments.h"

namespace lth::binding {
namespace {

constexpr int kMostSamples = 1 << 24;

/// Two numbers, or `usual` for undefined. What they may be, the builder checks.
Range to_range(const Napi::Value& value, const std::string& what, Range usual) {
  if (value.IsUndefined()) return usual;
  const std::vector<Napi::Value> ends = to_array(value, what);
  require_length(ends.size(), 2, what);
  return {to_float(ends[0], what + "[0]"), to_float(ends[1], what + "[1]")};
}

int to_samples(const Napi::Value& value, const std::string& what) {
  return int(to_integer(value, what, 1, kMostSamples));
}

}  // namespace

std::optional<Augmentation> to_augmentation(const Napi::Value& value, const std::string& what) {
  if (value.IsUndefined()) return {};
  const Fields fields(value, what,
                      {"hop", "stretch", "log2Amplitude", "wander", "noise", "bursts", "masks", "mixup"});
  Augmentation augment;
  augment.hop = to_samples(fields.get("hop"), fields.path("hop"));
  const auto range = [](const Fields& of, const char* name, Range usual) {
    return to_range(of.get(name), of.path(name), usual);
  };
  augment.stretch = range(fields, "stretch", augment.stretch);
  augment.log2_amplitude = range(fields, "log2Amplitude", augment.log2_amplitude);
  augment.noise = range(fields, "noise", augment.noise);
  if (const Napi::Value given = fields.get("wander"); !given.IsUndefined()) {
    const Fields wander(given, fields.path("wander"), {"amplitude", "frequency"});
    augment.wander_amplitude = range(wander, "amplitude", {});
    augment.wander_frequency = range(wander, "frequency", {});
  }
  if (const Napi::Value given = fields.get("bursts"); !given.IsUndefined()) {
    const Fields bursts(given, fields.path("bursts"), {"probability", "length"});
    augment.burst_probability =
        to_number(bursts.get("probability"), bursts.path("probability"));
    augment.burst_length = to_samples(bursts.get("length"), bursts.path("length"));
  }
  if (const Napi::Value given = fields.get("masks"); !given.IsUndefined()) {
    const Fields masks(given, fields.path("masks"), {"count", "length"});
    augment.masks = int(to_integer(masks.get("count"), masks.path("count"), 0,
                                   Augmentation::kMostMasks));
    augment.mask_length = to_samples(masks.get("length"), masks.path("length"));
  }
  if (const Napi::Value given = fields.get("mixup"); !given.IsUndefined()) {
    augment.mixup = to_number(given, fields.path("mixup"));
  }
  return augment;
}

}  // namespace lth::binding
