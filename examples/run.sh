#!/bin/sh
# "vscli run" in front of a command: it has the terminal, the signals and the exit status that it would have without. What it starts becomes its
# child, so the script first calls itself under a run of its own. Without the tag a step would go by the name of its command. Arguments are not
# recorded unless --capture-args says so, and then without secrets.
set -eu
if [ -z "${DEPLOY_IS_RECORDED-}" ]; then
  export DEPLOY_IS_RECORDED=1
  exec vscli run -type=pipeline -tag='source|gcloud' -tag='service|api' -- "$0" "$@"
fi

vscli run -type=build -tag='service|api' -- docker build -t gcr.io/acme/api .
vscli run -type=push -tag='service|api' -- docker push gcr.io/acme/api
vscli run -type=deploy -tag='service|api' -timeout=15m -- gcloud app deploy --image-url=gcr.io/acme/api
