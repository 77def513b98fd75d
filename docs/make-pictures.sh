#!/bin/sh
# Makes docs/pictures from a demo that it starts and ends. Needs the .NET SDK, curl and Chromium.
set -eu
cd "$(dirname "$0")/.."
pictures="$PWD/docs/pictures"
project="$PWD/src/Server"
dotnet build "$project" -c Release -v quiet -nologo
server="$project/bin/Release/net10.0/ValueStream.Server.dll"
folder=$(mktemp -d)
cd "$folder"
dotnet "$server" --demo --urls http://127.0.0.1:0 >log 2>&1 &
pid=$!
trap 'kill "$pid"; wait "$pid" || :; rm -rf "$folder"' EXIT

waited=0
until grep -q 'Played ' log && url=$(sed -n 's/^ValueStream is at \([^ ]*\).*/\1/p' log) && curl -fsS "$url/api/v1/projections" | grep -q '"lagEvents":0'; do
  waited=$((waited + 1))
  [ "$waited" -lt 120 ] || { cat log >&2; exit 1; }
  sleep 1
done

# The newest failed pipeline of CI that took long enough to have come to its last parts: some side by side, one that waits for several.
key=$(curl -fsS "$url/api/v1/runs?type=pipeline&name=ci%20web&outcome=failure&minDuration=420&limit=1" | grep -o '"key":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
[ -n "$key" ] || { echo "The demo has no such pipeline." >&2; exit 1; }

shoot() { # name, height, colour scheme (Chromium's number: 0 dark, 1 light), address
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --no-first-run \
    --user-data-dir="$folder/chromium" --hide-scrollbars --force-device-scale-factor=1.5 --blink-settings=preferredColorScheme="$3" \
    --window-size="1240,$2" --screenshot="$pictures/$1.png" "$url$4" 2>/dev/null
}
# The busiest operation that is a pipeline.
operation=$(curl -fsS "$url/api/v1/operations?type=pipeline&limit=1" | grep -o '"key":"[^"]*"' | head -n 1 | cut -d '"' -f 4)

shoot now 860 1 "/"
shoot operations 760 1 "/operations"
shoot operation 1100 1 "/operations/$operation"
shoot audit 700 1 "/audit"
shoot system 900 1 "/system"
shoot run 560 1 "/runs/$key"
shoot run-dark 560 0 "/runs/$key"
shoot graph 520 1 "/runs/$key?view=graph"
shoot runs 760 1 "/runs"
ls -l "$pictures"
