#!/usr/bin/env bash
# Every figure of docs/performance.md that needs a GPU, in at most ten minutes:
#
#   benchmarks/gpu.sh RESULTS            # a folder that is not there yet
#   benchmarks/gpu.sh --small RESULTS    # tiny models on a CPU, to see that the script runs
#
# A part has a limit of its own; one that fails or takes too long is told with its reason, and the next one begins.
# The steps of training need torch, open_clip and this package's folder; scores and captions need Ray, too, and the
# parts of engines vLLM and transformers; train_job gets a release of webdataset from the package index. Models are not
# downloaded: those of the engines are of true size with random weights, see true_size.py; MLLM=… and LLM=… name others,
# as hub ids (with HF_HUB_OFFLINE=0) or folders. PARTS="step_clip scores" runs these alone.
# PYTHON is the interpreter. RESULTS/NAME.log holds what a part printed, RESULTS/summary.json the last line.
set -uo pipefail

small=""
if [ "${1:-}" = --small ]; then small=yes; shift; fi
if [ $# -ne 1 ] || [ -e "$1" ]; then
    echo "usage: benchmarks/gpu.sh [--small] RESULTS, a folder that is not there yet" >&2
    exit 2
fi
mkdir -p "$1"
results=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-$([ -x "$here/../.venv/bin/python" ] && echo "$here/../.venv/bin/python" || command -v python3)}
export PYTHONPATH="$here/..:$here${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE="${HF_HUB_OFFLINE:-1}"
end=$((SECONDS + 570))
asked=${PARTS:-}
ran=()

# part NAME SECONDS COMMAND…: its last line is its figures, as JSON
part() {
    local name=$1 limit=$2 log="$results/$1.log" began=$SECONDS status
    shift 2
    if [ -n "$asked" ] && [[ " $asked " != *" $name "* ]]; then return; fi
    ran+=("$name")
    [ $((end - SECONDS)) -lt "$limit" ] && limit=$((end - SECONDS))
    if [ "$limit" -le 5 ]; then
        echo "there was no time left" >"$log"
        echo "1 0" >"$results/$name.status"
        return
    fi
    echo "== $name, at most $limit s" >&2
    timeout --kill-after=10 "$limit" "$@" >"$log" 2>"$results/$name.err"
    status=$?
    echo "$status $((SECONDS - began))" >"$results/$name.status"
}

# caption NAME OPTIONS…: a caption run whose figures are in its metrics.json
caption='set -e; "$0" -m mpgi_ray caption "$1" --shards "$2/shards" --out "$2/$3" --set max_reject_rate=1 "${@:4}"
"$0" -c "import json, sys; print(json.dumps(json.load(open(sys.argv[1]))))" "$2/$3/metrics.json"'

pictures() { # of 448 x 448 pixels with boxes
    "$python" -c "
import sys
from pathlib import Path
from tiny import write_shards
write_shards(Path(sys.argv[1]), int(sys.argv[2]))" "$results/shards" "$1" 2>"$results/pictures.err"
}

if [ -n "$small" ]; then
    tiny=(--small --batch 4 --steps 2 --warm-up 1 --pairs 1)
    part step_clip 100 "$python" "$here/step_speed.py" "${tiny[@]}"
    part step_coca 100 "$python" "$here/step_speed.py" "${tiny[@]}" --coca
    part scores 150 "$python" "$here/score_speed.py" --shards 2 --samples 4 --captions 1 --pairs 1 --threads 1
    pictures 8
    part caption_stage1 150 bash -c "$caption" "$python" template "$results" stage1
else
    part step_clip 45 "$python" "$here/step_speed.py" --gpu
    part step_coca 45 "$python" "$here/step_speed.py" --gpu --coca --batch 128
    part train_job 80 "$python" "$here/train_speed.py" --gpu --model ViT-B-32 \
        --batch 256 --steps 48 --loaders 8 --pairs 2 --rows "$results/train_job.jsonl"
    part scores 50 "$python" "$here/score_speed.py" --gpu --model ViT-B-32 --shards 5 --samples 512 --pairs 1
    pictures 300
    [ -n "${MLLM:-}" ] && [ -n "${LLM:-}" ] || "$python" "$here/true_size.py" "$results/models" 2>"$results/models.err"
    mllm=${MLLM:-$results/models/mllm} llm=${LLM:-$results/models/llm}
    dummy='{"max_model_len": 8192, "load_format": "dummy"}'
    engine=(--model "$mllm" --gpus 1 --input "$results/shards" --engine-args "$dummy")
    part perspectives 110 "$python" "$here/perspectives.py" "${engine[@]}" \
        --images 300 --timed 150 --repeats 1 --tokens 96 --rows "$results/perspectives.jsonl"
    part overhead 110 "$python" "$here/overhead.py" "${engine[@]}" \
        --max-num-seqs 128 --images-in-flight 64 --chunk-size 64 --tokens 150 --repeats 1 --rows "$results/overhead.jsonl"
    part caption_stage1 90 bash -c "$caption" "$python" one-gpu "$results" stage1 --set "generate.engine.model=$mllm" \
        --set generate.engine.engine_args.load_format=dummy --set generate.sampling.max_tokens=150 \
        --set 'generate.attempts=[{}]' --set 'integrate.engine={kind: template}'
    part caption_stage2 90 bash -c "$caption" "$python" one-gpu "$results" stage2 --set "integrate.engine.model=$llm" \
        --set integrate.engine.engine_args.load_format=dummy --set integrate.sampling.max_tokens=250 \
        --set 'integrate.attempts=[{}]' --set 'generate.engine={kind: template}'
fi

"$python" "$here/gathered.py" "$results" "${ran[@]}"
