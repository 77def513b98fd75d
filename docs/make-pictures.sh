#!/bin/sh
# Makes docs/pictures from a demo that it starts and ends. Needs the .NET SDK, curl and Chromium, which the browser tests' Playwright drives.
set -eu
cd "$(dirname "$0")/.."
pictures="$PWD/docs/pictures"
project="$PWD/src/Server"
dotnet build "$project" -c Release -v quiet -nologo
dotnet build tests/Browser.Tests -c Release -v quiet -nologo
playwright="$PWD/tests/Browser.Tests/bin/Release/net10.0/.playwright"
script="$PWD/docs/make-pictures.cjs"
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

# The busiest operation that is a pipeline.
operation=$(curl -fsS "$url/api/v1/operations?type=pipeline&limit=1" | grep -o '"key":"[^"]*"' | head -n 1 | cut -d '"' -f 4)

"$playwright"/node/linux-*/node "$script" "$playwright/package" "$pictures" "$url" "$operation" "$key"
ls -l "$pictures"
