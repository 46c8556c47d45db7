#!/usr/bin/env bash
# The native tests under sanitizers, each in a build of its own below build/; any report fails its test.
#   address  AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
#   thread   ThreadSanitizer; only with portable kernels, because threads share work in the same way with
#            every instruction set
# The emulated CUDA kernels are left out: the emulator runs every thread of a block on a stack of its own,
# one at a time on one thread of the host, has guards around every allocation and stops at any access
# outside them.
#
# scripts/sanitize.sh [address|thread] [arguments for ctest, such as -R program_test]
# SANITIZE_BUILD names another folder to build in, JOBS how many compilers run at once.
# Exit code 0: no findings; 1: findings; 77: the compiler lacks the sanitizer's runtime, nothing was tested.
set -euo pipefail
cd "$(dirname "$0")/.."

sanitizers=(address thread)
case "${1:-}" in address | thread) sanitizers=("$1") && shift ;; esac
flags_of() { [ "$1" = address ] && echo address,undefined || echo thread; }

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1
# Every seventh case of the tests with hundreds of them; all with LTH_TEST_SHARE=1.
export LTH_TEST_SHARE=${LTH_TEST_SHARE:-7}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/probe.cc" <<'CODE'
#include <thread>
int main() {
  int x = 0;
  std::thread([&] { x = 1; }).join();
  return x == 1 ? 0 : 1;
}
CODE

# Whether a program can be built with $1 and started; sets `start`, what to start programs with.
runs() {
  start=()
  "${CXX:-c++}" -std=c++20 -pthread "-fsanitize=$(flags_of "$1")" "$scratch/probe.cc" -o "$scratch/probe" \
    >"$scratch/log" 2>&1 || return 1
  "$scratch/probe" >>"$scratch/log" 2>&1 && return 0
  # Some Linux kernels place memory in the range that ThreadSanitizer needs.
  start=(setarch "$(uname -m)" -R)
  "${start[@]}" "$scratch/probe" >>"$scratch/log" 2>&1 && return 0
  # The leak detector needs ptrace, which some containers and all macOS systems do not allow.
  start=()
  [ "$1" = address ] || return 1
  ASAN_OPTIONS+=:detect_leaks=0
  echo "address: leaks are not checked, because this system does not let a program trace itself"
  "$scratch/probe" >>"$scratch/log" 2>&1
}

build() {
  local folder=$1
  local settings=("-DLTH_SANITIZE=$2" -DLTH_CUDA=OFF -DLTH_EMULATOR=OFF)
  [ "$2" = address ] || settings+=(-DLTH_PORTABLE_ONLY=ON)
  ! command -v ninja >/dev/null || settings+=(-G Ninja)
  if ! cmake -S . -B "$folder" "${settings[@]}" >"$scratch/log" 2>&1; then
    rm -rf "$folder" # of another checkout or generator
    cmake -S . -B "$folder" "${settings[@]}" >"$scratch/log" 2>&1 || return 1
  fi
  cmake --build "$folder" --parallel "$jobs" >"$scratch/log" 2>&1
}

skipped=() failed=()
for sanitizer in "${sanitizers[@]}"; do
  echo "== $sanitizer"
  if ! runs "$sanitizer"; then
    echo "SKIPPED: ${CXX:-c++} cannot make a program with -fsanitize=$(flags_of "$sanitizer") that starts here:"
    tail -n 5 "$scratch/log"
    skipped+=("$sanitizer")
    continue
  fi
  folder="${SANITIZE_BUILD:-build}/$sanitizer"
  if ! build "$folder" "$sanitizer"; then
    tail -n 60 "$scratch/log"
    failed+=("$sanitizer")
    continue
  fi
  ${start[@]+"${start[@]}"} ctest --test-dir "$folder" --parallel "$jobs" --output-on-failure --no-tests=error "$@" ||
    failed+=("$sanitizer")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "findings under: ${failed[*]}"
  exit 1
fi
[ "${#skipped[@]}" -lt "${#sanitizers[@]}" ] || exit 77
echo "no findings"
