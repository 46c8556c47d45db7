#pragma once

#include <cmath>
#include <string>

#include "core/format.h"
#include "lth/error.h"

/// Checks of arguments that several ops take; each throws Error(range) with the value.
namespace lth {

inline constexpr int kMostLength = 1 << 28;

inline void check_stride(int stride) {
  if (stride != 1 && stride != 2) {
    throw_range("stride must be 1 or 2, got " + std::to_string(stride));
  }
}

inline void check_extent(int value, int most, const char* what) {
  if (value < 1 || value > most) {
    throw_range(std::string(what) + " must be from 1 to " + std::to_string(most) + ", got " +
                std::to_string(value));
  }
}

inline void check_rate(float value, const char* what) {
  if (!(value >= 0 && value < 1)) {
    throw_range(std::string(what) + " must be at least 0 and less than 1, got " +
                number_text(value));
  }
}

inline void check_not_negative(float value, const char* what) {
  if (!(value >= 0) || !std::isfinite(value)) {
    throw_range(std::string(what) + " must be at least 0 and finite, got " + number_text(value));
  }
}

inline void check_positive(float value, const char* what) {
  if (!(value > 0) || !std::isfinite(value)) {
    throw_range(std::string(what) + " must be positive and finite, got " + number_text(value));
  }
}

}  // namespace lth
