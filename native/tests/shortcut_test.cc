#include "tests/fixtures.h"

using namespace lth;
using namespace lth::test;

namespace {

struct Case {
  int records, in_channels, out_channels, length, stride;
};

const Case kCases[] = {{1, 1, 1, 1, 2},  {3, 2, 2, 7, 2},     {16, 2, 4, 8, 2},
                       {17, 3, 6, 33, 2}, {33, 2, 2, 100, 2}, {5, 2, 3, 9, 1},
                       {34, 1, 1, 40, 1}, {40, 1, 2, 31, 2},  {2, 4, 8, 2, 2}};

void test_case(Backend& backend, const Case& k, SameBits& same) {
  context += ", N " + std::to_string(k.records) + " C " + std::to_string(k.in_channels) + "->" +
             std::to_string(k.out_channels) + " L " + std::to_string(k.length) + " stride " +
             std::to_string(k.stride);
  Random random(uint32_t(k.length * 31 + k.records));
  const std::vector<int32_t> lengths = ragged(k.records, k.length, random);
  std::vector<int32_t> out_lengths;
  for (int32_t length : lengths) out_lengths.push_back(same_output_length(length, k.stride));
  const int out_length = same_output_length(k.length, k.stride);
  const At in{k.in_channels, k.length}, out{k.out_channels, out_length};
  // Negative values show whether a window that reaches past the end wrongly counts the zero there;
  // few distinct ones make ties.
  std::vector<float> host(in(k.records, 0, 0));
  for (float& value : host) value = -1 - float(random.integer(0, 3));
  const std::vector<float> host_dy = random.floats(out(k.records, 0, 0), -1, 1);
  DeviceActivation x(backend, {k.records, k.in_channels, k.length, 2}, lengths);
  DeviceActivation dx(backend, {k.records, k.in_channels, k.length, 5}, lengths);
  DeviceActivation y(backend, {k.records, k.out_channels, out_length, 3}, out_lengths);
  DeviceActivation dy(backend, {k.records, k.out_channels, out_length, 0}, out_lengths);
  x.write(host);
  dy.write(host_dy);
  backend.shortcut_forward({x.get(), y.get(), k.stride});
  backend.shortcut_backward({x.get(), dy.get(), nullptr, dx.get(), k.stride});
  const std::vector<float> got = y.read(), got_dx = dx.read();
  same.check("y", got);
  same.check("dx", got_dx);
  DeviceActivation add(backend, {k.records, k.in_channels, k.length, 1}, lengths);
  const std::vector<float> host_add = random.floats(host.size(), -1, 1);
  add.write(host_add);
  const Activation added = add.get();
  backend.shortcut_backward({x.get(), dy.get(), &added, dx.get(), k.stride});
  const std::vector<float> got_sum = dx.read();

  std::vector<float> want(out(k.records, 0, 0)), want_dx(in(k.records, 0, 0));
  std::vector<float> want_sum(want_dx.size());
  for (int n = 0; n < k.records; ++n) {
    for (int c = 0; c < k.in_channels; ++c) {
      for (int p = 0; p < out_lengths[size_t(n)]; ++p) {
        int best = p * k.stride;
        for (int q = best + 1; q < (p + 1) * k.stride && q < lengths[size_t(n)]; ++q) {
          if (host[in(n, c, q)] > host[in(n, c, best)]) best = q;
        }
        want[out(n, c, p)] = host[in(n, c, best)];
        want_dx[in(n, c, best)] = host_dy[out(n, c, p)];
      }
      for (int q = 0; q < lengths[size_t(n)]; ++q) {
        want_sum[in(n, c, q)] = want_dx[in(n, c, q)] + host_add[in(n, c, q)];
      }
    }
  }
  CHECK(got == want);
  CHECK(got_dx == want_dx);
  CHECK(got_sum == want_sum);
}

}  // namespace

int main() {
  for (const Family& family : families()) {
    std::vector<SameBits> same(std::size(kCases));
    for (const Family::Member& member : family.members) {
      const auto backend = member.make();
      for (size_t i = 0; i < std::size(kCases); ++i) {
        context = member.name;
        test_case(*backend, kCases[i], same[i]);
      }
    }
  }
  context.clear();
  return finish();
}
