"""Training: a step of alignment at full size, ViT-B/16 at 224 pixels and XLM-R base at 128 tokens with AdamW, in our
example train_step and in eager PyTorch with transformers.

    python benches/peers/training.py --bin target/release/examples

Both sides stay loaded and take steps in turn; times are those of the processor, with one thread each. Memory is the most
that a side ever held, its model and its optimizer included."""

import argparse
import sys
import time
from pathlib import Path

import harness

VOCABULARY, TOKENS, SIDE, PROJECTION = 250_002, 128, 224, 512


class Step:
    """The model, as train_step has it, and what a step does to it."""

    def __init__(self, batch: int, optimizer: dict, device: str = "cpu", bf16: bool = False, compiled: bool = False):
        import torch
        import transformers as hf

        torch.manual_seed(1)
        self.torch, self.batch, self.device, self.bf16 = torch, batch, device, bf16
        self.image = hf.ViTModel(hf.ViTConfig(), add_pooling_layer=False)
        self.text = hf.XLMRobertaModel(
            hf.XLMRobertaConfig(vocab_size=VOCABULARY, max_position_embeddings=514, type_vocab_size=1),
            add_pooling_layer=False,
        )
        self.to_shared = torch.nn.ModuleList([torch.nn.Linear(768, PROJECTION) for _ in range(2)])
        self.scale = torch.nn.Parameter(torch.tensor(2.6592))
        self.image.train(), self.text.train()
        models = [self.image, self.text, self.to_shared]
        for model in models:
            model.to(device)
        self.scale = torch.nn.Parameter(self.scale.to(device))
        parameters = [parameter for model in models for parameter in model.parameters()]
        self.optimizer = torch.optim.AdamW([*parameters, self.scale], lr=1e-4, **optimizer)
        if compiled:
            self.image, self.text = torch.compile(self.image), torch.compile(self.text)

    def __call__(self) -> float:
        torch = self.torch
        pixels = torch.randn(self.batch, 3, SIDE, SIDE, device=self.device)
        ids = torch.randint(5, VOCABULARY, (self.batch, TOKENS), device=self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            loss = self.loss(pixels, ids)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def loss(self, pixels, ids):
        torch = self.torch
        image = self.to_shared[0](self.image(pixel_values=pixels).last_hidden_state[:, 0])
        text = self.text(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0]
        image, text = (torch.nn.functional.normalize(side) for side in (image, self.to_shared[1](text)))
        logits = self.scale.exp() * image @ text.T
        target = torch.arange(self.batch, device=self.device)
        cross_entropy = torch.nn.functional.cross_entropy
        return (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2


def alone(arguments) -> None:
    """Prints what PyTorch trains a second on the wall, for scripts/gpu_check.sh."""
    fused = {"fused": True}
    step = Step(arguments.batch, fused, arguments.device, arguments.precision == "bf16", arguments.compile)
    for _ in range(3):
        step()
    begin = time.perf_counter()
    for _ in range(arguments.steps):
        step()
    print(f"{arguments.batch * arguments.steps / (time.perf_counter() - begin):.1f}")


PEERS = {"PyTorch eager, AdamW": {}, "PyTorch eager, AdamW fused": {"fused": True}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, help="the folder of our examples, built for release")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--alone", action="store_true", help="PyTorch alone, on the wall, on any device")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        alone(arguments)
        return
    if arguments.worker:
        name, batch = arguments.worker
        harness.serve(
            lambda: Step(int(batch), PEERS[name]),
            lambda step, steps: sum(step() is not None for _ in range(steps)) * step.batch,
        )
        return
    record = harness.Record("training")
    record.uses("torch", "transformers")
    rows, memory, left_out = [], [], []
    for name in PEERS:
        ours = harness.Worker([arguments.bin / "train_step", "--batch", arguments.batch, "--serve"])
        try:
            theirs = harness.Worker([sys.executable, __file__, "--worker", name, arguments.batch])
            rows.append((name, *harness.alternate(lambda: ours.run(1), lambda: theirs.run(1), arguments.turns)))
            memory.append((name, [ours.most_memory()], [theirs.most_memory()]))
            theirs.close()
        except RuntimeError as error:
            left_out.append((name, str(error)))
        ours.close()
    record.add("Training steps, one thread", "studies/s", rows, left_out, bar=1.1)
    record.add("Training steps, memory held at the most", "GiB", memory, bar=0.9, lower=True)
    record.save()


if __name__ == "__main__":
    main()
