#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "lth/backend.h"
#include "lth/error.h"

/// Command lines of the benchmarks.
namespace lth::bench {

/// Goes through the arguments from left to right; ends the program with code 2 on a mistake.
class Arguments {
 public:
  Arguments(int count, char** words) : count_(count), words_(words) {}

  bool more() const { return at_ < count_; }
  /// Whether the next argument is `name`; if so, goes past it.
  bool take(const char* name) {
    if (name != std::string(words_[at_])) return false;
    ++at_;
    return true;
  }
  /// The value of the option just taken.
  std::string word() {
    if (at_ == count_) fail("has no value", words_[at_ - 1]);
    return words_[at_++];
  }
  double number() {
    const std::string text = word();
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !(value >= 0)) fail("is not a number", text.c_str());
    return value;
  }
  [[noreturn]] void refuse() { fail("is not an option of this benchmark", words_[at_]); }

 private:
  [[noreturn]] static void fail(const char* problem, const char* word) {
    std::fprintf(stderr, "error: %s %s\n", word, problem);
    std::exit(2);
  }

  int count_;
  char** words_;
  int at_ = 1;
};

inline Isa isa_named(const std::string& name) {
  if (name == "automatic") return Isa::automatic;
  if (name == "avx512") return Isa::avx512;
  if (name == "avx2") return Isa::avx2;
  if (name == "portable") return Isa::portable;
  std::fprintf(stderr, "error: %s is not automatic, avx512, avx2 or portable\n", name.c_str());
  std::exit(2);
}

/// Of the CPU.
inline Precision precision_named(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16") return Precision::bf16;
  std::fprintf(stderr, "error: %s is not fp32 or bf16\n", name.c_str());
  std::exit(2);
}

inline Precision gpu_precision_named(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "tf32") return Precision::tf32;
  if (name == "bf16") return Precision::bf16;
  std::fprintf(stderr, "error: %s is not fp32, tf32 or bf16\n", name.c_str());
  std::exit(2);
}

/// The body's exit code, or 1 after an error, which is told in one line.
template <class Body>
int report_errors(const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}

}  // namespace lth::bench
