#!/bin/sh
# expect_failure.sh STATUS TEXT COMMAND...: the command must end within 20 seconds with that status and print the text
# on one line exactly once.
expected=$1
text=$2
shift 2
output=$(mktemp)
trap 'rm -f "$output"' EXIT
timeout 20 "$@" >"$output" 2>&1
status=$?
cat "$output"
if [ "$status" -ne "$expected" ]; then
  echo "it ended with status $status where $expected was expected"
  exit 1
fi
if [ "$(grep -c -- "$text" "$output")" -ne 1 ]; then
  echo "it did not print \"$text\" exactly once"
  exit 1
fi
