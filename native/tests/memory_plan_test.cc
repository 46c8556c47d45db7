#include "core/memory_plan.h"

#include <algorithm>

#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

/// The brute-force statement of a valid plan.
void check_plan(const std::vector<PlannedBlock>& blocks, size_t total) {
  for (size_t a = 0; a < blocks.size(); ++a) {
    CHECK_EQ(blocks[a].offset % 64, size_t(0));
    CHECK(blocks[a].offset + blocks[a].bytes <= total);
    for (size_t b = a + 1; b < blocks.size(); ++b) {
      const bool same_time = blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
      const bool same_place = blocks[a].offset < blocks[b].offset + blocks[b].bytes &&
                              blocks[b].offset < blocks[a].offset + blocks[a].bytes;
      CHECK(!(same_time && same_place));
    }
  }
}

/// The most that is alive at one time: no plan needs less.
size_t lower_bound(const std::vector<PlannedBlock>& blocks, int times) {
  size_t most = 0;
  for (int time = 0; time < times; ++time) {
    size_t alive = 0;
    for (const PlannedBlock& block : blocks) {
      if (block.first <= time && time <= block.last) alive += (block.bytes + 63) / 64 * 64;
    }
    most = std::max(most, alive);
  }
  return most;
}

void test_random() {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<PlannedBlock> blocks;
    const int times = random.integer(1, 40), count = random.integer(0, 60);
    for (int i = 0; i < count; ++i) {
      const int first = random.integer(0, times - 1);
      const int last = random.integer(first, times - 1);
      blocks.push_back({size_t(random.integer(1, 5000)), first, last, 0});
    }
    const size_t total = plan_memory(blocks);
    check_plan(blocks, total);
    CHECK(total >= lower_bound(blocks, times));
    CHECK(total <= 2 * lower_bound(blocks, times));
  }
}

/// A chain needs room for two links, whatever its length.
void test_chain() {
  std::vector<PlannedBlock> blocks;
  for (int i = 0; i < 30; ++i) blocks.push_back({640, i, i + 1, 0});
  const size_t total = plan_memory(blocks);
  check_plan(blocks, total);
  CHECK_EQ(total, size_t(1280));
}

}  // namespace

int main() {
  test_random();
  test_chain();
  return finish();
}
