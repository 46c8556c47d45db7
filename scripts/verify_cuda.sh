#!/usr/bin/env bash
# Everything about the CUDA backend that needs a GPU. Two calls, for a GPU that is lent by the minute:
#
#   scripts/pack_cuda.sh             before, on a machine with nvcc: build/cuda-programs.tar.xz
#   scripts/verify_cuda.sh first     280 s: tests, steps compared with PyTorch, layers, top-k
#   scripts/verify_cuda.sh second    330 s: profiles, compute-sanitizer, large steps, torch.compile
#
# and, on your own GPU, `product`: builds all, trains, and compares with the CPU (minutes more; needs
# CMake, a C++ compiler, nvcc, Deno or npx, and node_modules). Without a word, all three run in turn.
#
#   scripts/verify_cuda.sh [first|second|product] [--programs FILE|FOLDER] [--seconds N]
#                          [--test-limit N] [--small]
#
# --programs: the archive of pack_cuda.sh or a folder of programs; build/cuda-programs.tar.xz if not
# given. If there is none, or its programs do not start here, they are built. --seconds: limit for all stages
# of a call together; --test-limit: limit for a test, by default 60. --small: problems of a size that the
# emulator can do, to try this script.
#
# Writes into $OUT, or the current folder: for each call a report (a table first, rewritten after every
# stage), a log (appended as output arrives) and a file of ncu. The other stages run even if one fails or
# hangs. Exit status 0 only if all stages that ran passed.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/cuda_programs.sh
source scripts/cuda_stages.sh

call=all
packed=build/cuda-programs.tar.xz
seconds=""
test_limit=60
small=0
while [ $# -gt 0 ]; do
  case "$1" in
    first | second | product) call=$1; shift ;;
    --programs | --seconds | --test-limit)
      [ $# -ge 2 ] || { echo "error: $1 has no value" >&2; exit 2; }
      case "$1" in --programs) packed=$2 ;; --seconds) seconds=$2 ;; *) test_limit=$2 ;; esac
      shift 2
      ;;
    --small) small=1; shift ;;
    *) echo "error: $1 is not an option of verify_cuda.sh" >&2; exit 2 ;;
  esac
done
if [ $call = all ]; then
  options=(--programs "$packed" --test-limit "$test_limit" ${seconds:+--seconds "$seconds"})
  [ $small = 0 ] || options+=(--small)
  failed=0
  for each in first second product; do "$0" $each "${options[@]}" || failed=1; done
  exit $failed
fi

out=${OUT:-$PWD}
mkdir -p "$out"
export LTH_REQUIRE_CUDA=1 LTH_ONLY_CUDA=1

# Sizes of the problems.
step=() large=(--records 128 --length 17920 --steps 5) layers=() topk=(--weights 10454528 --weights 1e9)
peer=(--batch 32 --length 8960 --warmup 5 --repeat 20)
if [ $small = 1 ]; then
  step=(--records 1 --length 256 --blocks 0 --filters 2 --steps 1 --repeat 1)
  large=("${step[@]}") layers=(--records 1 --length 256) topk=(--weights 20000 --repeat 1)
  peer=(--batch 2 --length 256 --filters 4 --warmup 0 --repeat 1)
fi

case $call in first) limit=280 ;; second) limit=330 ;; product) limit=3600 ;; esac
gpu=$(timeout -k 5 20 nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap \
  --format=csv,noheader 2>&1 | head -n 3)
commit=$(git rev-parse --short HEAD 2>/dev/null)
start_stages "$out/cuda-$call-report.txt" "$out/cuda-$call.log" "${seconds:-$limit}" \
  "CUDA, $call call, commit ${commit:-unknown}: ${gpu:-no nvidia-smi}"

# --- programs

starts() {
  [ -x "$programs/$cuda_probe" ] || return 1
  timeout -k 5 20 "$programs/$cuda_probe" >>"$log" 2>&1
  [ $? -le 1 ] # 1: it started and reported that there is no GPU
}

build_here() {
  local generator=() keep=() archs
  if command -v ninja >/dev/null; then generator=(-G Ninja) keep=(-- -k 0); else keep=(-- -k); fi
  archs=$(timeout 20 nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null |
    tr -d '. ' | sort -nu | paste -sd ';')
  stage configure 60 "" 0 cmake -S . -B build/cuda-verify "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
    -DLTH_CUDA=ON "-DLTH_CUDA_ARCHS=${archs:-90}" -DLTH_CUDA_WERROR=OFF -DLTH_TESTS=ON -DLTH_BENCH=ON
  # Continues after a failed target, because the other programs can still run.
  stage build "$limit" "" 0 cmake --build build/cuda-verify --parallel "$(nproc)" \
    --target "${cuda_tests[@]}" "${cuda_benchmarks[@]}" "$cuda_probe" "${keep[@]}"
  programs=build/cuda-verify
}

find_programs() {
  if [ -d "$packed" ]; then
    programs=$packed
  elif [ -f "$packed" ]; then
    stage unpack 30 "" 0 tar -C "$scratch" -xJf "$packed"
    programs=$scratch/cuda-programs
  else
    skip unpack "there is no $packed"
    programs=""
  fi
  if [ -n "$programs" ] && starts; then return; fi
  build_here
}

# --- calls

pattern='^density|a copy moves'
wgmma='forward=wgmma dgrad=wgmma wgrad=wgmma'

first_call() {
  local precision density densities=() program tests=()
  for precision in fp32 tf32 bf16; do
    stage "machine-$precision" 10 . 1 "$programs/cuda_machine_bench" --precision $precision
  done
  for program in "${cuda_tests[@]}"; do tests+=("$programs/$program"); done
  together 8 "$test_limit" "${tests[@]}"
  for precision in tf32 bf16; do
    stage "step-A-$precision" 25 '.' 45 "$programs/cuda_step_bench" --precision $precision \
      "${step[@]}" --density 1 --ops
  done
  for precision in tf32 bf16; do
    stage "step-A-$precision-separate-norms" 15 "$pattern" 2 "$programs/cuda_step_bench" \
      --precision $precision "${step[@]}" --density 1 --separate-norms
    stage "step-A-$precision-one-stream" 15 "$pattern" 2 "$programs/cuda_step_bench" \
      --precision $precision "${step[@]}" --density 1 --one-stream
  done
  for precision in tf32 bf16; do peer_stage $precision 30 --layout conv2d; done
  for density in 0.2 0.05 0.02 0.007; do densities+=(--density $density); done
  for precision in tf32 bf16; do
    stage "densities-$precision" 40 "$pattern" 5 "$programs/cuda_step_bench" --precision $precision \
      "${step[@]}" "${densities[@]}"
  done
  for precision in tf32 bf16; do
    stage "layers-$precision" 25 . 45 "$programs/cuda_conv1d_bench" --precision $precision "${layers[@]}"
  done
  case $gpu in
    *', 9.0')
      stage layers-wgmma 15 . 45 "$programs/cuda_conv1d_bench" --precision bf16 --kernels "$wgmma" \
        "${layers[@]}"
      ;;
    *) skip layers-wgmma "it is for compute capability 9.0" ;;
  esac
  stage topk 20 . 9 "$programs/cuda_topk_bench" "${topk[@]}"
}

second_call() {
  local precision
  if command -v ncu >/dev/null; then
    # One forward, one dgrad and one wgrad of a layer.
    stage ncu 60 'Duration|Registers Per|Achieved Occ|Throughput|pass_kernel|wgrad_kernel' 60 \
      ncu --kernel-name 'regex:pass_kernel|wgrad_kernel' --set full --print-details all --force-overwrite \
      --export "$out/cuda-kernels" "$programs/cuda_conv1d_bench" --precision tf32 \
      --filter block4.conv2 --once "${layers[@]}"
  else
    skip ncu "it is not on the PATH"
  fi
  if command -v compute-sanitizer >/dev/null; then
    sanitize memcheck 60 cuda_fused_test --report-api-errors no --leak-check full
    sanitize memcheck 60 cuda_conv1d_dense_test --report-api-errors no --leak-check full
    sanitize racecheck 60 cuda_fused_test --racecheck-report all
    sanitize racecheck 45 cuda_conv1d_wgmma_test
    sanitize initcheck 45 cuda_conv1d_dense_test
    sanitize synccheck 45 cuda_fused_test
  else
    skip sanitizers "compute-sanitizer is not on the PATH"
  fi
  for precision in tf32 bf16; do
    stage "step-B-$precision" 30 "$pattern" 3 "$programs/cuda_step_bench" --precision $precision \
      "${large[@]}" --density 1 --density 0.02
  done
  peer_stage bf16 120 --layout conv2d --compile
}

# sanitize TOOL LIMIT TEST OPTION...
sanitize() {
  local tool=$1 limit=$2 test=$3
  shift 3
  stage "$tool-$test" "$limit" 'ERROR SUMMARY|RACECHECK SUMMARY' 1 \
    compute-sanitizer --tool "$tool" "$@" --error-exitcode 99 "$programs/$test"
}

# peer_stage PRECISION LIMIT OPTION...: PyTorch's step of the same network.
peer_stage() {
  local precision=$1 limit=$2 name
  shift 2
  name=peer-$precision$(printf '%s' "$@" | sed 's/--layout//; s/--/-/g; s/^/-/')
  if ! timeout 60 python3 -c 'import torch' 2>/dev/null; then
    skip "$name" "python3 has no torch"
    return
  fi
  stage "$name" "$limit" . 3 python3 scripts/peers/torch_step.py --device cuda --amp "$precision" \
    "${peer[@]}" "$@"
}

if [ $call = product ]; then
  unset LTH_ONLY_CUDA
  stage product "$limit" . 8 scripts/verify_cuda_product.sh "$scratch/runs"
  end_stages
  exit
fi
find_programs
"${call}_call"
end_stages
