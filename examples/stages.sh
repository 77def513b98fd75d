#!/bin/sh
# A run for the pipeline and one for each step. "start" prints an id and never fails; "end" takes the exit status of the line before.
# This script goes on after a step that fails, as it did before: vscli changes nothing about that.
TRACEID="$(vscli event -tag='source|gcloud' -tag='service|api' -type=pipeline start)"

BUILD="$(vscli event -type=build -tag='type|docker' start -parent-event-id="$TRACEID")"
docker build -t gcr.io/acme/api .
vscli event end -event-id="$BUILD" -exit-code=$?

PUSH="$(vscli event -type=push -tag='type|docker' start -parent-event-id="$TRACEID")"
docker push gcr.io/acme/api
vscli event end -event-id="$PUSH" -exit-code=$?

DEPLOY="$(vscli event -type=deploy -tag='type|gae' start -parent-event-id="$TRACEID")"
gcloud app deploy --image-url=gcr.io/acme/api
STATUS=$?
vscli event end -event-id="$DEPLOY" -exit-code="$STATUS"

vscli event end -event-id="$TRACEID" -exit-code="$STATUS"
exit "$STATUS"
