#pragma once

#include <string>

#include "lth/backend.h"

namespace lth {

/// E.g. "AVX-512".
const char* isa_name(Isa isa);

/// The instruction set that `automatic` stands for here, or `isa` itself. Throws Error(state) if
/// the machine lacks the one that was asked for.
Isa resolve_isa(Isa isa);

/// Whether the kernels of an instruction set (not `automatic`) can multiply in a precision here;
/// if not, why: e.g. "this CPU has no AVX512_BF16". Empty if they can.
std::string precision_refusal(Isa isa, Precision precision);

}  // namespace lth
