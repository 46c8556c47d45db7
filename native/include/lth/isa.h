#pragma once

#include "lth/backend.h"

namespace lth {

/// E.g. "AVX-512".
const char* isa_name(Isa isa);

/// The instruction set that `automatic` stands for here, or `isa` itself. Throws Error(state) if
/// the machine lacks the one that was asked for.
Isa resolve_isa(Isa isa);

}  // namespace lth
