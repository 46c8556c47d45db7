#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "lth/activation.h"

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

/// Shortest of the usual notations, for messages.
inline std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace lth
