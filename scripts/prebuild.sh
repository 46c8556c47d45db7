#!/usr/bin/env bash
# Makes an addon for other machines, without CUDA, in prebuilds/PLATFORM-ARCH: lth.node, and manifest.json with the
# hash of its sources, its SHA-256 and the oldest C library that it runs with. `deno task build` takes it where its
# sources are the same; docs/install.md says more.
#
# scripts/prebuild.sh       needs Linux, GCC, CMake, objdump, Deno; PREBUILD_BUILD names another folder to build in
set -euo pipefail
cd "$(dirname "$0")/.."

for program in cmake objdump deno; do
  command -v "$program" >/dev/null || { echo "prebuild.sh needs $program" >&2; exit 2; }
done
if [ "$(uname -s)" != Linux ]; then
  echo "prebuild.sh makes addons for Linux, this is $(uname -s)" >&2
  exit 2
fi

build=${PREBUILD_BUILD:-build/prebuild}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }; }
quietly deno run -A npm:cmake-js configure --out "$build" \
  --CDLTH_CUDA=OFF --CDLTH_TESTS=OFF --CDLTH_PREBUILD=ON
quietly deno run -A npm:cmake-js build --out "$build" --target lth_addon --parallel "$(nproc)"

addon=$build/Release/lth.node
versions=$(objdump -T "$addon" | grep -o 'GLIBC_[0-9.]*' | sort -Vu)
glibc=$(tail -n 1 <<<"$versions")
if objdump -p "$addon" | grep -E 'NEEDED +lib(stdc|gcc)'; then
  echo "the C++ runtime is not static" >&2
  exit 1
fi
deno run --allow-read --allow-write=prebuilds --allow-env --allow-sys scripts/prebuild.ts "$addon" "${glibc#GLIBC_}"
