#!/usr/bin/env bash
# What one GPU trains and embeds, as a Markdown table: full-size steps directly, with gradient caching and with activation
# checkpointing, at three resolutions, and eager and compiled PyTorch beside them where a Python with torch is.
#
#   scripts/gpu_check.sh
#
# The binary is the one of the CPU; it opens the CUDA half of the libtorch that lies on LD_LIBRARY_PATH, so
# `scripts/libtorch.sh --cuda` must have run, or LD_LIBRARY_PATH name the lib folder of a torch 2.11 with CUDA.
#
#   BATCH=1024   studies a step        STEPS=8    steps a row         DEVICE=cuda, or cpu to try the script itself
#   BIN=FOLDER   built examples        PYTHON=python3
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

device=${DEVICE:-cuda} batch=${BATCH:-1024} steps=${STEPS:-8} python=${PYTHON:-python3}
bin=${BIN:-${CARGO_TARGET_DIR:-target}/release/examples}
precision=bf16
if [ "$device" = cpu ]; then precision=f32; fi
if [ -z "${BIN:-}" ]; then cargo build --quiet --release --example train_step; fi
if [ "$device" = cuda ] && command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
fi

echo "| step, $precision | studies/s | TFLOP/s of the model | of the matrix rate |"
echo "|---|---|---|---|"
# A row that fails, as for want of memory, says so and does not end the check.
row() {
    local name=$1 out
    shift
    if out=$("$bin/train_step" --device "$device" --precision "$precision" --steps "$steps" "$@" 2>&1); then
        awk -v name="$name" '/a step/ { rate = $5 } /TFLOP/ { flops = $1; share = $6 " %" }
            END { printf "| %s | %s | %s | %s |\n", name, rate, flops, share }' <<<"$out"
    else
        echo "| $name | failed: $(tail -n 1 <<<"$out" | cut -c 1-90) | | |"
    fi
}
eighth=$((batch / 8 > 0 ? batch / 8 : 1))
row "224, batch $batch" --batch "$batch"
row "224, batch $batch, layers run again" --batch "$batch" --gradient-checkpointing
row "224, batch $batch, gradients cached by $eighth" --batch "$batch" --chunk "$eighth"
row "336, batch $batch, gradients cached by $eighth" --batch "$batch" --chunk "$eighth" --image-size 336
row "448, batch $batch, gradients cached by $eighth" --batch "$batch" --chunk "$eighth" --image-size 448

if "$python" -c 'import torch, transformers' 2>/dev/null; then
    peer() {
        local out
        out=$("$python" benches/peers/training.py --alone --device "$device" --precision "$precision" \
            --batch "$batch" --steps "$steps" "$@" 2>&1 | tail -n 1) || true
        echo "| PyTorch ${*:-eager}, 224, batch $batch | $out | | |"
    }
    peer
    peer --compile
fi
