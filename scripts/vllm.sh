#!/usr/bin/env bash
# Starts a vLLM server for the default model; adapters can be loaded while it runs. Usage: scripts/vllm.sh PYTHON [OPTION ...]
# Environment: VLLM_HOST (127.0.0.1), VLLM_PORT (8001), VLLM_MODEL (a model directory), VLLM_NAME (the name of the served
# model), VLLM_SLEEP (1: the server can free its GPU memory on request), VLLM_LORA_RANK (the largest rank of an adapter:
# 64, or 16 on a CPU). Options are passed to the server. To use it: make run GENERATOR_URL=http://127.0.0.1:8001/v1
set -euo pipefail
python=$1
shift

model=${VLLM_MODEL:-${CHOSEN_VAR:-var}/models/smollm2-135m-instruct}
if [ ! -f "$model/config.json" ]; then
    if [ -n "${VLLM_MODEL:-}" ] || [ ! -x .venv/bin/python ]; then
        echo "There is no model in $model. Set VLLM_MODEL to a directory in Hugging Face layout." >&2
        exit 1
    fi
    .venv/bin/python -m training.generation prepare "$model"
fi

# The model is a directory on this machine: the server looks nothing up online and reports no usage.
export HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 VLLM_ALLOW_RUNTIME_LORA_UPDATING=1
export VLLM_CPU_KVCACHE_SPACE=${VLLM_CPU_KVCACHE_SPACE:-1}

# On a CPU, vLLM 0.32 dies ("CPU Generator does not use offset") when it reads the prompt of a request with a seed in two
# chunks, which happens when many requests arrive together; all of ours have seeds.
# There it also copies an adapter's factors for every token, padded to the largest rank: a limit above the engine's default
# rank costs time in every step.
whole_prompts=() rank=${VLLM_LORA_RANK:-64}
if "$python" -c 'import sys, torch; sys.exit(torch.cuda.is_available())'; then
    whole_prompts=(--no-enable-chunked-prefill) rank=${VLLM_LORA_RANK:-16}
fi

sleeps=()
if [ "${VLLM_SLEEP:-}" = 1 ]; then
    export VLLM_SERVER_DEV_MODE=1
    sleeps=(--enable-sleep-mode)
fi

# Not the `vllm` command: installed as vllm-cpu it does not find its own version.
exec "$python" -m vllm.entrypoints.openai.api_server \
    --model "$model" --served-model-name "${VLLM_NAME:-smollm2-135m-instruct}" \
    --host "${VLLM_HOST:-127.0.0.1}" --port "${VLLM_PORT:-8001}" \
    --enable-lora --max-lora-rank "$rank" --max-loras 4 --max-cpu-loras 16 "${whole_prompts[@]}" "${sleeps[@]}" "$@"
