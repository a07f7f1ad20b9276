#!/bin/sh
# in_little_shared_memory.sh COMMAND...: runs it where /dev/shm holds 12 MiB, as in a container that was given little of it: enough for
# Open MPI itself between two ranks. Says SKIPPED where this user cannot make such a place.
unshare -m true 2>/dev/null || { echo "SKIPPED: no other /dev/shm can be mounted here"; exit 0; }
exec unshare -m sh -c '
  mount -t tmpfs -o size=12m little /dev/shm 2>/dev/null || { echo "SKIPPED: no other /dev/shm can be mounted here"; exit 0; }
  exec "$@"' sh "$@"
