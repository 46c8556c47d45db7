#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "lth/backend.h"
#include "tests/check.h"

/// What the op tests share: backends of this machine, random numbers, guarded activations.
namespace lth::test {

/// Unit roundoff of float; a result may be off by kTolerance times the sum of |its terms|.
inline constexpr double kUnit = 0x1p-24;
inline constexpr double kTolerance = 8 * kUnit;

inline constexpr int kThreadCounts[] = {1, 2, 7};

inline const char* isa_text(Isa isa) {
  switch (isa) {
    case Isa::portable: return "portable";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::automatic: break;
  }
  return "automatic";
}

/// The instruction sets that this machine has; names the others.
inline std::vector<Isa> machine_isas() {
  std::vector<Isa> isas;
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    try {
      make_cpu_backend({.threads = 1, .isa = isa});
      isas.push_back(isa);
    } catch (const Error& error) {
      std::printf("%s is not tested: %s\n", isa_text(isa), error.what());
    }
  }
  return isas;
}

/// Backends that must give the same bits.
struct Family {
  struct Member {
    std::string name;
    int threads;  ///< 0 on a GPU
    std::function<std::shared_ptr<Backend>()> make;
  };
  std::string name;
  bool cuda = false;
  std::vector<Member> members;
};

/// The CUDA backend, if this executable has one: the real one on a machine with a GPU (which
/// LTH_REQUIRE_CUDA=1 insists on), or the emulated one.
inline std::vector<Family> cuda_families() {
#if defined(LTH_TEST_CUDA)
  const CudaOptions options{.precision = Precision::fp32};
  try {
    make_cuda_backend(options);
  } catch (const Error& error) {
    if (std::getenv("LTH_REQUIRE_CUDA")) {
      std::fprintf(stderr, "CUDA is required: %s\n", error.what());
      std::exit(1);
    }
    std::printf("cuda is not tested: %s\n", error.what());
    return {};
  }
  const auto make = [options] { return std::shared_ptr<Backend>(make_cuda_backend(options)); };
  return {{"cuda", true, {{"cuda", 0, make}}}};
#else
  return {};
#endif
}

/// One per instruction set, with several numbers of threads, and CUDA; with LTH_ONLY_CUDA=1 that
/// alone, for the sanitizers.
inline const std::vector<Family>& families() {
  static const std::vector<Family> all = [] {
    std::vector<Family> result;
    const bool only_cuda = std::getenv("LTH_ONLY_CUDA");
    for (Isa isa : only_cuda ? std::vector<Isa>() : machine_isas()) {
      Family family{isa_text(isa), false, {}};
      for (int threads : kThreadCounts) {
        family.members.push_back({family.name + ", " + std::to_string(threads) + " threads",
                                  threads, [=]() -> std::shared_ptr<Backend> {
                                    return make_cpu_backend({.threads = threads, .isa = isa});
                                  }});
      }
      result.push_back(std::move(family));
    }
    for (Family& family : cuda_families()) result.push_back(std::move(family));
    return result;
  }();
  return all;
}

/// body(backend, threads) for each member of each family, context set.
template <class Body>
void for_each_backend(const Body& body) {
  for (const Family& family : families()) {
    for (const Family::Member& member : family.members) {
      context = member.name;
      body(member.make(), member.threads);
    }
  }
  context.clear();
}

/// body(backend) for one CPU backend and CUDA, context set: for what no kernel decides.
template <class Body>
void for_each_kind(const Body& body) {
  if (!std::getenv("LTH_ONLY_CUDA")) {
    context = "cpu";
    body(std::shared_ptr<Backend>(make_cpu_backend({.threads = 2})));
  }
  for (const Family& family : families()) {
    if (!family.cuda) continue;
    context = family.name;
    body(family.members[0].make());
  }
  context.clear();
}

/// Random numbers that are the same everywhere.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  double uniform() { return double(engine_() >> 5) * 0x1p-27; }  // [0, 1)
  float between(double low, double high) { return float(low + (high - low) * uniform()); }
  int integer(int low, int high) { return low + int(uniform() * (high - low + 1)); }  // inclusive
  std::vector<float> floats(size_t count, double low, double high) {
    std::vector<float> values(count);
    for (float& value : values) value = between(low, high);
    return values;
  }

 private:
  std::mt19937 engine_;
};

/// Device memory pre-filled with NaN, with guards on both sides. Reading it waits for the device.
template <class T>
class Device {
 public:
  Device(Backend& backend, size_t count)
      : backend_(backend), count_(count), bytes_(count * sizeof(T)) {
    memory_ = static_cast<unsigned char*>(backend.allocate(bytes_ + 2 * kGuard));
    const std::vector<unsigned char> fill(bytes_ + 2 * kGuard, 0xff);
    backend.upload(memory_, fill.data(), fill.size());
  }
  Device(Backend& backend, const std::vector<T>& values) : Device(backend, values.size()) {
    write(values);
  }
  ~Device() {
    unsigned char guards[2][kGuard];
    backend_.download(guards[0], memory_, kGuard);
    backend_.download(guards[1], memory_ + kGuard + bytes_, kGuard);
    bool intact = true;
    for (size_t i = 0; i < kGuard; ++i) {
      intact = intact && guards[0][i] == 0xff && guards[1][i] == 0xff;
    }
    CHECK(intact && "nothing is written outside a buffer");
    backend_.release(memory_);
  }
  Device(const Device&) = delete;

  T* get() const { return reinterpret_cast<T*>(memory_ + kGuard); }
  T operator[](size_t i) const {
    T value;
    backend_.download(&value, get() + i, sizeof value);
    return value;
  }
  size_t size() const { return count_; }
  std::vector<T> values() const {
    std::vector<T> host(count_);
    backend_.download(host.data(), get(), bytes_);
    return host;
  }
  void write(const std::vector<T>& values) {
    backend_.upload(get(), values.data(), values.size() * sizeof(T));
  }

 private:
  static constexpr size_t kGuard = 256;
  Backend& backend_;
  size_t count_;
  size_t bytes_;
  unsigned char* memory_;
};

/// An activation with its lengths, in what its backend keeps elements as: float or bf16; NaN
/// everywhere until it is written.
class DeviceActivation {
 public:
  DeviceActivation(Backend& backend, ActivationShape shape, const std::vector<int32_t>& lengths)
      : backend_(backend),
        host_lengths_(padded(lengths)),
        lengths_(backend, host_lengths_),
        memory_(backend, backend.activation_bytes(shape)),
        activation_{shape, memory_.get(), lengths_.get()} {}

  const Activation& get() const { return activation_; }
  const Activation* operator->() const { return &activation_; }
  int32_t length(int n) const { return host_lengths_[size_t(n)]; }
  /// Fetches what an op has written in place of the lengths.
  const std::vector<int32_t>& fetch_lengths() { return host_lengths_ = lengths_.values(); }

  void write(const std::vector<float>& host) {
    backend_.store_activation(activation_, host.data());
  }

  /// [N, C, L]. Checks that all memory outside the records is exactly zero.
  std::vector<float> read() const {
    const ActivationShape& s = activation_.shape;
    std::vector<float> host(size_t(s.records) * size_t(s.channels) * size_t(s.length));
    const std::vector<unsigned char> memory = memory_.values();
    bool zero = true;
    for (int group = 0; group < activation_.groups(); ++group) {
      for (int c = 0; c < s.channels; ++c) {
        for (int p = -s.halo; p < s.length + s.halo; ++p) {
          for (int lane = 0; lane < kLanes; ++lane) {
            const int n = group * kLanes + lane;
            const size_t row = size_t(group) * size_t(s.channels) + size_t(c);
            const float value = element(
                memory, row * activation_.row_stride() + size_t((p + s.halo) * kLanes + lane));
            if (p >= 0 && p < host_lengths_[size_t(n)]) {
              host[(size_t(n) * size_t(s.channels) + size_t(c)) * size_t(s.length) + size_t(p)] =
                  value;
            } else {
              zero = zero && value == 0;
            }
          }
        }
      }
    }
    CHECK(zero && "an activation is zero outside its records");
    return host;
  }

 private:
  static std::vector<int32_t> padded(std::vector<int32_t> lengths) {
    lengths.resize((lengths.size() + kLanes - 1) / kLanes * kLanes, 0);
    return lengths;
  }
  float element(const std::vector<unsigned char>& memory, size_t index) const {
    const size_t size = memory.size() / activation_.elements();
    uint32_t bits = 0;  // of bf16 the upper half
    std::memcpy(reinterpret_cast<unsigned char*>(&bits) + sizeof bits - size,
                memory.data() + index * size, size);
    return std::bit_cast<float>(bits);
  }

  Backend& backend_;
  std::vector<int32_t> host_lengths_;
  Device<int32_t> lengths_;
  Device<unsigned char> memory_;
  Activation activation_;
};

/// Index into [N, C, L].
struct At {
  int channels;
  int length;
  size_t operator()(int n, int c, int l) const {
    return (size_t(n) * size_t(channels) + size_t(c)) * size_t(length) + size_t(l);
  }
};

/// Same bits, NaN included.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// Remembers the first bits given under each name and checks all later ones against them: for
/// results of one instruction set with different numbers of threads, or of all backends.
class SameBits {
 public:
  template <class T>
  void check(const std::string& name, const std::vector<T>& values) {
    std::vector<unsigned char> bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    for (const auto& [known, first] : first_) {
      if (known != name) continue;
      LTH_REPORT(first == bytes, name + " differs from its bits on another backend or with another number of threads");
      return;
    }
    first_.emplace_back(name, std::move(bytes));
  }

 private:
  std::vector<std::pair<std::string, std::vector<unsigned char>>> first_;
};

/// Lengths for `records` records of at most `length`: full, empty, one and random ones. Every
/// second group is nearly full, as ops take another way where all sixteen lanes are valid.
inline std::vector<int32_t> ragged(int records, int length, Random& random) {
  std::vector<int32_t> lengths;
  for (int n = 0; n < records; ++n) {
    if (n / kLanes % 2 == 1) {
      lengths.push_back(random.integer(std::max(length - 6, 0), length));
      continue;
    }
    const int kind = n % 5;
    lengths.push_back(kind == 0   ? length
                      : kind == 3 ? 0
                      : kind == 4 ? 1
                                  : random.integer(0, length));
  }
  return lengths;
}

}  // namespace lth::test
