#include "cpu/kernel_table.h"
#include "cpu/kernels/conv1d.h"
#include "cpu/kernels/ops.h"

#define LTH_TEXT(x) #x
#define LTH_NAME(x) LTH_TEXT(x)

namespace lth::cpu::LTH_ISA {

#if LTH_BF16

const KernelTable& kernel_table() {
  static const KernelTable table = [] {
    KernelTable t = avx512::kernel_table();
    t.isa = LTH_NAME(LTH_ISA);
    t.plan_conv1d = plan_conv1d;
    t.conv1d_forward = conv1d_forward;
    t.conv1d_dgrad = conv1d_dgrad;
    t.conv1d_wgrad = conv1d_wgrad;
    return t;
  }();
  return table;
}

#else

const KernelTable& kernel_table() {
  static const KernelTable table{
      .isa = LTH_NAME(LTH_ISA),
      .plan_conv1d = plan_conv1d,
#define LTH_ENTRY(name, Arguments) .name = name,
      LTH_OPS(LTH_ENTRY)
#undef LTH_ENTRY
      .select_magnitude = select_magnitude,
  };
  return table;
}

#endif

}  // namespace lth::cpu::LTH_ISA
