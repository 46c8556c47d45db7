#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// What the machine can do at most, measured: multiply-adds on registers and memory traffic.
namespace lth::bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of the fastest of the calls that fit in the budget (at least three), after one more.
template <class Body>
double fastest(double budget, const Body& body) {
  body();
  double best = 1e9;
  const double end = now() + budget;
  for (int i = 0; i < 3 || now() < end; ++i) {
    const double start = now();
    body();
    best = std::min(best, now() - start);
  }
  return best;
}

/// Runs body(thread) on so many threads at once.
template <class Body>
void on_threads(int threads, const Body& body) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&body, i] { body(i); });
  body(0);
  for (std::thread& other : others) other.join();
}

#if defined(__x86_64__)
#define LTH_PEAK(name, target_options, bytes)                                                \
  __attribute__((target(target_options), noinline)) inline void name(int rounds) {           \
    typedef float V __attribute__((vector_size(bytes)));                                     \
    V acc[12] = {}, a = V{} + 1.0f, b = V{} + 0.5f;                                          \
    _Pragma("GCC unroll 12") for (int i = 0; i < 12; ++i) asm volatile("" : "+x"(acc[i]));   \
    for (int r = 0; r < rounds; ++r) {                                                       \
      _Pragma("GCC unroll 12") for (int i = 0; i < 12; ++i) acc[i] = a * b + acc[i];         \
      asm volatile("" : "+x"(a));                                                            \
    }                                                                                        \
    _Pragma("GCC unroll 12") for (int i = 0; i < 12; ++i) asm volatile("" : "+x"(acc[i]));   \
  }
LTH_PEAK(peak_portable, "sse2", 16)
LTH_PEAK(peak_avx2, "avx2,fma", 32)
LTH_PEAK(peak_avx512, "avx512f", 64)
#undef LTH_PEAK

__attribute__((target("avx512f,avx512bf16"), noinline)) inline void peak_bf16(int rounds) {
  __m512 acc[12];
  const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f803f80);
  _Pragma("GCC unroll 12") for (int i = 0; i < 12; ++i) acc[i] = _mm512_setzero_ps();
  for (int r = 0; r < rounds; ++r) {
    _Pragma("GCC unroll 12") for (int i = 0; i < 12; ++i) {
      acc[i] = _mm512_dpbf16_ps(acc[i], a, a);
      asm volatile("" : "+v"(acc[i]));
    }
  }
}

/// GFLOP/s of all threads together on the registers of an instruction set ("avx512", "avx2",
/// "portable", or "bf16" for AVX512_BF16), counting a multiply-add as two. The machine must have
/// it.
inline double measure_peak(const std::string& isa, int threads, double budget = 0.3) {
  constexpr int kRounds = 1 << 22;
  const bool pairs = isa == "bf16", wide = isa == "avx512", middle = isa == "avx2";
  const int lanes = pairs ? 32 : wide ? 16 : middle ? 8 : 4;
  const auto loop = pairs ? peak_bf16 : wide ? peak_avx512 : middle ? peak_avx2 : peak_portable;
  const double seconds =
      fastest(budget, [&] { on_threads(threads, [&](int) { loop(kRounds); }); });
  return 2.0 * lanes * 12 * kRounds * threads / seconds * 1e-9;
}
#else
/// Not measured on this architecture.
inline double measure_peak(const std::string&, int, double = 0) { return 0; }
#endif

/// GB/s of all threads together: reading memory, and copying it (bytes read and written counted).
struct Bandwidth {
  double read, copy;
};

inline Bandwidth measure_bandwidth(int threads, double budget = 0.3) {
  constexpr size_t kFloats = size_t(1) << 25;  // 128 MiB a thread: far beyond the caches
  typedef float V __attribute__((vector_size(64)));
  struct Line {
    V value;
  };
  std::vector<std::vector<Line>> from, to;
  for (int t = 0; t < threads; ++t) {
    from.emplace_back(kFloats / 16, Line{V{} + 1.0f});
    to.emplace_back(kFloats / 16, Line{V{} + 2.0f});
  }
  std::vector<Line> sums(size_t(threads), Line{V{}});
  const double bytes = 4.0 * double(kFloats) * threads;
  const double read = fastest(budget, [&] {
    on_threads(threads, [&](int t) {
      V sum[4] = {};
      const Line* source = from[size_t(t)].data();
      for (size_t i = 0; i < kFloats / 16; i += 4) {
        for (size_t k = 0; k < 4; ++k) sum[k] += source[i + k].value;
      }
      sums[size_t(t)].value = sum[0] + sum[1] + sum[2] + sum[3];
      asm volatile("" : : "r"(sums.data()) : "memory");
    });
  });
  const double copy = fastest(budget, [&] {
    on_threads(threads, [&](int t) {
      const Line* source = from[size_t(t)].data();
      Line* target = to[size_t(t)].data();
#if defined(__SSE__)
      // Past the caches: an ordinary store would read the line first.
      for (size_t i = 0; i < kFloats / 16; ++i) {
        for (size_t k = 0; k < 4; ++k) {
          __builtin_ia32_movntps(reinterpret_cast<float*>(target + i) + 4 * k,
                                 reinterpret_cast<const float __attribute__((vector_size(16)))*>(
                                     source + i)[k]);
        }
      }
#else
      for (size_t i = 0; i < kFloats / 16; ++i) target[i] = source[i];
#endif
      asm volatile("" : : "r"(target) : "memory");
    });
  });
  return {bytes / read * 1e-9, 2 * bytes / copy * 1e-9};
}

}  // namespace lth::bench
