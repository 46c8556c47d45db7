#include "lth/traced_op.h"

namespace lth {
namespace {

/// Made at its first use: constants of other files register before those of this one may exist.
std::vector<const TracedOp*>& registered() {
  static std::vector<const TracedOp*> ops;
  return ops;
}

}  // namespace

const std::vector<const TracedOp*>& traced_ops() { return registered(); }

RegisteredOp::RegisteredOp(const TracedOp& op) { registered().push_back(&op); }

}  // namespace lth
