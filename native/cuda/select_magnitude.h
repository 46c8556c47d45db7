#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/context.h"
#include "lth/backend.h"

namespace lth::cuda {

inline constexpr int kSelectElements = 4096;  // of a unit

/// A stretch of one tensor.
struct SelectUnit {
  const float* value;
  const uint8_t* alive;  ///< null: all are
  uint8_t* mask;
  int count;
};

/// Results of the passes of a selection. Keys are the values' bits without the sign, 31 bits; a
/// place is unit * kSelectElements + offset and orders values by (tensor, flat index).
struct SelectState {
  uint32_t prefix;   ///< the known upper bits of the threshold's key
  uint32_t known;    ///< which bits those are
  int64_t wanted;    ///< how many of the largest that share the known bits are to be kept
  int64_t inside;    ///< alive values that share them
  int64_t alive;
  unsigned long long first_nan;    ///< lowest place of an alive NaN, or all ones
  unsigned long long place_prefix; ///< of values equal to the threshold, those up to this are kept
  unsigned long long place_known;
  uint32_t candidates;             ///< collected so far
  uint32_t compact;                ///< 1 if all values inside fit into the list of candidates
};

/// A value that the first pass has not decided.
struct SelectCandidate {
  unsigned long long place;
  uint32_t key;
};

/// Global magnitude selection with values, masks and lists in device memory: radix select over 11,
/// 10 and 10 bits of the keys. The first pass counts all values; the second decides all but those
/// in the threshold's bucket and collects these; the others look at what was collected, or at all
/// values again if it was too much. Atomics touch integers only and no result depends on their
/// order.
class Selection {
 public:
  /// @param tensors their `value` and `size`; @param with_alive which of them have an alive array
  Selection(std::span<const SelectTensor> tensors, const Context& context);

  uint8_t* alive(size_t tensor) const { return alive_at_[tensor]; }  ///< device; null if all are
  const uint8_t* mask(size_t tensor) const { return mask_at_[tensor]; }  ///< device

  /// Writes the masks; waits once, before the last pass. Throws Error(range) as
  /// Backend::select_magnitude does.
  void run(int64_t keep);

 private:
  void check(const SelectState& state, int64_t keep) const;
  void settle_ties(const SelectState& state);

  Context context_;
  std::vector<size_t> first_unit_;  // of each tensor
  std::vector<uint8_t*> alive_at_, mask_at_;
  DeviceArray<uint8_t> bytes_;      // alive arrays and masks
  DeviceArray<SelectUnit> units_;
  DeviceArray<SelectCandidate> candidates_;
  DeviceArray<unsigned long long> histogram_;
  DeviceArray<SelectState> state_;
};

}  // namespace lth::cuda
