#!/usr/bin/env bash
# The native tests under AddressSanitizer with UndefinedBehaviorSanitizer, then under ThreadSanitizer.
# Any report fails its test. `scripts/sanitize.sh address` or `thread` does one of them; further
# arguments go to ctest (-R program_test). Builds below build/; SANITIZE_BUILD names another folder.
set -euo pipefail
cd "$(dirname "$0")/.."

sanitizers=(address thread)
case "${1:-}" in address | thread) sanitizers=("$1") && shift ;; esac

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1
failed=()
for sanitizer in "${sanitizers[@]}"; do
  folder="${SANITIZE_BUILD:-build}/$sanitizer"
  echo "== $sanitizer"
  cmake -S . -B "$folder" -DLTH_SANITIZE="$sanitizer" -DLTH_CUDA=OFF >/dev/null
  cmake --build "$folder" --parallel "${JOBS:-$(nproc)}"
  ctest --test-dir "$folder" --output-on-failure "$@" || failed+=("$sanitizer")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "findings under: ${failed[*]}"
  exit 1
fi
echo "no findings"
