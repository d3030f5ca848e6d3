#!/usr/bin/env bash
# Writes requirements/lock.txt and requirements/pip.txt: every package, direct or not, with its version and its hashes.
# A version stays until a requirement asks for another one. Usage: scripts/lock.sh BIN [OPTION ...]
# Options go to uv: --upgrade takes the newest versions, --upgrade-package NAME that of one package.
set -euo pipefail
bin=$1
shift
cd "$(dirname "$0")/.."

lock() { # FILE HEADER, then uv's arguments: writes the pins of some requirements, the header above them
    local file=$1 header=$2
    shift 2
    touch "$file" # uv keeps the versions it finds there
    "$bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --output-file "$file" "$@"
    printf '%s\n%s\n' "$header" "$(cat "$file")" >"$file"
}

# For every platform and Python since 3.11, hence the markers. Without torch: its builds (CPU, CUDA) bear the same version
# and have other hashes, so the Makefile installs it by its version alone.
lock requirements/lock.txt \
    "# Every package, direct or not, with its hashes: constraints for \`make install\`. Made by \`make lock\`." \
    --no-emit-package torch "$@" requirements.txt requirements/dev.txt requirements/s3.txt requirements/saml.txt requirements/quantization.txt \
    requirements/tracking.txt
lock requirements/pip.txt \
    "# The pip that installs everything else: older ones do not read hashes from constraints. Made by \`make lock\`." \
    "$@" - <<<pip

# Only this package itself is installed, not what it depends on.
"$bin/uv" pip compile --quiet --no-deps --generate-hashes --no-annotate --no-header requirements/model.txt >>requirements/lock.txt
