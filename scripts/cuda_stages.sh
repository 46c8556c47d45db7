# shellcheck shell=bash
# Stages of scripts/verify_cuda.sh. Every stage has its own time limit and runs even if earlier stages
# failed. Two files have the results: $report, rewritten after each stage, has a table first, then the
# important lines; $log has all output, appended as it arrives.

stage_names=()
declare -A stage_state stage_seconds stage_lines

# start_stages REPORT LOG SECONDS TITLE: SECONDS is the time for all stages together.
start_stages() {
  report=$1 log=$2 stages_end=$((SECONDS + $3)) title=$4
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  : >"$log"
  write_report
}

write_report() {
  local name
  {
    echo "$title"
    echo
    printf '%-34s %8s  %s\n' stage seconds result
    for name in "${stage_names[@]}"; do
      printf '%-34s %8s  %s\n' "$name" "${stage_seconds[$name]}" "${stage_state[$name]}"
    done
    for name in "${stage_names[@]}"; do
      [ -z "${stage_lines[$name]}" ] || printf '\n-- %s\n%s\n' "$name" "${stage_lines[$name]}"
    done
  } >"$report.new"
  mv "$report.new" "$report"
}

# record NAME SECONDS STATE LINES
record() {
  stage_names+=("$1")
  stage_seconds[$1]=$2 stage_state[$1]=$3 stage_lines[$1]=$4
  echo "=== $1: $3 ($2 s)" | tee -a "$log"
  write_report
}

skip() { record "$1" 0 "skipped: $2" ""; }

# The limit of a stage that may take $1 seconds; fails when there is no time to start one.
limit_within() {
  local left=$((stages_end - SECONDS))
  [ "$left" -ge 3 ] || return 1
  echo $(($1 < left ? $1 : left))
}

# result_of EXIT-STATUS LIMIT: the result in words.
result_of() {
  case $1 in
    0) echo passed ;;
    124 | 137) echo "TIMEOUT after $2 s" ;;
    126 | 127) echo "FAILED: cannot be started" ;;
    *) echo "FAILED: exit code $1" ;;
  esac
}

# lines_of FILE RESULT PATTERN MOST: the last matching lines of a stage that passed; else the end of its output.
lines_of() {
  if [ "$2" = passed ]; then
    [ -z "$3" ] || grep -aE -- "$3" "$1" | tail -n "$4"
  else
    tail -n 25 "$1"
  fi
}

# stage NAME LIMIT PATTERN MOST COMMAND...: runs the command for at most LIMIT seconds.
stage() {
  local name=$1 limit pattern=$3 most=$4 before started status result
  limit=$(limit_within "$2") || { skip "$name" "no time left"; return 1; }
  shift 4
  echo "=== $name: $*" | tee -a "$log"
  before=$(stat -c %s "$log")
  started=$SECONDS
  timeout -k 5 "$limit" "$@" >>"$log" 2>&1 </dev/null
  status=$?
  tail -c "+$((before + 1))" "$log" >"$scratch/own"
  result=$(result_of $status "$limit")
  record "$name" $((SECONDS - started)) "$result" "$(lines_of "$scratch/own" "$result" "$pattern" "$most")"
  return $status
}

# together MOST LIMIT PROGRAM...: one stage per program, at most MOST at a time.
together() {
  local most=$1 limit program name started
  limit=$(limit_within "$2") || { skip tests "no time left"; return 1; }
  shift 2
  for program in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge "$most" ]; do wait -n; done
    name=$(basename "$program")
    (
      started=$SECONDS
      timeout -k 5 "$limit" "$program" >"$scratch/$name.log" 2>&1 </dev/null
      echo $? $((SECONDS - started)) >"$scratch/$name.end"
    ) &
  done
  wait
  local status seconds result
  for program in "$@"; do
    name=$(basename "$program")
    read -r status seconds <"$scratch/$name.end"
    { echo "=== $name"; cat "$scratch/$name.log"; } >>"$log"
    result=$(result_of "$status" "$limit")
    record "$name" "$seconds" "$result" "$(lines_of "$scratch/$name.log" "$result" "" 0)"
  done
}

# Prints the outcome; true if all stages that ran passed.
end_stages() {
  local name failed=0
  for name in "${stage_names[@]}"; do
    case ${stage_state[$name]} in passed | skipped:*) ;; *) failed=$((failed + 1)) ;; esac
  done
  echo "${#stage_names[@]} stages, $failed failed: $report"
  [ $failed = 0 ]
}
