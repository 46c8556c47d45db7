#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lth/activation.h"
#include "lth/number_text.h"

namespace lth {

/// "[3, 4]", for messages.
inline std::string shape_text(std::span<const int> extents) {
  std::string text = "[";
  for (size_t i = 0; i < extents.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(extents[i]);
  }
  return text + "]";
}

inline std::string shape_text(const ActivationShape& shape) {
  const int extents[] = {shape.records, shape.channels, shape.length};
  return shape_text(extents);
}

}  // namespace lth
