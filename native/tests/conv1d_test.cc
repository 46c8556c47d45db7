// The convolution kernels of every instruction set this machine has, against the float64
// reference; those that round their operands to bf16 against the reference on rounded operands, as
// closely, and against the one on unrounded operands.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cpu/kernel_table.h"
#include "lth/isa.h"
#include "tests/check.h"
#include "tests/conv1d_reference.h"
#include "tests/numbers.h"

namespace {

using namespace lth;
using lth::cpu::KernelTable;
using lth::cpu::ThreadPool;
using lth::test::Host;
using lth::test::Numbers;
using lth::test::Reference;
using lth::test::ReferenceShape;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr double kTolerance = 8.0 / (1 << 24);  // of the sum of the terms' magnitudes
/// Of factors that are rounded to 8 significant bits, each by 2^-8 of itself at most.
constexpr double kBf16Tolerance = 2.0 / (1 << 8) + 1.0 / (1 << 16) + kTolerance;
constexpr float kGuard = 12345.678f;
constexpr size_t kGuardFloats = 64;

struct Case {
  int records, length, in, out, kernel, stride;
  double density = 1;      // 1: no pattern; 0: nothing survives; < 0: a single weight
  bool ragged = false;     // lengths differ and some are 0
  bool add = false;        // with a residual
  bool positive = false;   // x and dy > 0: partial sums of the weight gradient only grow
  int extra_halo = 0;      // above the least an op needs

  std::string text(const char* isa, const char* what) const {
    char s[200];
    std::snprintf(s, sizeof s,
                  "%s %s {%d, %d, %d, %d, %d, %d, .density = %g, .ragged = %d, .add = %d, "
                  ".positive = %d, .extra_halo = %d}",
                  isa, what, records, length, in, out, kernel, stride, density, ragged, add,
                  positive, extra_halo);
    return s;
  }
};

/// Memory with guard elements on both sides.
class Guarded {
 public:
  explicit Guarded(size_t size, float fill)
      : memory_(size + 2 * kGuardFloats + 16, kGuard), size_(size) {
    void* p = memory_.data() + kGuardFloats;
    size_t space = size * 4 + 64;
    data_ = static_cast<float*>(std::align(64, size * 4, p, space));
    std::fill(data_, data_ + size, fill);
  }
  float* data() { return data_; }
  bool intact() const {
    for (const float* p = memory_.data(); p < memory_.data() + memory_.size(); ++p) {
      if ((p < data_ || p >= data_ + size_) && *p != kGuard) return false;
    }
    return true;
  }

 private:
  std::vector<float> memory_;
  float* data_;
  size_t size_;
};

/// An activation in the CPU layout.
struct Device {
  Activation view;
  Guarded memory;

  /// @param lengths 64-byte aligned, [groups * 16]
  Device(int records, int channels, int length, int halo, const int32_t* lengths, float fill)
      : view{{records, channels, length, halo}, nullptr, lengths}, memory(view.elements(), fill) {
    view.data = memory.data();
  }
  float* at(int n, int c, int p) {
    return view.row(n / kLanes, c) + ptrdiff_t(p) * kLanes + n % kLanes;
  }
  void store(const Host& host) {
    const int length = view.shape.length;
    for (int n = 0; n < view.shape.records; ++n) {
      for (int c = 0; c < view.shape.channels; ++c) {
        for (int p = 0; p < view.lengths[n]; ++p) {
          *at(n, c, p) = host[(size_t(n) * view.shape.channels + c) * length + p];
        }
      }
    }
  }
  /// All positions outside the records are exactly 0.
  bool zero_outside() {
    for (int n = 0; n < view.groups() * kLanes; ++n) {
      for (int c = 0; c < view.shape.channels; ++c) {
        for (int p = -view.shape.halo; p < view.shape.length + view.shape.halo; ++p) {
          if ((p < 0 || p >= view.lengths[n]) && *at(n, c, p) != 0) return false;
        }
      }
    }
    return true;
  }
  Host load() {
    Host host;
    for (int n = 0; n < view.shape.records; ++n) {
      for (int c = 0; c < view.shape.channels; ++c) {
        for (int p = 0; p < view.shape.length; ++p) host.push_back(*at(n, c, p));
      }
    }
    return host;
  }
};

/// To bf16, to nearest, ties to even.
Host rounded(Host values) {
  for (float& v : values) {
    const uint32_t bits = std::bit_cast<uint32_t>(v);
    v = std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000U);
  }
  return values;
}

/// The largest error as a multiple of the tolerance; infinite for NaN.
double worst(const Host& got, const Reference& reference, double tolerance = kTolerance) {
  double result = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(double(got[i]) - reference.value[i]);
    const double bound = tolerance * reference.magnitude[i];
    if (!(error <= bound)) {
      result = std::max(result, bound > 0 && std::isfinite(error) ? error / bound : INFINITY);
    } else if (bound > 0) {
      result = std::max(result, error / bound);
    }
  }
  return result;
}

double worst_seen[3] = {};
int comparisons = 0;
int trials = 0;  // of plans that chose between kernels
int in_bf16[3] = {};  // cases whose forward, dgrad and wgrad ran in bf16

/// A check of one case: the totals count places in the source, `comparisons` how often they ran.
#define CHECK_CASE(condition, what)                                        \
  do {                                                                     \
    const bool case_ok = (condition);                                      \
    ++comparisons;                                                         \
    LTH_REPORT(case_ok, case_ok ? "" : case_.text(table_.isa, what));      \
  } while (false)

class Runner {
 public:
  Runner(const KernelTable& table, const Case& c) : table_(table), case_(c), numbers_(7) {
    shape_.desc = {c.in, c.out, c.kernel, c.stride, same_pad_left(c.length, c.kernel, c.stride)};
    shape_.records = c.records;
    shape_.length = c.length;
    const int slots = (c.records + kLanes - 1) / kLanes * kLanes;
    lengths_memory_.resize(slots * 2 + 32);
    void* p = lengths_memory_.data();
    size_t space = lengths_memory_.size() * 4;
    x_lengths_ = static_cast<int32_t*>(std::align(64, slots * 8, p, space));
    y_lengths_ = x_lengths_ + slots;
    for (int n = 0; n < slots; ++n) {
      int length = n < c.records ? c.length : 0;
      if (c.ragged && n < c.records) {
        length = n % 5 == 3 ? 0 : n % 7 == 2 ? c.length : int(numbers_.bits() % (c.length + 1));
      }
      x_lengths_[n] = length;
      y_lengths_[n] = same_output_length(length, c.stride);
      if (n < c.records) shape_.lengths.push_back(length);
    }
    make_weights();
    x_ = random(size_t(c.records) * c.in * c.length);
    dy_ = random(size_t(c.records) * c.out * shape_.out_length());
    if (c.add) {
      add_ = random(dy_.size());
      dx_add_ = random(x_.size());
    }
    bias_ = random(c.out);
  }

  void run() {
    Host first[4];
    for (int threads : {1, 2, 7}) {
      ThreadPool pool(threads);
      plan_ = table_.plan_conv1d(shape_.desc, case_.density == 1 ? nullptr : &pattern_, pool);
      Host got[4] = {run_forward(pool), run_dgrad(pool), {}, {}};
      run_wgrad(pool, got[2], got[3]);
      if (threads == 1) {
        const char* names[4] = {"forward", "dgrad", "wgrad", "dbias"};
        for (int i = 0; i < 4; ++i) {
          const bool bf16 = i < 3 && runs_in_bf16(names[i]);
          const double ratio = worst(got[i], reference(i, bf16));
          char what[80];
          std::snprintf(what, sizeof what, "%s error %.3g of the tolerance", names[i], ratio);
          CHECK_CASE(ratio <= 1, what);
          worst_seen[std::min(i, 2)] = std::max(worst_seen[std::min(i, 2)], ratio);
          first[i] = got[i];
          if (!bf16) continue;
          ++in_bf16[i];
          CHECK_CASE(worst(got[i], reference(i, false), kBf16Tolerance) <= 1, "rounding of factors");
        }
      } else {
        for (int i = 0; i < 4; ++i) {
          CHECK_CASE(got[i].size() == first[i].size() &&
                         std::memcmp(got[i].data(), first[i].data(), got[i].size() * 4) == 0,
                     "same bits for any number of threads");
        }
      }
    }
    try_both_kernels(first);
  }

 private:
  bool runs_in_bf16(const char* pass) const {
    return plan_->describe().find(std::string(pass) + "=dense-bf16") != std::string::npos;
  }

  /// Of forward, dgrad, wgrad or dbias. Bias and residual are not rounded.
  Reference reference(int pass, bool bf16) const {
    const auto operand = [bf16](const Host& values) { return bf16 ? rounded(values) : values; };
    if (pass == 0) return reference_forward(shape_, operand(weight_), bias_, operand(x_), add_);
    if (pass == 1) return reference_dgrad(shape_, operand(weight_), operand(dy_), dx_add_);
    if (pass == 3) return reference_dbias(shape_, dy_);
    Reference wgrad = reference_wgrad(shape_, operand(x_), operand(dy_));
    for (size_t i = 0; i < mask_.size(); ++i) {
      if (!mask_[i]) wgrad.value[i] = wgrad.magnitude[i] = 0;
    }
    return wgrad;
  }

  /// Near the break-even a new plan tries both kernels. Which one wins must not show in a bit.
  void try_both_kernels(const Host (&expected)[4]) {
    ThreadPool pool(2);
    plan_ = table_.plan_conv1d(shape_.desc, case_.density == 1 ? nullptr : &pattern_, pool);
    const bool open = case_.density < 1 && pattern_.density() >= 0.5 &&
                      pattern_.density() < 0.97 &&
                      !(runs_in_bf16("forward") && runs_in_bf16("dgrad"));
    const bool any = *std::max_element(y_lengths_, y_lengths_ + case_.records) > 0;
    CHECK_CASE((plan_->describe().find("untried") != std::string::npos) == open, "a trial");
    if (!open || !any) return;
    ++trials;
    for (int run = 0; run < 10; ++run) {
      const Host got[2] = {run_forward(pool), run_dgrad(pool)};
      for (int i = 0; i < 2; ++i) {
        CHECK_CASE(std::memcmp(got[i].data(), expected[i].data(), got[i].size() * 4) == 0,
                   "same bits of the dense and the sparse kernel");
      }
    }
    CHECK_CASE(plan_->describe().find("tr") == std::string::npos, "the trial ends");
  }

  Host random(size_t size) {
    Host r(size);
    for (float& v : r) v = case_.positive ? numbers_.next() * 0.5f + 0.5f : numbers_.next();
    return r;
  }

  void make_weights() {
    const Conv1dDesc& d = shape_.desc;
    weight_.resize(d.weight_count());
    for (float& w : weight_) w = numbers_.next();
    mask_.assign(weight_.size(), 1);
    if (case_.density < 1) {
      for (uint8_t& m : mask_) m = numbers_.bits() % 10000 < case_.density * 10000;
      if (case_.density < 0) mask_[numbers_.bits() % mask_.size()] = 1;
    }
    pattern_.rows = d.out_channels;
    pattern_.columns = d.in_channels * d.kernel;
    pattern_.row_begin.push_back(0);
    for (int r = 0; r < pattern_.rows; ++r) {
      for (int c = 0; c < pattern_.columns; ++c) {
        const size_t i = size_t(r) * pattern_.columns + c;
        if (mask_[i]) {
          pattern_.column.push_back(c);
        } else {
          weight_[i] = 0;
        }
      }
      pattern_.row_begin.push_back(int32_t(pattern_.column.size()));
    }
  }

  Device device(int channels, bool output_side, int halo, float fill) const {
    return Device(case_.records, channels, output_side ? shape_.out_length() : case_.length,
                  halo + case_.extra_halo, output_side ? y_lengths_ : x_lengths_, fill);
  }

  Host run_forward(ThreadPool& pool) {
    Device x = device(case_.in, false, conv_halo(shape_.desc), 0);
    Device y = device(case_.out, true, 0, kNaN);
    Device add = device(case_.out, true, 3, 0);
    x.store(x_);
    if (case_.add) add.store(add_);
    table_.conv1d_forward({plan_.get(), weight_.data(), bias_.data(), x.view,
                           case_.add ? &add.view : nullptr, y.view},
                          pool);
    CHECK_CASE(y.zero_outside(), "y is zero outside the records");
    CHECK_CASE(y.memory.intact() && x.memory.intact(), "forward guards");
    return y.load();
  }

  Host run_dgrad(ThreadPool& pool) {
    Device dy = device(case_.out, true, conv_halo(shape_.desc), 0);
    Device dx = device(case_.in, false, 0, kNaN);
    dy.store(dy_);
    Device add = device(case_.in, false, 2, 0);
    if (case_.add) add.store(dx_add_);
    table_.conv1d_dgrad(
        {plan_.get(), weight_.data(), dy.view, case_.add ? &add.view : nullptr, dx.view}, pool);
    CHECK_CASE(dx.zero_outside(), "dx is zero outside the records");
    CHECK_CASE(dx.memory.intact() && dy.memory.intact(), "dgrad guards");
    return dx.load();
  }

  void run_wgrad(ThreadPool& pool, Host& dweight, Host& dbias) {
    Device x = device(case_.in, false, conv_halo(shape_.desc), 0);
    Device dy = device(case_.out, true, conv_halo(shape_.desc), 0);
    x.store(x_);
    dy.store(dy_);
    Guarded w(weight_.size(), kNaN), b(bias_.size(), kNaN);
    table_.conv1d_wgrad({plan_.get(), x.view, dy.view, w.data(), b.data()}, pool);
    CHECK_CASE(w.intact() && b.intact() && x.memory.intact() && dy.memory.intact(), "wgrad guards");
    dweight.assign(w.data(), w.data() + weight_.size());
    dbias.assign(b.data(), b.data() + bias_.size());
    bool zero = true;
    for (size_t i = 0; i < mask_.size(); ++i) zero = zero && (mask_[i] || dweight[i] == 0);
    CHECK_CASE(zero, "dweight is zero where pruned");
  }

  const KernelTable& table_;
  Case case_;
  Numbers numbers_;
  ReferenceShape shape_;
  std::vector<int32_t> lengths_memory_;
  int32_t* x_lengths_;
  int32_t* y_lengths_;
  Host weight_, bias_, x_, dy_, add_, dx_add_;
  std::vector<uint8_t> mask_;
  SparsePattern pattern_;
  std::unique_ptr<ConvPlan> plan_;
};

std::vector<Case> cases() {
  std::vector<Case> list;
  for (double density : {1.0, 0.9, 0.82, 0.5, 0.1, 0.01, 0.0, -1.0}) {
    for (int stride : {1, 2}) {
      // Primes, ragged, not a multiple of 16 records.
      list.push_back({19, 37, 7, 11, 5, stride, density, true, true});
      list.push_back({16, 101, 17, 13, 16, stride, density, false, false, true, 5});
    }
    list.push_back({3, 53, 33, 9, 16, 1, density, true, false});
  }
  for (double density : {1.0, 0.4}) {
    for (int stride : {1, 2}) {
      for (int kernel : {1, 2, 3, 15, 16, 17}) {
        for (int length : {1, 2, 5, 24, 31}) {
          list.push_back({2, length, 3, 5, kernel, stride, density, length > 2, kernel % 2 == 0});
        }
      }
    }
    list.push_back({17, 200, 1, 32, 16, 1, density, true});  // stem
    list.push_back({5, 35, 256, 4, 1, 1, density, true});    // head
    list.push_back({16, 61, 256, 8, 16, 2, density, false, false, true});
    list.push_back({1, 997, 8, 16, 16, 2, density});
    list.push_back({35, 600, 2, 3, 16, 1, density, true, false, true});
    list.push_back({33, 5000, 1, 2, 3, 1, density, true, false, true});
    list.push_back({4, 7, 1, 1, 1, 1, density, true});
    // Odd numbers of channels, of positions and of both; weight gradients of several chunks.
    list.push_back({3, 300, 5, 9, 7, 1, density, true, true});
    list.push_back({3, 301, 9, 5, 6, 2, density, true, true});
    list.push_back({16, 515, 3, 6, 15, 2, density, false, false, true});
    // Outputs large enough to bypass the caches.
    list.push_back({16, 8300, 1, 32, 3, 1, density, true});
    list.push_back({16, 8301, 32, 1, 3, 2, density, true, true});
  }
  list.push_back({2, 9, 3, 3, 3, 1, 1.0, true});
  return list;
}

}  // namespace

int main() {
  std::vector<const KernelTable*> tables{&lth::cpu::portable::kernel_table()};
#if LTH_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    tables.push_back(&lth::cpu::avx2::kernel_table());
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    tables.push_back(&lth::cpu::avx512::kernel_table());
  }
  const std::string refusal = precision_refusal(Isa::avx512, Precision::bf16);
  if (refusal.empty()) {
    tables.push_back(&lth::cpu::avx512bf16::kernel_table());
  } else {
    std::printf("bf16 is not tested: %s\n", refusal.c_str());
  }
#endif
  for (const KernelTable* table : tables) {
    std::fill(worst_seen, worst_seen + 3, 0.0);
    comparisons = 0;
    for (const Case& c : cases()) {
      if (lth::test::chosen()) Runner(*table, c).run();
    }
    std::printf("%s: %d comparisons; worst error forward %.2f, dgrad %.2f, wgrad %.2f of the "
                "tolerance\n",
                table->isa, comparisons, worst_seen[0], worst_seen[1], worst_seen[2]);
  }
  CHECK(trials > 0);
  for (int pass : in_bf16) CHECK((pass > 0) == (tables.back()->isa == std::string("avx512bf16")));
  return lth::test::finish();
}
