#!/bin/sh
# manual.sh PROGRAM FOLDER: the manual pages and the completions of a built troupe, as it describes itself.
set -eu
program=$1
folder=$2
mkdir -p "$folder/man1"
"$program" help --help=man >"$folder/man1/troupe.1"
for command in $("$program" help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'); do
  [ "$command" != help ] || continue
  # A program without SimGrid has no platform command.
  "$program" "$command" --help=man >"$folder/man1/troupe-$command.1" 2>/dev/null || rm "$folder/man1/troupe-$command.1"
done
for shell in bash zsh fish; do
  "$program" completion $shell >"$folder/completion.$shell"
done
