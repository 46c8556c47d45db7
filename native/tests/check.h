#pragma once

#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>

#include "lth/error.h"

/// The checks of the native tests. A failed one prints itself with its values and is counted; the
/// test goes on. End main with `return lth::test::finish();`.
namespace lth::test {

inline int passed = 0;
inline int failed = 0;
inline std::string context;  ///< what is being tested, printed with failures

inline void report(bool ok, const char* file, int line, const std::string& what) {
  if (ok) {
    ++passed;
    return;
  }
  ++failed;
  if (failed <= 50) {
    std::fprintf(stderr, "%s:%d: %s%s%s\n", file, line, context.c_str(),
                 context.empty() ? "" : ": ", what.c_str());
  }
}

template <class A, class B>
std::string values(const char* text, const A& a, const B& b) {
  std::ostringstream out;
  out.precision(17);
  out << text << ": " << a << " against " << b;
  return out.str();
}

template <class Body>
void check_throws(ErrorKind kind, const std::string& part, const char* text, const char* file,
                  int line, const Body& body) {
  std::string got = "nothing was thrown";
  bool ok = false;
  try {
    body();
  } catch (const Error& error) {
    got = error.what();
    ok = error.kind() == kind && got.find(part) != std::string::npos;
    if (error.kind() != kind) got += " (another kind of error)";
  }
  report(ok, file, line, std::string(text) + " should say \"" + part + "\": " + got);
}

/// Prints the totals; the exit status of the test.
inline int finish() {
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace lth::test

#define CHECK(condition) ::lth::test::report((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(a, b)                                                            \
  do {                                                                            \
    const auto& check_a = (a);                                                    \
    const auto& check_b = (b);                                                    \
    const bool check_ok = check_a == check_b;                                     \
    ::lth::test::report(check_ok, __FILE__, __LINE__,                             \
                        check_ok ? "" : ::lth::test::values(#a " == " #b, check_a, check_b)); \
  } while (false)
/// NaN is near nothing.
#define CHECK_NEAR(got, want, tolerance)                                          \
  do {                                                                            \
    const double check_got = (got);                                               \
    const double check_want = (want);                                             \
    const double check_tolerance = (tolerance);                                   \
    const bool check_ok = std::fabs(check_got - check_want) <= check_tolerance;   \
    ::lth::test::report(                                                          \
        check_ok, __FILE__, __LINE__,                                             \
        check_ok ? "" : ::lth::test::values(#got " ~ " #want, check_got, check_want) + \
                            " within " + std::to_string(check_tolerance));        \
  } while (false)
#define CHECK_THROWS(kind, part, ...)                                             \
  ::lth::test::check_throws(::lth::ErrorKind::kind, part, #__VA_ARGS__, __FILE__, __LINE__, \
                            [&] { __VA_ARGS__; })
