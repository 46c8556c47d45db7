#include "core/pattern.h"
#include "lth/parameter.h"
#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

constexpr Slot kSlots[] = {Slot::value, Slot::gradient, Slot::moment1, Slot::moment2,
                           Slot::average};

std::vector<float> read(const Parameter& parameter, Slot slot) {
  std::vector<float> values(parameter.size());
  parameter.read(slot, values.data());
  return values;
}

std::vector<uint8_t> read_mask(const Parameter& parameter) {
  std::vector<uint8_t> mask(parameter.size());
  parameter.read_mask(mask.data());
  return mask;
}

void test_dense(Backend& backend) {
  Parameter parameter(backend, {2, 3, 4});
  std::vector<float> none(24);
  CHECK(parameter.data(Slot::average) == nullptr);
  CHECK_THROWS(state, "keeps no average", parameter.read(Slot::average, none.data()));
  CHECK_THROWS(state, "keeps no average", parameter.write(Slot::average, none.data()));
  parameter.keep_average();
  parameter.keep_average();  // changes nothing
  CHECK_EQ(parameter.size(), size_t(24));
  CHECK_EQ(parameter.kept(), size_t(24));
  CHECK(parameter.pattern() == nullptr);
  CHECK(read_mask(parameter) == std::vector<uint8_t>(24, 1));
  for (Slot slot : kSlots) {
    CHECK(read(parameter, slot) == std::vector<float>(24, 0.0f));
    CHECK(reinterpret_cast<uintptr_t>(parameter.data(slot)) % 64 == 0);
  }
  for (Slot slot : kSlots) {
    const std::vector<float> values(24, 1.0f + float(slot));
    parameter.write(slot, values.data());
  }
  for (Slot slot : kSlots) {
    CHECK(read(parameter, slot) == std::vector<float>(24, 1.0f + float(slot)));
  }
}

void test_mask(Backend& backend) {
  Parameter parameter(backend, {3, 2, 2});
  parameter.keep_average();
  const std::vector<float> ones(12, 1.0f);
  for (Slot slot : kSlots) parameter.write(slot, ones.data());
  const std::vector<uint8_t> mask = {0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0};
  parameter.set_mask(mask.data());
  CHECK(read_mask(parameter) == mask);
  CHECK_EQ(parameter.kept(), size_t(5));
  const SparsePattern* pattern = parameter.pattern();
  CHECK(pattern != nullptr);
  CHECK_EQ(pattern->rows, 3);
  CHECK_EQ(pattern->columns, 4);
  CHECK(pattern->row_begin == std::vector<int32_t>({0, 2, 2, 5}));
  CHECK(pattern->column == std::vector<int32_t>({1, 3, 0, 1, 2}));
  CHECK_NEAR(pattern->density(), 5.0 / 12, 1e-15);
  const std::vector<float> masked(mask.begin(), mask.end());
  for (Slot slot : kSlots) CHECK(read(parameter, slot) == masked);

  // Nothing brings a pruned weight back, NaN included.
  std::vector<float> again(12, 7.0f);
  again[0] = NAN;
  for (Slot slot : kSlots) parameter.write(slot, again.data());
  for (Slot slot : kSlots) {
    const std::vector<float> values = read(parameter, slot);
    for (size_t i = 0; i < 12; ++i) CHECK_EQ(values[i], mask[i] ? 7.0f : 0.0f);
  }

  // A refused mask changes nothing.
  std::vector<uint8_t> wrong(12, 1);
  wrong[10] = 2;
  CHECK_THROWS(range, "got 2 at index 10", parameter.set_mask(wrong.data()));
  CHECK(read_mask(parameter) == mask);
  CHECK(parameter.pattern() == pattern);

  const std::vector<uint8_t> none(12, 0);
  parameter.set_mask(none.data());
  CHECK_EQ(parameter.kept(), size_t(0));
  CHECK_EQ(parameter.pattern()->nnz(), int64_t(0));
  for (Slot slot : kSlots) CHECK(read(parameter, slot) == std::vector<float>(12, 0.0f));

  const std::vector<uint8_t> all(12, 1);
  parameter.set_mask(all.data());
  CHECK(parameter.pattern() == nullptr);
  CHECK_EQ(parameter.kept(), size_t(12));
  CHECK(read(parameter, Slot::value) == std::vector<float>(12, 0.0f));  // what was pruned stays 0
  parameter.write(Slot::value, ones.data());
  CHECK(read(parameter, Slot::value) == ones);
}

void test_plans(Backend& backend) {
  Parameter parameter(backend, {8, 4, 3});
  const Conv1dDesc desc{4, 8, 3, 1, 1};
  const Conv1dDesc strided{4, 8, 3, 2, 0};
  ConvPlan* plan = &parameter.conv_plan(desc);
  CHECK(&parameter.conv_plan(strided) != plan);
  CHECK(&parameter.conv_plan(desc) == plan);
  CHECK(!plan->describe().empty());
}

void test_own_choice(Backend& backend) {
  if (backend.times_convolutions()) return;  // see cuda_kernel_choice_test.cc
  Parameter parameter(backend, {8, 4, 3});
  const uint64_t generation = parameter.generation();
  CHECK_THROWS(range, "Backend \"cpu\" chooses its kernels itself",
               parameter.set_kernels("forward=simt dgrad=simt wgrad=simt"));
  CHECK_EQ(parameter.generation(), generation);
}

void test_errors(Backend& backend) {
  CHECK_THROWS(range, "got shape []", Parameter(backend, {}));
  CHECK_THROWS(range, "got shape [3, 0]", Parameter(backend, {3, 0}));
  CHECK_THROWS(range, "got shape [-1]", Parameter(backend, {-1}));
  CHECK_THROWS(range, "got shape [65536, 32768]", Parameter(backend, {65536, 32768}));
  const int huge = 0x7fffffff;
  CHECK_THROWS(range, "2^31", Parameter(backend, {huge, huge, huge, huge}));
}

}  // namespace

int main() {
  for_each_kind([](const std::shared_ptr<Backend>& backend) {
    test_dense(*backend);
    test_mask(*backend);
    test_plans(*backend);
    test_own_choice(*backend);
    test_errors(*backend);
  });
  return finish();
}
