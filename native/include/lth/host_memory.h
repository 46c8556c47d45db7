#pragma once

#include <cstddef>
#include <string>

namespace lth {

/// Memory of this machine, as far as this process may use it.
struct HostMemory {
  size_t capacity;   ///< bytes of the machine, or the lowest limit of a control group if that is less
  size_t available;  ///< bytes that can still be taken; files that the kernel caches count as free
  bool limited;      ///< a control group, and not the machine, says what is available
};

/// Reads the kernel's files. The limits of control groups (version 1 and 2) hold for everything
/// below them, so all groups above the process are looked at.
/// @param root where /proc and /sys are, for tests
HostMemory host_memory(const std::string& root = "");

}  // namespace lth
