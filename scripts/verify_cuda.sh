#!/usr/bin/env bash
# Everything about the CUDA backend that needs a GPU, in one command: builds it, runs the tests with
# CUDA required, compute-sanitizer, a short training beside the CPU's, benchmarks. Needs CMake, a C++
# compiler and nvcc; Deno (or npx) and node_modules only for the last stages, left out without them.
#
#   scripts/verify_cuda.sh [--archs "90"] [--build DIR] [--peer torch_step.py] [--quick]
#
# Writes cuda_report.txt (into $OUT if set), with the log of every stage beside it. A stage that
# fails is named at once and in the table; stages that do not depend on it still run. Exit status 0
# only if all that ran passed.
set -uo pipefail
cd "$(dirname "$0")/.."

archs=""
build=build/cuda-verify
peer=""
quick=0
while [ $# -gt 0 ]; do
  case "$1" in
    --archs) archs=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --peer) peer=$2; shift 2 ;;
    --quick) quick=1; shift ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
done
out=${OUT:-$PWD}
logs=$out/cuda_logs
report=$out/cuda_report.txt
mkdir -p "$logs"
: >"$report"

say() { echo "$*" | tee -a "$report"; }
declare -A state

# stage NAME NEEDED-STAGES COMMAND...: runs the command unless a stage that it needs has failed.
stage() {
  local name=$1 needs=$2 need started status
  shift 2
  for need in $needs; do
    if [ "${state[$need]:-}" != passed ]; then
      state[$name]=skipped
      say "skipped  $name: $need has not passed"
      return
    fi
  done
  started=$SECONDS
  echo "--- $name"
  "$@" >"$logs/$name.log" 2>&1
  status=$?
  if [ $status = 0 ]; then
    state[$name]=passed
    say "passed   $name ($((SECONDS - started)) s)"
  else
    state[$name]=failed
    say "FAILED   $name (exit $status, $((SECONDS - started)) s), end of $logs/$name.log:"
    tail -n 25 "$logs/$name.log" | sed 's/^/    /' | tee -a "$report"
  fi
}

# show NAME LINES [PATTERN]: the last lines of a stage's log (that match), in the report.
show() {
  [ "${state[$1]:-}" = passed ] || return 0
  grep -E "${3:-.}" "$logs/$1.log" | tail -n "$2" | sed 's/^/    /' | tee -a "$report"
}

if command -v nvidia-smi >/dev/null; then
  say "$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader)"
  if [ -z "$archs" ]; then # those of this machine's GPUs alone: all six take minutes
    archs=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | tr -d . | sort -nu | paste -sd ';')
  fi
fi
archs=${archs:-80;86;89;90;100;120}
say "$(nvcc --version | tail -n 1), architectures $archs, $(git rev-parse --short HEAD 2>/dev/null)"

jobs=$(nproc)
configure() {
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DLTH_CUDA=ON "-DLTH_CUDA_ARCHS=$archs" \
    -DLTH_TESTS=ON -DLTH_BENCH=ON
}
stage configure "" configure
stage build configure cmake --build "$build" --parallel "$jobs"

export LTH_REQUIRE_CUDA=1
tests() { (cd "$build" && ctest --output-on-failure --timeout 900 -j "$((jobs > 8 ? 8 : jobs))"); }
stage tests build tests
show tests 4

# The tests that run kernels; select_magnitude_test under the sanitizer takes hours.
sanitized="gather_test shortcut_test cross_entropy_test optimizer_test norm_test program_test"
sanitized="$sanitized cuda_conv1d_dense_test cuda_conv1d_sparse_test cuda_fused_test"
sanitized="$sanitized wgrad_overlap_test"
[ $quick = 1 ] && sanitized="gather_test shortcut_test cross_entropy_test program_test cuda_fused_test"
sanitize() {
  local tool=$1 test
  shift
  for test in $sanitized; do
    echo "== $test"
    LTH_ONLY_CUDA=1 compute-sanitizer --tool "$tool" "$@" --error-exitcode 99 "$build/$test" || return 1
  done
}
if command -v compute-sanitizer >/dev/null; then
  stage memcheck build sanitize memcheck --leak-check full
  stage racecheck build sanitize racecheck --racecheck-report all
  stage initcheck build sanitize initcheck
  stage synccheck build sanitize synccheck
else
  state[sanitizers]=skipped
  say "skipped  sanitizers: there is no compute-sanitizer on the PATH"
fi

# Two runs of the same seed, bit for bit, and the CPU's loss curve, in every precision.
stage training build "$build/cuda_training_test"
show training 12

for precision in fp32 tf32 bf16; do
  stage "peak-$precision" build "$build/cuda_machine_bench" --precision $precision
  show "peak-$precision" 1
done
for precision in fp32 tf32 bf16; do
  stage "step-A-$precision" build "$build/cuda_step_bench" --precision $precision --ops
  show "step-A-$precision" 8 '^density|a copy moves'
done
# What fusing the norms and a second stream are worth.
for precision in tf32 bf16; do
  for less in separate-norms one-stream; do
    stage "step-A-$precision-$less" build "$build/cuda_step_bench" --precision $precision --$less \
      --density 1 --density 0.02
    show "step-A-$precision-$less" 2 '^density'
  done
done
if [ $quick = 0 ]; then
  for precision in tf32 bf16; do
    stage "step-B-$precision" build "$build/cuda_step_bench" --precision $precision --records 128 \
      --length 17920 --steps 5 --density 1 --density 0.02
    show "step-B-$precision" 8
  done
  for precision in fp32 tf32 bf16; do
    stage "layers-$precision" build "$build/cuda_conv1d_bench" --precision $precision
  done
  stage layers-sparse build "$build/cuda_conv1d_bench" --precision tf32 --density 0.02 --timed
fi
topk_sizes="--weights 10454528"
[ $quick = 0 ] && topk_sizes="$topk_sizes --weights 1000000000"
# shellcheck disable=SC2086
stage topk build "$build/cuda_topk_bench" $topk_sizes
show topk 12

if [ -n "$peer" ]; then
  for mode in "tf32 conv2d" "bf16 conv2d" "tf32 conv2d --compile" "bf16 conv2d --compile" "tf32 conv1d"; do
    set -- $mode
    name=peer-$1-$2${3:+-compile}
    # shellcheck disable=SC2086
    stage "$name" "" python3 "$peer" --device cuda --batch 32 --warmup 5 --repeat 20 --amp "$1" --layout "$2" ${3:-}
    show "$name" 3
  done
fi

deno=()
if command -v deno >/dev/null; then
  deno=(deno)
elif command -v npx >/dev/null; then
  deno=(npx -y deno@2.9.6)
fi
if [ ${#deno[@]} -gt 0 ] && [ -d node_modules ]; then
  product() {
    export LTH_CUDA=ON LTH_CUDA_ARCHS=$archs
    "${deno[@]}" task build && "${deno[@]}" task devices || return 1
    local backend run
    for backend in cpu cuda; do
      run=$logs/run-$backend
      rm -rf "$run"
      "${deno[@]}" task lth --preset quick --rounds 1 --epochs 3 --backend $backend --name "$run" || return 1
    done
    # The second round once more, on the kernels that were recorded with it: the same bits.
    [ -s "$run/round-001/kernels.json" ] || return 1
    rm -rf "$run-again" && cp -r "$run" "$run-again" && rm "$run-again/round-001/DONE" || return 1
    "${deno[@]}" task lth --backend cuda --name "$run-again" --resume || return 1
    cmp "$run/round-001/end.safetensors" "$run-again/round-001/end.safetensors" || return 1
    # The loss of every epoch of both rounds within 10 % of the CPU's: same batches, other rounding.
    for run in "$logs"/run-cpu/round-*/metrics.csv; do
      paste -d, "$run" "${run/run-cpu/run-cuda}" | awk -F, 'NR > 1 {
        n = NF / 2; d = ($(4 + n) - $4) / $4; printf "%s epoch %s: %.4f cpu, %.4f cuda\n", FILENAME, $1, $4, $(4 + n)
        if (d > 0.1 || d < -0.1) bad = 1 } END { exit bad || NR < 2 }' || return 1
    done
  }
  stage product build product
  show product 8
  # Elsewhere these run on the emulator.
  stage typescript product "${deno[@]}" test -A src/backend/cuda_test.ts src/cli/cuda_test.ts
  show typescript 1 '^(ok|FAILED)'
  stage bench product "${deno[@]}" task bench --backend cuda --only steps,layers --densities 1,0.1,0.02,0.007
  show bench 400 '^ *(density|[01]\.|Where|part)|GFLOP/s of'
else
  say "skipped  product: needs deno or npx on the PATH, and node_modules"
fi

failed=0
for name in "${!state[@]}"; do [ "${state[$name]}" = passed ] || failed=$((failed + 1)); done
say "${#state[@]} stages, $failed not passed; $report"
[ $failed = 0 ]
