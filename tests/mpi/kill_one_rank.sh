#!/bin/sh
# kill_one_rank.sh COMMAND...: starts a job that prints "kill PROCESS" and waits, kills that process, and expects the
# whole job to end by itself within 10 seconds with a status other than 0.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$@" >"$output" 2>&1 &
job=$!
victim=
for _ in $(seq 300); do
  victim=$(sed -n 's/.*kill \([0-9][0-9]*\).*/\1/p' "$output")
  [ -n "$victim" ] && break
  sleep 0.1
done
if [ -z "$victim" ]; then
  echo "the job did not name a process to kill:"
  cat "$output"
  kill "$job"
  exit 1
fi
sleep 0.3
kill -9 "$victim"
for _ in $(seq 100); do
  if ! kill -0 "$job" 2>/dev/null; then
    wait "$job"
    status=$?
    echo "the job ended with status $status"
    [ "$status" -ne 0 ]
    exit
  fi
  sleep 0.1
done
echo "the job is still there 10 seconds after one of its ranks was killed"
kill "$job"
exit 1
