#!/usr/bin/env bash
# A stage of scripts/verify_cuda.sh: the addon on this machine's GPU. Builds it, trains two rounds on
# the CPU and on CUDA, resumes, runs the tests in TypeScript and the bench.
#
#   scripts/verify_cuda_product.sh FOLDER    folder for the runs
set -euo pipefail
cd "$(dirname "$0")/.."
runs=$1
mkdir -p "$runs"
if command -v deno >/dev/null; then deno=(deno); else deno=(npx -y deno@2.9.6); fi
export LTH_CUDA=ON
# Builds only for the architectures of this machine's GPUs, because all six take minutes.
LTH_CUDA_ARCHS=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | tr -d '. ' | sort -nu |
  paste -sd ';')
export LTH_CUDA_ARCHS
"${deno[@]}" task build
"${deno[@]}" task devices
for backend in cpu cuda; do
  "${deno[@]}" task lth --preset quick --rounds 1 --epochs 3 --backend $backend --name "$runs/$backend"
done
# Trains the second round again, on the kernels saved with it: the results must have the same bits.
[ -s "$runs/cuda/round-001/kernels.json" ]
cp -r "$runs/cuda" "$runs/again"
rm "$runs/again/round-001/DONE"
"${deno[@]}" task lth --backend cuda --name "$runs/again" --resume
cmp "$runs/cuda/round-001/end.safetensors" "$runs/again/round-001/end.safetensors"
# The loss of every epoch of both rounds must be within 10 % of the CPU's: same batches, other rounding.
for run in "$runs"/cpu/round-*/metrics.csv; do
  paste -d, "$run" "${run/\/cpu\//\/cuda\/}" | awk -F, 'NR > 1 {
    n = NF / 2; d = ($(4 + n) - $4) / $4; printf "%s epoch %s: %.4f cpu, %.4f cuda\n", FILENAME, $1, $4, $(4 + n)
    if (d > 0.1 || d < -0.1) bad = 1 } END { exit bad || NR < 2 }'
done
# On machines without a GPU these tests run on the emulator.
"${deno[@]}" test -A src/addon/cuda_test.ts src/cli/cuda_test.ts
"${deno[@]}" task bench --backend cuda --only steps,layers --densities 1,0.1,0.02,0.007
