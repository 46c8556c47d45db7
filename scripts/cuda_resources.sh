#!/usr/bin/env bash
# Registers, spills and static shared memory of the CUDA kernels, from the log of a build with
# -DLTH_CUDA_REPORT=ON: a line per architecture, then the kernels that spill or keep arrays in local
# memory and those with the most registers.
#
#   scripts/cuda_resources.sh LOG [MOST]     MOST kernels to name, 12 if not given
#
# Fails if ptxas has made warpgroup products wait for each other, and if the registers of a pass allow another number of warps in a quarter of a multiprocessor than the
# registers in native/cuda/conv1d_engines.h, with which tilings are planned.
set -euo pipefail
log=$1
most=${2:-12}
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

# One row a kernel and architecture: arch, registers, stack, spill stores, spill loads, shared, name.
awk '/Compiling entry function/ { split($0, q, "\047"); name = q[2]; arch = q[4]; stack = stores = loads = 0 }
  /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
  /Used [0-9]+ registers/ && name != "" {
    registers = shared = 0
    for (i = 1; i < NF; ++i) {
      if ($i == "Used") registers = $(i + 1)
      if ($(i + 1) == "bytes" && $(i + 2) ~ /^smem/) shared = $i
    }
    print arch, registers, stack, stores, loads, shared, name
    name = ""
  }' "$log" | sort -u >"$rows"
[ -s "$rows" ] || { echo "$log has no report of ptxas: build with -DLTH_CUDA_REPORT=ON" >&2; exit 2; }

awk '{ ++n[$1]; if ($2 > most[$1]) most[$1] = $2; stack[$1] += $3 > 0; spill[$1] += $4 + $5 > 0 }
  END { for (a in n) printf "%-7s %4d kernels, at most %3d registers, %d with local memory, %d that spill\n",
    a, n[a], most[a], stack[a], spill[a] }' "$rows" | sort -V
echo "local memory, then the most registers:"
sort -k3,3nr -k2,2nr "$rows" | sed -n "1,${most}p" | # not head: sort would die of what it cannot write
  while read -r arch registers stack stores loads shared name; do
    short=$(c++filt "$name" | sed -E 's/\(anonymous namespace\):://g; s/lth::cuda:://g; s/^void //; s/\(.*//' | cut -c1-60)
    printf '  %-7s %3d registers, %4d bytes of stack, spills %d / %d, %6d shared: %s\n' "$arch" \
      "$registers" "$stack" "$stores" "$loads" "$shared" "$short"
  done

# {"ENGINE", REGISTERS} of the header against those of pass_kernel<ENGINE>, on sm_90 alone.
header=$(dirname "$0")/../native/cuda/conv1d_engines.h
warps() { echo $((16384 / (($1 * 32 + 255) / 256 * 256))); }
wrong=0
while IFS='|' read -r engine planned; do
  name=$(awk '$1 ~ /^sm_90a?$/ { print $2, $7 }' "$rows" | c++filt |
    grep -F "pass_kernel<lth::cuda::conv::$engine" | head -n 1) || true
  [ -n "$name" ] || continue # not compiled for sm_90
  found=${name%% *}
  if [ "$(warps "$found")" != "$(warps "$planned")" ]; then
    echo "error: $engine takes $found registers, $header says $planned: other numbers of warps fit" >&2
    wrong=1
  fi
done < <(sed -nE 's/.*\{"([A-Za-z].*)", ([0-9]+)\};.*/\1|\2/p' "$header")
if grep -E "wgmma.* serialized|warpgroup\.(wait|arrive) is injected" "$log" >&2; then
  echo "error: ptxas has added waits between warpgroup products" >&2
  wrong=1
fi
exit $wrong
