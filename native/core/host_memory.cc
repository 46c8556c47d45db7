#include "lth/host_memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>

namespace lth {
namespace {

size_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? size_t(pages) * size_t(page) : SIZE_MAX;
}

/// The number at the beginning of a file; none if there is no file or no number ("max").
std::optional<size_t> read_number(const std::string& file) {
  std::ifstream in(file);
  size_t number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

/// The number after `key` in a file of lines "key number".
std::optional<size_t> read_entry(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    size_t number = 0;
    if (words >> name >> number && name == key) return number;
  }
  return std::nullopt;
}

/// How a version of control groups names its files.
struct GroupFiles {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* cache;  ///< entry of memory.stat: cached files that are freed when memory runs out
};

constexpr GroupFiles kVersion1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                  "memory.usage_in_bytes", "total_inactive_file"};
constexpr GroupFiles kVersion2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                  "inactive_file"};

/// Lowers `memory` to the limits of a group and of all above it. In a container the path may be the
/// host's and not exist; the container's own group is then the one at the mount.
void apply_limits(HostMemory& memory, const std::string& root, const GroupFiles& files,
                  std::string path) {
  for (;;) {
    const std::string folder = root + files.mount + path + "/";
    const std::optional<size_t> limit = read_number(folder + files.limit);
    const std::optional<size_t> usage = read_number(folder + files.usage);
    if (limit && usage) {
      const size_t cache = read_entry(folder + "memory.stat", files.cache).value_or(0);
      const size_t used = *usage - std::min(cache, *usage);
      const size_t left = *limit - std::min(used, *limit);
      memory.capacity = std::min(memory.capacity, *limit);
      if (left < memory.available) {
        memory.available = left;
        memory.limited = true;
      }
    }
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

}  // namespace

HostMemory host_memory(const std::string& root) {
  const std::string meminfo = root + "/proc/meminfo";
  const size_t total = root.empty() ? machine_memory()
                                    : read_entry(meminfo, "MemTotal:").value_or(0) * 1024;
  HostMemory memory{total, total, false};
  if (const auto kilobytes = read_entry(meminfo, "MemAvailable:")) {
    memory.available = std::min(total, *kilobytes * 1024);
  }
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") apply_limits(memory, root, kVersion2, path);
    if (controllers.find(",memory,") != std::string::npos) {
      apply_limits(memory, root, kVersion1, path);
    }
  }
  return memory;
}

}  // namespace lth
