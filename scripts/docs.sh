#!/usr/bin/env bash
# Builds the documentation site into a folder. A link to nowhere, or a page that nothing leads to, is an error.
# Usage: scripts/docs.sh BIN FOLDER [diagrams: fetch the script that draws them]
set -euo pipefail
bin=$1 folder=$2
cd "$(dirname "$0")/.."
if [ "${3-}" = diagrams ] && [ ! -e var/docs-scripts/mermaid.min.js ]; then
    node=$(scripts/node.sh "$bin/python")
    mkdir -p var/docs-scripts
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    npm=$node/../lib/node_modules/npm/bin/npm-cli.js
    [ -e "$npm" ] || npm=$(readlink -f "$(command -v npm)")
    (cd "$temporary" && PATH="$node:$PATH" node "$npm" pack --silent mermaid@11.12.2 >/dev/null && tar -xzf mermaid-*.tgz)
    cp "$temporary/package/dist/mermaid.min.js" var/docs-scripts/
fi
"$bin/sphinx-build" --quiet --fail-on-warning --keep-going --fresh-env -c docs -b html . "$folder"
cp "$folder/README.html" "$folder/index.html"
"$bin/python" scripts/story.py "$folder"
