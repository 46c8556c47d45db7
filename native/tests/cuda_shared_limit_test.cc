#include <thread>

#include "lth/program.h"
#include "tests/fixtures.h"

/// Backends of one process share the kernels' limits of shared memory: one that needs less must not
/// take from another what it has captured.

using namespace lth;
using namespace lth::test;

namespace {

/// A convolution of so many channels as a program that is run again and again: op by op, captured,
/// replayed. More channels take more shared memory, of which all sizes here need leave.
class Layer {
 public:
  Layer(std::shared_ptr<Backend> backend, int channels)
      : backend_(std::move(backend)),
        weight_(std::make_shared<Parameter>(*backend_, std::vector<int>{channels, channels, 16})),
        bias_(std::make_shared<Parameter>(*backend_, std::vector<int>{channels})),
        values_(size_t(kRecords * channels * kLength)) {
    Random random(3);
    const std::vector<float> weights = random.floats(weight_->size(), -1, 1);
    weight_->write(Slot::value, weights.data());
    bias_->write(Slot::value, std::vector<float>(bias_->size()).data());
    values_ = random.floats(values_.size(), -1, 1);
    ProgramBuilder b(backend_, kRecords, kLength, 0);
    x_ = b.input(channels, kLength);
    dy_ = b.input(channels, kLength);
    const Value y = b.conv1d(x_, weight_, bias_, 1, -1);
    b.output(b.backward(y, dy_, {.inputs = {x_}})[0]);
    program_ = b.build();
  }

  std::vector<float> gradient() {
    program_->write_value(x_, values_, {}, {});
    program_->write_value(dy_, values_, {}, {});
    program_->run({});
    std::vector<float> result(weight_->size());
    weight_->read(Slot::gradient, result.data());
    return result;
  }

 private:
  static constexpr int kRecords = 2, kLength = 40;
  std::shared_ptr<Backend> backend_;
  std::shared_ptr<Parameter> weight_, bias_;
  std::vector<float> values_;
  Value x_ = 0, dy_ = 0;
  std::unique_ptr<Program> program_;
};

}  // namespace

int main() {
  for (const Family& family : cuda_families()) {
    (void)family;
    const auto make = [] {
      return std::shared_ptr<Backend>(make_cuda_backend({.precision = Precision::tf32}));
    };
    Layer wide(make(), 32), narrow(make(), 8);
    const std::vector<float> want = wide.gradient();
    CHECK(wide.gradient() == want);
    for (int i = 0; i < 3; ++i) {
      narrow.gradient();
      CHECK(wide.gradient() == want);
    }
    // From two threads at once.
    bool same = true;
    std::thread other([&] {
      for (int i = 0; i < 4; ++i) narrow.gradient();
    });
    for (int i = 0; i < 4; ++i) same = same && wide.gradient() == want;
    other.join();
    CHECK(same);
  }
  return finish();
}
