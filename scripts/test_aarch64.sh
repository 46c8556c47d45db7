#!/usr/bin/env bash
# Cross-compiles the native library and its tests for 64-bit Arm and runs the tests under qemu, which shows that the
# results are right, not how fast they come. Needs g++-aarch64-linux-gnu, qemu-user (both Debian packages) and CMake.
#
# scripts/test_aarch64.sh [--addon] [arguments for ctest, such as -R program_test]
#   --addon  also cross-compiles the Node addon, build/aarch64/lth.node, which is not loaded
# AARCH64_BUILD names another folder to build in, JOBS how many compilers run at once.
# Exit code 0: all tests pass; 1: some do not; 77: a program is missing, nothing was tested.
set -euo pipefail
cd "$(dirname "$0")/.."

for program in aarch64-linux-gnu-g++ qemu-aarch64 cmake ctest; do
  command -v "$program" >/dev/null && continue
  echo "SKIPPED: the native tests for 64-bit Arm: there is no $program"
  exit 77
done
addon=OFF
[ "${1:-}" != --addon ] || { addon=ON && shift; }

folder=${AARCH64_BUILD:-build/aarch64}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
settings=(-DCMAKE_TOOLCHAIN_FILE=scripts/cmake/aarch64-linux-gnu.cmake -DLTH_CUDA=OFF -DLTH_EMULATOR=OFF)
! command -v ninja >/dev/null || settings+=(-G Ninja)
quietly() { "$@" >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }; }
if [ "$addon" = ON ]; then
  package() { (shopt -s nullglob; printf '%s\n' node_modules/.deno/"$1"@*/node_modules/"$1" node_modules/"$1") | head -n 1; }
  headers=$(package node-api-headers) cpp=$(package node-addon-api)
  if ! [ -d "$headers" ] || ! [ -d "$cpp" ]; then
    echo "--addon needs the packages in node_modules: run \`deno install\`" >&2
    exit 1
  fi
  settings+=(-DCMAKE_JS_VERSION=cross "-DCMAKE_JS_INC=$PWD/$headers/include;$PWD/$cpp")
else
  settings+=(-UCMAKE_JS_VERSION)
fi
quietly cmake -S . -B "$folder" "${settings[@]}"
quietly cmake --build "$folder" --parallel "$jobs"
[ "$addon" = OFF ] || echo "built $folder/lth.node for 64-bit Arm"
# qemu is some 10 times slower than the machine: as under sanitizers, every seventh case of the tests with hundreds.
export LTH_TEST_SHARE=${LTH_TEST_SHARE:-7}
ctest --test-dir "$folder" --parallel "$jobs" --output-on-failure --no-tests=error "$@"
