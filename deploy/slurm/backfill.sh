#!/bin/sh
#SBATCH --job-name=sluice-backfill
#SBATCH --array=0-7
#SBATCH --requeue
#SBATCH --open-mode=append
#
# A backfill in shards: each task of the array is one, and finds its part of the files by itself.
#
#   sbatch --array=0-7 backfill.sh PIPELINE FROM STATE [OPTION…]
#
# PIPELINE, the files of FROM and the folder STATE are on disks that all nodes see. More options go to `sluice backfill`:
# --rate-store redis://host:6379, or nothing, and each task takes its part of the rate.

pipeline=${1:?which pipeline} from=${2:?which files} state=${3:?which folder for the state}
shift 3
sluice backfill "$pipeline" --from "$from" --state "$state" "$@"
code=$?
# Stopped (3) or ended by a signal (above 128): it goes on where it was. Anything else would end the same way again.
if [ $code -eq 3 ] || [ $code -gt 128 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
