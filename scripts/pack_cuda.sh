#!/usr/bin/env bash
# Builds the CUDA tests and benchmarks on a machine with nvcc (no GPU is needed) and packs them, stripped,
# for scripts/verify_cuda.sh on a machine with a GPU.
#
#   scripts/pack_cuda.sh [--archs "90"] [--build build/cuda-pack] [--out build/cuda-programs.tar.xz]
#                        [--jobs N] [--no-build]
#
# --no-build packs the programs in the build folder.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/cuda_programs.sh

archs=90
build=build/cuda-pack
out=build/cuda-programs.tar.xz
jobs=$(nproc)
builds=1
while [ $# -gt 0 ]; do
  case "$1" in
    --archs | --build | --out | --jobs)
      [ $# -ge 2 ] || { echo "error: $1 has no value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    --no-build) builds=0; shift ;;
    *) echo "error: $1 is not an option of pack_cuda.sh" >&2; exit 2 ;;
  esac
done

programs=("${cuda_tests[@]}" "${cuda_benchmarks[@]}" "$cuda_probe")
if [ $builds = 1 ]; then
  # The other machine's C++ library may be older; its C library must not be.
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DLTH_CUDA=ON "-DLTH_CUDA_ARCHS=$archs" \
    -DLTH_TESTS=ON -DLTH_BENCH=ON "-DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -static-libgcc"
  cmake --build "$build" --parallel "$jobs" --target "${programs[@]}"
fi

packed=$(mktemp -d)
trap 'rm -rf "$packed"' EXIT
mkdir "$packed/cuda-programs"
for program in "${programs[@]}"; do
  [ -x "$build/$program" ] || { echo "error: $build/$program has not been built" >&2; exit 1; }
  cp "$build/$program" "$packed/cuda-programs/"
done
strip "$packed"/cuda-programs/*
git rev-parse HEAD >"$packed/cuda-programs/COMMIT" 2>/dev/null || rm -f "$packed/cuda-programs/COMMIT"
mkdir -p "$(dirname "$out")"
# One dictionary over all programs: they share most of their code.
tar -C "$packed" -c cuda-programs | xz --lzma2=preset=1,dict=64MiB >"$out.new"
mv "$out.new" "$out"
echo "$out: ${#programs[@]} programs, $(stat -c %s "$out") bytes"
