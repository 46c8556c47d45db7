#include <set>

#include "core/pattern.h"
#include "cuda/element.h"
#include "cuda/flat_plan.h"
#include "cuda/info.h"
#include "cuda/rows.h"
#include "tests/fixtures.h"

/// The CUDA backend's arithmetic on the host.

using namespace lth;
using namespace lth::cuda;
using lth::test::Random;
using lth::test::finish;

namespace {

/// The blocks of a pass see every piece of every row once, and a thread always the same records.
template <class T>
void test_row_blocks() {
  constexpr int kPieces = kPiecesPerPosition<T>;
  for (const ActivationShape shape :
       {ActivationShape{1, 1, 1, 0}, ActivationShape{17, 3, 35, 16}, ActivationShape{33, 2, 256, 0},
        ActivationShape{16, 5, 257, 3}, ActivationShape{40, 1, 1000, 12}}) {
    const Rows rows = rows_of({shape, nullptr, nullptr});
    const int pieces = rows.positions() * kPieces;
    CHECK_EQ(size_t(rows.rows()) * size_t(pieces) * size_t(kPiece<T>),
             (Activation{shape, nullptr, nullptr}.elements()));
    std::vector<int> seen(size_t(rows.rows()) * size_t(pieces));
    const int chunks = chunks_of(rows);
    bool steady = true;
    for (unsigned block = 0; block < row_blocks(rows); ++block) {
      const int row = int(block) / chunks, begin = int(block) % chunks * kChunkPositions * kPieces;
      for (int thread = 0; thread < kRowThreads; ++thread) {
        const int end = std::min(begin + kChunkPositions * kPieces, pieces);
        for (int i = begin + thread; i < end; i += kRowThreads) {
          ++seen[size_t(row) * size_t(pieces) + size_t(i)];
          steady = steady && i % kPieces == thread % kPieces;
        }
      }
    }
    CHECK(steady);
    CHECK(std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; }));
  }
}

/// A channel's parts have every stretch of positions once, and are not too many.
void test_parts() {
  for (const ActivationShape shape :
       {ActivationShape{1, 1, 1, 0}, ActivationShape{17, 3, 35, 16},
        ActivationShape{128, 2, 17920, 0}, ActivationShape{33, 5, 257, 3}}) {
    const Rows rows = rows_of({shape, nullptr, nullptr});
    const int stretches = stretches_of(rows), parts = parts_of(rows);
    CHECK(parts >= 1 && parts <= kMostParts && parts <= stretches);
    CHECK_EQ(stretches % rows.groups, 0);
    const int per_group = stretches / rows.groups;
    CHECK(per_group * kChunkPositions >= rows.length);
    CHECK((per_group - 1) * kChunkPositions < rows.length);
    std::set<int> seen;
    for (int part = 0; part < parts; ++part) {
      for (int s = part; s < stretches; s += parts) CHECK(seen.insert(s).second);
    }
    CHECK_EQ(seen.size(), size_t(stretches));
  }
}

SparsePattern random_pattern(int rows, int columns, double density) {
  Random random(3);
  std::vector<uint8_t> mask(size_t(rows) * size_t(columns));
  for (uint8_t& kept : mask) kept = random.uniform() < density;
  return build_pattern(mask.data(), rows, columns);
}

void test_flat_ranges() {
  const SparsePattern dense_enough = random_pattern(40, 300, 0.5);
  const SparsePattern listed = random_pattern(300, 700, 0.05);
  const SparsePattern empty = random_pattern(30, 7, 0);
  const std::vector<ParameterView> parameters = {
      {nullptr, nullptr, nullptr, nullptr, 1, nullptr},
      {nullptr, nullptr, nullptr, nullptr, 3 * kFlatElements + 5, nullptr},
      {nullptr, nullptr, nullptr, nullptr, 12000, &dense_enough},
      {nullptr, nullptr, nullptr, nullptr, 210000, &listed},
      {nullptr, nullptr, nullptr, nullptr, 210, &empty},
  };
  std::vector<size_t> next(parameters.size());
  for (const FlatRange& range : flat_ranges(parameters)) {
    CHECK_EQ(range.begin, next[range.parameter]);
    CHECK(range.count >= 1 && range.count <= kFlatElements);
    CHECK_EQ(range.begin % 4, size_t(0));  // whole quads in front of it
    CHECK_EQ(range.listed, range.parameter >= 3);
    next[range.parameter] += range.count;
  }
  CHECK(next == std::vector<size_t>({1, 3 * kFlatElements + 5, 12000, listed.column.size(), 0}));
}

void test_flat_indices() {
  const std::vector<uint8_t> mask = {0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0};
  CHECK(flat_indices(build_pattern(mask.data(), 3, 4)) == std::vector<int32_t>({1, 3, 8, 9, 10}));
  CHECK(flat_indices(random_pattern(5, 5, 0)).empty());
}

void test_texts() {
  DeviceInfo info;
  info.name = "NVIDIA H200";
  info.arch = 90;
  info.sm_count = 132;
  info.memory_bytes = size_t(1398) * (size_t(1) << 30) / 10;
  CHECK_EQ(device_text(info), "NVIDIA H200, 132 SMs, 139.8 GiB");
  CHECK(device_refusal(info).empty());
  info.arch = 80;
  CHECK(device_refusal(info).empty());
  info.name = "Tesla T4";
  info.arch = 75;
  CHECK_EQ(device_refusal(info), "Tesla T4 has compute capability 7.5, at least 8.0 is needed");
  CHECK_EQ(std::string(precision_name(Precision::tf32)), "tf32");
  CHECK_EQ(cuda_version_text(12080), "12.8");
  CHECK_EQ(cuda_version_text(13000), "13.0");
  CHECK_EQ(driver_release("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 "
                          "18:56:32 UTC 2023\nGCC version:  gcc version 12.3.0\n"),
           "535.129.03");
  CHECK_EQ(driver_release("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  "
                          "Release Build  (dvs-builder)\n"),
           "580.65.06");
  CHECK_EQ(driver_release("no number here\n"), "");
  CHECK_EQ(driver_release(""), "");
}

}  // namespace

int main() {
  test_row_blocks<float>();
  test_row_blocks<Bf16>();
  test_parts();
  test_flat_ranges();
  test_flat_indices();
  test_texts();
  return finish();
}
