#!/bin/sh
# validate.sh [FOLDER]: is what Troupe predicts of these GPUs right? Calibrates device and links, runs collectives and steps of a
# training for real, predicts the same on what was calibrated, and prints tables of errors. All files are left in FOLDER
# (validate_gpu_nodes.out). docs/gpu_nodes.md explains it. From the environment:
#   BACKEND   cuda, or mpi: on processors (cuda)
#   RANKS     how many (Slurm's tasks; else this node's GPUs; on processors 2)
#   LAUNCHER  what starts them, before the number (mpirun -n)
#   TROUPE    the program (troupe)
#   RUNS      how many real runs of each, of which the median counts (3; with QUICK 1)
#   QUICK     anything: fewer kernels, sizes and rounds
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-validate_gpu_nodes.out}
backend=${BACKEND:-cuda}
launcher=${LAUNCHER:-mpirun -n}
troupe=${TROUPE:-troupe}

fail() {
  echo "validate.sh: $1" >&2
  exit 2
}
say() { echo "== $1" >&2; }
# N COMMAND...: on N ranks. What the launcher starts must not read this script's input.
real() {
  count=$1
  shift
  $launcher "$count" "$troupe" "$@" --backend "$backend" </dev/null
}

case $backend in
  cuda) scenario=$here/mlp.json sizes=64K:64M:x4 ;;
  mpi) scenario=$here/mlp_on_processors.json sizes=4K:4M:x4 ;;
  *) fail "BACKEND=$backend: expected cuda or mpi" ;;
esac
runs=${RUNS:-${QUICK:+1}}
runs=${runs:-3}
case $runs in *[!0-9]* | 0) fail "RUNS=$runs: expected how many real runs of each, 1 or more" ;; esac
command -v "$troupe" >/dev/null || fail "there is no program $troupe: put it into PATH, or give TROUPE=/where/it/is"
doctor=$("$troupe" doctor --backend "$backend" 2>&1) ||
  fail "--backend $backend cannot run here: $(echo "$doctor" | sed -n "s/^  no   $backend *//p") (BACKEND=mpi uses processors)"
if [ "$backend" = cuda ] && [ -z "${RANKS:-${SLURM_NTASKS:-}}" ]; then
  RANKS=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU' || true)
  [ "$RANKS" -gt 0 ] || fail "there is no GPU here, says nvidia-smi -L (BACKEND=mpi uses processors)"
fi
mkdir -p "$out"
echo "$doctor" >"$out/doctor.txt"
ranks=${RANKS:-${SLURM_NTASKS:-2}}
quick=${QUICK:+--quick}
link_sizes=
if [ -n "$quick" ]; then
  sizes=64K,1M
  link_sizes='--sizes 1:4M:x8'
fi

say "the device"
# shellcheck disable=SC2086
real 1 calibrate --device $quick --dtype float32 --for "$scenario" -q -o "$out/device.json"
say "the links of $ranks ranks"
# No message leaves at once: the real runs below would copy each that may, which calibration would not have seen.
# shellcheck disable=SC2086
real "$ranks" calibrate $quick $link_sizes --eager-limit 0 -o "$out/cluster.json" --device-file "$out/device.json"

# Real and predicted, of one command each.
both() {
  name=$1
  shift
  say "$name, for real"
  rm -f "$out/$name.real."*.json
  for run in $(seq "$runs"); do
    real "$ranks" "$@" --platform "$out/cluster.json" --ranks "$ranks" --payload real -q --json "$out/$name.real.$run.json"
  done
  say "$name, predicted"
  "$troupe" "$@" --platform "$out/cluster.json" --ranks "$ranks" --payload phantom -q --json "$out/$name.predicted.json"
  "$troupe" validate "$out/$name.real."*.json "$out/$name.predicted.json" --json "$out/$name.errors.json" >"$out/$name.errors.txt"
  cat "$out/$name.errors.txt"
}
if [ "$ranks" -gt 1 ]; then
  both allreduce collective --op allreduce --algorithm ring,recursive_doubling,halving_doubling --sizes "$sizes"
  both broadcast collective --op broadcast --algorithm binomial --sizes "$sizes"
fi
both training run "$scenario"
say "all of it is in $out"
