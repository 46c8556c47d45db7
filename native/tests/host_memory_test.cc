#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lth/host_memory.h"
#include "tests/check.h"

using namespace lth;
using namespace lth::test;
namespace fs = std::filesystem;

namespace {

constexpr size_t kGiga = size_t(1) << 30;

/// A folder with files in place of the kernel's: a machine of 16 GiB of which 12 are available.
struct Kernel {
  const fs::path root = fs::temp_directory_path() / ("lth-memory-" + std::to_string(getpid()));

  Kernel() {
    write("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:          100000 kB\n"
                           "MemAvailable:   12582912 kB\n");
  }
  ~Kernel() { fs::remove_all(root); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = root.string() + file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  /// A group of version 2.
  void group(const std::string& path, const std::string& limit, size_t used, size_t cached) const {
    const std::string folder = "/sys/fs/cgroup" + path;
    write(folder + "/memory.max", limit + "\n");
    write(folder + "/memory.current", std::to_string(used) + "\n");
    write(folder + "/memory.stat",
          "anon 5\nfile 7\ninactive_file " + std::to_string(cached) + "\nactive_file 1\n");
  }
  void expect(size_t capacity, size_t available, bool limited) const {
    const HostMemory memory = host_memory(root.string());
    CHECK_EQ(memory.capacity, capacity);
    CHECK_EQ(memory.available, available);
    CHECK_EQ(memory.limited, limited);
  }
};

void test_machine() {
  context = "no control groups";
  Kernel kernel;
  kernel.expect(16 * kGiga, 12 * kGiga, false);
  context = "a group without a limit";
  kernel.write("/proc/self/cgroup", "0::/user.slice\n");
  kernel.group("/user.slice", "max", 3 * kGiga, 0);
  kernel.expect(16 * kGiga, 12 * kGiga, false);
}

void test_version_2() {
  Kernel kernel;
  context = "the limit of the job, two levels up, as Slurm sets it";
  kernel.write("/proc/self/cgroup", "0::/slurm/job_1/step_0/task_0\n");
  kernel.group("/slurm/job_1/step_0/task_0", "max", kGiga, 0);
  kernel.group("/slurm/job_1/step_0", "max", kGiga, 0);
  kernel.group("/slurm/job_1", std::to_string(4 * kGiga), 2 * kGiga, kGiga);
  kernel.expect(4 * kGiga, 3 * kGiga, true);
  context = "a limit above what the machine has left";
  kernel.group("/slurm/job_1", std::to_string(15 * kGiga), 2 * kGiga, 0);
  kernel.expect(15 * kGiga, 12 * kGiga, false);
  context = "a full group";
  kernel.group("/slurm/job_1", std::to_string(4 * kGiga), 5 * kGiga, 0);
  kernel.expect(4 * kGiga, 0, true);
  context = "a container: the path is the host's, the group at the mount is its own";
  kernel.write("/proc/self/cgroup", "0::/docker/of/the/host\n");
  kernel.group("", std::to_string(2 * kGiga), kGiga / 2, 0);
  kernel.expect(2 * kGiga, kGiga + kGiga / 2, true);
}

void test_version_1() {
  context = "version 1, memory beside other controllers";
  Kernel kernel;
  kernel.write("/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:hugetlb,memory:/a:b/c\n1:name=systemd:/\n");
  const std::string folder = "/sys/fs/cgroup/memory/a:b/c";
  kernel.write(folder + "/memory.limit_in_bytes", std::to_string(kGiga));
  kernel.write(folder + "/memory.usage_in_bytes", std::to_string(kGiga / 2));
  kernel.write(folder + "/memory.stat", "inactive_file 1\ntotal_inactive_file 1024\n");
  kernel.expect(kGiga, kGiga / 2 + 1024, true);
  context = "version 1 without a limit";
  kernel.write(folder + "/memory.limit_in_bytes", "9223372036854771712");
  kernel.expect(16 * kGiga, 12 * kGiga, false);
}

void test_here() {
  context = "this machine";
  const HostMemory memory = host_memory();
  CHECK(memory.capacity > 0 && memory.available > 0);
  CHECK(memory.available <= memory.capacity);
}

}  // namespace

int main() {
  test_machine();
  test_version_2();
  test_version_1();
  test_here();
  return finish();
}
