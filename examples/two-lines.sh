#!/bin/sh
# A deploy script that was there before, and two lines: one says that it begins, one that it ends and how. (The one line of trap.sh also tells of
# signals, and keeps a trap that the script has already.)
set -eu
TRACEID="$(vscli event -tag='source|gcloud' -tag='service|api' -type=pipeline start)"
trap 'vscli event end -event-id="$TRACEID" -exit-code=$?' EXIT

docker build -t gcr.io/acme/api .
docker push gcr.io/acme/api
gcloud app deploy --image-url=gcr.io/acme/api
