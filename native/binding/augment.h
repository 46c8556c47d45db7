#pragma once

#include <napi.h>

#include <optional>
#include <string>

#include "lth/augment.h"

namespace lth::binding {

/// The augmentation that gather's options describe; none for undefined.
std::optional<Augmentation> to_augmentation(const Napi::Value& value, const std::string& what);

}  // namespace lth::binding
