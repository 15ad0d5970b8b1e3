#!/usr/bin/env bash
# Runs a program of the action's own checkout in the folder of the job: deno.sh PROGRAM [ARGUMENT…].
# GITHUB_ACTION_PATH instead of github.action_path, which is wrong in containers (actions/runner#2185).
set -euo pipefail
exec npx -y deno@2.9.6 run --allow-all --no-prompt --config "$GITHUB_ACTION_PATH/deno.json" \
  "$GITHUB_ACTION_PATH/$1" "${@:2}"
