#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace lth {

/// A float or double for a message, in the fewest digits that read back as the same number: `0.1`,
/// `-1e-10`, `4294967295`, and as JavaScript writes them `NaN`, `Infinity`.
template <class Number>
std::string number_text(Number value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  constexpr double kMostWhole = 1e16;  // up to it no digit of a whole number is left out
  constexpr int kMostDigits = 17;
  char text[32];
  if (value == std::floor(value) && std::abs(double(value)) < kMostWhole) {
    std::snprintf(text, sizeof text, "%.0f", double(value));
    return text;
  }
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, double(value));
    if (Number(std::strtod(text, nullptr)) == value) break;
  }
  return text;
}

}  // namespace lth
