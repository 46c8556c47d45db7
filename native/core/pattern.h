#pragma once

#include <cstdint>

#include "lth/sparse_pattern.h"

namespace lth {

/// @param mask [rows * columns], 0 or 1
SparsePattern build_pattern(const uint8_t* mask, int rows, int columns);

}  // namespace lth
