#!/usr/bin/env bash
# Builds what is released of vscli into artifacts/release, or the folder that is named:
#   linux-x64/vscli, linux-arm64/vscli   the native binaries; a server whose VALUESTREAM_CLI is this folder offers them at /cli
#   vscli*.nupkg                         the dotnet tool: one package to install, and one for each platform that it fetches
#   SHA256SUMS
# It needs gcc, and for linux-arm64 on another machine gcc-aarch64-linux-gnu; a platform without its compiler is left out, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
release="$(realpath -m "${1:-artifacts/release}")"
rm -rf "$release"
mkdir -p "$release"

platforms=()
for platform in linux-x64 linux-arm64; do
  case "$platform $(uname -m)" in
    'linux-x64 x86_64' | 'linux-arm64 aarch64') compiler=gcc ;;
    'linux-x64 '*) compiler=x86_64-linux-gnu-gcc ;;
    *) compiler=aarch64-linux-gnu-gcc ;;
  esac
  if command -v "$compiler" >/dev/null; then
    platforms+=("$platform")
  else
    echo "release: $platform is left out: there is no $compiler (Debian: apt-get install gcc-${compiler%-gcc} libc6-dev-${platform#linux-}-cross)" >&2
  fi
done

for platform in "${platforms[@]}"; do
  dotnet publish src/Cli -c Release -r "$platform" -o "$release/$platform" -v minimal
  # Of the very files that were published.
  dotnet pack src/Cli -c Release -r "$platform" -p:PublishDir="$release/$platform/" -o "$release" -v minimal
done
# The package that is installed names those of the platforms, and none that is not there.
list="$(IFS=';' && echo "${platforms[*]}")"
dotnet pack src/Cli -c Release "-p:ToolPackageRuntimeIdentifiers=\"$list\"" -o "$release" -v minimal

cd "$release"
sha256sum -- */vscli *.nupkg >SHA256SUMS
cat SHA256SUMS
