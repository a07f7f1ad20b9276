#!/bin/sh
# with_slurm.sh FOLDER COMMAND...: starts a Slurm of one node on the loopback interface, with its own key, ports and socket, runs
# the command, waits until no job is left, and stops it. Exit status 77 where the daemons do not start.
set -u
folder=$1
shift
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$folder/state" "$folder/spool"
dd if=/dev/urandom of="$folder/key" bs=128 count=1 2>/dev/null
chmod 700 "$folder"
chmod 600 "$folder/key"
port=$((20000 + $$ % 20000))
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
CompleteWait=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
NodeName=localhost NodeAddr=127.0.0.1 CPUs=1 RealMemory=1000 State=UNKNOWN
PartitionName=test Nodes=localhost Default=YES MaxTime=INFINITE State=UP
CONF
printf 'CgroupPlugin=cgroup/v1\nConstrainCores=no\n' >"$folder/cgroup.conf"
export SLURM_CONF="$folder/slurm.conf"

started=
stop() {
  for process in $started; do kill "$process" 2>/dev/null; done
  wait
}
trap stop EXIT
munged -F --key-file="$folder/key" --socket="$folder/munge" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munged.seed" --force >/dev/null 2>&1 &
started="$started $!"
slurmctld -D -c -f "$SLURM_CONF" >"$folder/slurmctld.log" 2>&1 &
started="$started $!"
slurmd -D -f "$SLURM_CONF" -N localhost >"$folder/slurmd.log" 2>&1 &
started="$started $!"
for _ in $(seq 100); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 0.1
done
if ! sinfo -h -o %T 2>/dev/null | grep -q idle; then
  tail -n 3 "$folder"/*.log >&2
  exit 77
fi
"$@"
status=$?
for _ in $(seq 300); do
  [ -z "$(squeue -h)" ] && break
  sleep 0.1
done
exit $status
