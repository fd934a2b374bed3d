"""Embedding: our examples embed_images and embed_texts beside transformers in eager mode, from PNG files and JSON
lines to vectors, on the same folders with random weights.

    python benches/peers/encoders.py --bin target/release/examples

A turn is a process of its own that embeds once with many items and once with few; the difference of the two is what is
counted, so that neither pays for its start. Times are those of the processor, not of the wall, and both sides have one
thread."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import harness

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "crates/text-encoder/tests/fixtures/tokenizer_unigram"
# Tokens of real reports, as in benches/encoders.rs.
LENGTHS = [6, 30, 36, 41, 46, 48, 53, 57, 60, 63, 66, 70, 73, 78, 82, 88, 95, 104, 118, 140, 375]
WORDS = "fracture du radius gauche sans anomalie des parties molles de la main profil face normale".split()
BODY = dict(hidden_size=384, num_hidden_layers=12, num_attention_heads=6, intermediate_size=1536)
BATCH = 16


def make(folder: Path, images: int, texts: int) -> None:
    """Models and inputs, in full and in small."""
    import numpy as np
    import torch
    import transformers as hf
    from PIL import Image

    torch.manual_seed(0)
    hf.ViTModel(hf.ViTConfig(**BODY), add_pooling_layer=False).save_pretrained(folder / "vit")
    resnet = dict(layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2])
    hf.ResNetModel(hf.ResNetConfig(**resnet)).save_pretrained(folder / "resnet")
    for name in ["vit", "resnet"]:
        hf.ViTImageProcessorPil().save_pretrained(folder / name)
    fast = hf.AutoTokenizer.from_pretrained(TOKENIZER)
    fast.model_max_length = 512
    config = hf.XLMRobertaConfig(**BODY, vocab_size=len(fast), max_position_embeddings=514)
    hf.XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder / "xlm-r")
    fast.save_pretrained(folder / "xlm-r")

    noise = np.random.default_rng(1)
    draw = random.Random(1)
    for amount, count_images, count_texts in [("many", images, texts), ("few", 1, 1)]:
        (folder / amount).mkdir()
        for image in range(count_images):
            pixels = noise.integers(0, 256, (256, 256), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / amount / f"{image:04}.png")
        with open(folder / f"{amount}.jsonl", "w") as file:
            for row in range(count_texts):
                place = draw.randrange(20)
                length, text = draw.randint(LENGTHS[place], LENGTHS[place + 1]), ""
                while len(fast(text)["input_ids"]) < length:
                    text += draw.choice(WORDS) + " "
                print(json.dumps({"id": row, "text": text.strip()}), file=file)


def transformers_images(folder: Path, amount: str, name: str):
    import torch
    import transformers as hf
    from PIL import Image

    model = hf.AutoModel.from_pretrained(folder / name, attn_implementation="eager").eval()
    processor = hf.ViTImageProcessorPil.from_pretrained(folder / name)
    files = sorted((folder / amount).glob("*.png"))
    rows = []
    for first in range(0, len(files), BATCH):
        opened = [Image.open(file).convert("RGB") for file in files[first : first + BATCH]]
        rows.append(model(**processor(images=opened, return_tensors="pt")).last_hidden_state[:, 0])
    return torch.cat(rows)


def transformers_texts(folder: Path, amount: str, by_length: bool):
    import torch
    import transformers as hf

    model = hf.AutoModel.from_pretrained(folder / "xlm-r", attn_implementation="eager").eval()
    tokenizer = hf.AutoTokenizer.from_pretrained(folder / "xlm-r")
    texts = [json.loads(line)["text"] for line in open(folder / f"{amount}.jsonl")]
    if by_length:
        texts.sort(key=len)
    rows = []
    for first in range(0, len(texts), BATCH):
        batch = tokenizer(texts[first : first + BATCH], padding=True, truncation=True, return_tensors="pt")
        rows.append(model(**batch).last_hidden_state[:, 0])
    return torch.cat(rows)


PEERS = {
    "images, ViT-S/16 at 224": lambda folder, amount: transformers_images(folder, amount, "vit"),
    "images, ResNet-18 at 224": lambda folder, amount: transformers_images(folder, amount, "resnet"),
    "reports, in the order of the file": lambda folder, amount: transformers_texts(folder, amount, False),
    "reports, sorted by length": lambda folder, amount: transformers_texts(folder, amount, True),
}


def ours(binaries: Path, folder: Path, name: str, amount: str) -> list:
    common = ["--output", folder / "out.safetensors", "--model"]
    if name.startswith("reports"):
        return [binaries / "embed_texts", *common, folder / "xlm-r", "--input", folder / f"{amount}.jsonl"]
    model = folder / ("vit" if "ViT" in name else "resnet")
    return [binaries / "embed_images", *common, model, "--images", folder / amount, "--batch", BATCH]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, help="the folder of our examples, built for release")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--texts", type=int, default=192)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        import torch

        name, folder, amount = arguments.worker
        with torch.inference_mode():
            PEERS[name](Path(folder), amount)
        return
    record = harness.Record("encoders")
    record.uses("torch", "transformers")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make(folder, arguments.images, arguments.texts)
        rows = []
        for name in PEERS:
            items = (arguments.texts if name.startswith("reports") else arguments.images) - 1

            def rate(command):
                return items / (harness.child_seconds(command("many")) - harness.child_seconds(command("few")))

            theirs = lambda amount: [sys.executable, __file__, "--worker", name, folder, amount]
            mine = lambda amount: ours(arguments.bin, folder, name, amount)
            rows.append((f"transformers, {name}", *harness.alternate(lambda: rate(mine), lambda: rate(theirs), arguments.turns)))
    record.add("Embedding, one thread", "items/s", rows, bar=1)
    record.save()


if __name__ == "__main__":
    main()
