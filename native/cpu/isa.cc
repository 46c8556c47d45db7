#include "lth/isa.h"

#include <string>

#include "lth/error.h"

namespace lth {
namespace {

/// Can this machine run the code compiled for an instruction set?
bool machine_has(Isa isa) {
  switch (isa) {
    case Isa::automatic:
    case Isa::portable:
      return true;
#if LTH_X86
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
    case Isa::avx512:
      return machine_has(Isa::avx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
#else
    case Isa::avx2:
    case Isa::avx512:
      return false;
#endif
  }
  return false;
}

bool machine_has_bf16() {
#if LTH_X86
  return machine_has(Isa::avx512) && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace

const char* isa_name(Isa isa) {
  if (isa == Isa::avx512) return "AVX-512";
  if (isa == Isa::avx2) return "AVX2";
#if defined(__aarch64__)
  return "NEON";  // the portable kernels; not the bits of x86-64, which has no fused products there
#else
  return "portable";
#endif
}

Isa resolve_isa(Isa isa) {
  if (isa == Isa::automatic) {
    for (Isa best : {Isa::avx512, Isa::avx2}) {
      if (machine_has(best)) return best;
    }
    return Isa::portable;
  }
  if (!machine_has(isa)) {
    throw_state(std::string("This machine cannot run the ") + isa_name(isa) + " kernels");
  }
  return isa;
}

std::string precision_refusal(Isa isa, Precision precision) {
  switch (precision) {
    case Precision::fp32: return "";
    case Precision::tf32: return "GPUs have it, CPUs do not";
    case Precision::bf16: break;
  }
  if (!machine_has_bf16()) return "this CPU has no AVX512_BF16";
  if (isa == Isa::avx512) return "";
  return std::string("the ") + isa_name(isa) + " kernels do not have it, those of AVX-512 do";
}

}  // namespace lth
