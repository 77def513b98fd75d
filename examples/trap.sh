#!/bin/sh
# Under set -e a script ends at the first command that fails, before any line that would say so. So the runs are ended by traps: the script's by
# the first line, a step's by the same line in a subshell of its own. A step is a child of the script's run without being told.
set -eu
eval "$(vscli trap -type=pipeline -tag='source|gcloud' -tag='service|api')"

# step TYPE COMMAND...: runs a command as a step.
step() (
  eval "$(vscli trap -type="$1")"
  shift
  "$@"
)

step build docker build -t gcr.io/acme/api .
step push docker push gcr.io/acme/api
step deploy gcloud app deploy --image-url=gcr.io/acme/api
