#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "lth/error.h"

/// The checks of the native tests. A failed one prints itself with its values and is counted; the
/// test goes on. End main with `return lth::test::finish();`.
namespace lth::test {

/// One check in the source, however often it is reached. The totals count these.
struct Site {
  const char* file;
  int line;
  bool failed = false;
  Site* next;

  Site(const char* file, int line) : file(file), line(line), next(first) { first = this; }
  static inline Site* first = nullptr;
};

inline std::string context;  ///< what is being tested, printed with failures
inline int failures_printed = 0;

inline void report(Site& site, bool ok, const std::string& what) {
  if (ok) return;
  site.failed = true;
  if (++failures_printed <= 50) {
    std::fprintf(stderr, "%s:%d: %s%s%s\n", site.file, site.line, context.c_str(),
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
void check_throws(Site& site, ErrorKind kind, const std::string& part, const char* text,
                  const Body& body) {
  std::string got = "nothing was thrown";
  bool ok = false;
  try {
    body();
  } catch (const Error& error) {
    got = error.what();
    ok = error.kind() == kind && got.find(part) != std::string::npos;
    if (error.kind() != kind) got += " (another kind of error)";
  }
  report(site, ok, std::string(text) + " should say \"" + part + "\": " + got);
}

/// Whether a case of a long list is to be tested: always, or with LTH_TEST_SHARE=n, for builds as slow
/// as those with sanitizers, every n-th time that this is asked.
inline bool chosen() {
  static const int share = [] {
    const char* text = std::getenv("LTH_TEST_SHARE");
    return text ? std::max(1, std::atoi(text)) : 1;
  }();
  static int number = 0;
  return number++ % share == 0;
}

/// Prints the totals; the exit status of the test.
inline int finish() {
  int passed = 0, failed = 0;
  for (const Site* site = Site::first; site; site = site->next) ++(site->failed ? failed : passed);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace lth::test

#define LTH_REPORT(ok, what)                             \
  do {                                                   \
    static ::lth::test::Site check_site{__FILE__, __LINE__}; \
    ::lth::test::report(check_site, (ok), (what));       \
  } while (false)
#define CHECK(condition)                      \
  do {                                        \
    const bool check_ok = bool(condition);    \
    LTH_REPORT(check_ok, check_ok ? "" : #condition); \
  } while (false)
#define CHECK_EQ(a, b)                                                                       \
  do {                                                                                       \
    const auto& check_a = (a);                                                               \
    const auto& check_b = (b);                                                               \
    const bool check_ok = check_a == check_b;                                                \
    LTH_REPORT(check_ok, check_ok ? "" : ::lth::test::values(#a " == " #b, check_a, check_b)); \
  } while (false)
/// NaN is near nothing.
#define CHECK_NEAR(got, want, tolerance)                                                       \
  do {                                                                                         \
    const double check_got = (got);                                                            \
    const double check_want = (want);                                                          \
    const double check_tolerance = (tolerance);                                                \
    const bool check_ok = std::fabs(check_got - check_want) <= check_tolerance;                \
    LTH_REPORT(check_ok, check_ok                                                              \
                             ? ""                                                              \
                             : ::lth::test::values(#got " ~ " #want, check_got, check_want) +  \
                                   " within " + std::to_string(check_tolerance));              \
  } while (false)
#define CHECK_THROWS(kind, part, ...)                                                          \
  do {                                                                                         \
    static ::lth::test::Site check_site{__FILE__, __LINE__};                                   \
    ::lth::test::check_throws(check_site, ::lth::ErrorKind::kind, part, #__VA_ARGS__,          \
                              [&] { __VA_ARGS__; });                                           \
  } while (false)
