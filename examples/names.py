"""A character transformer that learns to write names.

    python examples/names.py names.txt --steps 2000

The file has one name a line. Without a file it learns from a short list, written below.
So short a list is soon known by heart, and the loss on names that it has not seen rises
again. The parameters with the lowest such loss are kept. At the end it writes some new
names, and draws the losses as a picture, names.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrograd import nn, no_grad, optim
from micrograd.nn import losses

# First names, typed in here: enough to see how names are spelled, and no more.
NAMES = """
ada adam adele agnes albert alice alma amelia amir amy ana andrea angela anna anton aria arthur astrid aurora ava
bella ben bernard bianca boris bruno camille carla carlos carmen caroline cecilia charles chiara clara claire conrad
cora daniel daria david diana dora edgar edith elena elias elisa ella elsa emil emilia emma enzo eric erica esther
eva fatima felix fiona flora frank frida gabriel george gloria grace greta gustav hana hanna harold hector helen helga
henry hugo ida igor ines ingrid irene iris isabel ivan ivy jacob jane jasmine joan johan jonas joseph julia julian
karin karl kira lara laura lea leila lena leo leon liam lina linda lisa lola louis lucas lucia lucy luisa luna maja
malik mara marco maria marie mario marta martin mary matteo max maya mia mila milan mina mira miriam mona nadia nina
noah noor nora olga oliver olivia omar oscar otto paula pedro peter petra philip pia rafael rebecca rita robert rosa
ruth sam samuel sandra sara selma silvia simon sofia sonia stella susan tamara tara teresa theo thomas tina tom ursula
valentin vera victor viola walter wanda willa yara yasmin yusuf zara zoe
""".split()

END = 0  # stands before and after a name


class Model(nn.Module):
    """Embeddings of letters and positions, layers of a transformer, and for each place
    the logits of the next letter.

    Args:
        letters: how many letters there are, END included.
        context: how many letters it reads at most.
        width: the length of an embedding.
        layers: how many layers.
        rng: a NumPy Generator, for the parameters and for dropout.
    """

    def __init__(self, letters: int, context: int, width: int, layers: int, rng: np.random.Generator) -> None:
        options: dict[str, Any] = {"dtype": np.float32, "rng": rng}
        self.letters = nn.Embedding(letters, width, **options)
        self.positions = nn.Embedding(context, width, **options)
        self.layers = [
            nn.TransformerEncoderLayer(width, 4, 4 * width, 0.1, batch_first=True, norm_first=True, **options)
            for _ in range(layers)
        ]
        self.norm = nn.LayerNorm(width, dtype=np.float32)
        self.out = nn.Linear(width, letters, **options)

    def __call__(self, x: Any) -> Any:
        """Logits of shape (batch, steps, letters), for letters of shape (batch,
        steps).
        """
        z = self.letters(x) + self.positions(np.arange(x.shape[1]))
        for layer in self.layers:
            z = layer(z, is_causal=True)
        return self.out(self.norm(z))


def encoded(names: Sequence[str], alphabet: str) -> tuple[Any, Any]:
    """Inputs and targets, a row for each name.

    The target of each place is the next letter; -1 after the end, where there is none.
    """
    length = max(map(len, names)) + 1
    inputs, targets = np.full((len(names), length), END), np.full((len(names), length), -1)
    for row, name in enumerate(names):
        codes = [1 + alphabet.index(letter) for letter in name]
        inputs[row, 1 : len(name) + 1] = codes
        targets[row, : len(name) + 1] = [*codes, END]
    return inputs, targets


def loss_of(model: Model, inputs: Any, targets: Any) -> Any:
    """Mean cross-entropy of the next letters."""
    logits = model(inputs)
    return losses.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-1)


def train(model: Model, data: Any, held: Any, steps: int, batch: int, rng: np.random.Generator) -> Iterator[Any]:
    """Train, and give now and then the step, the loss since the last time, and the loss
    on names that are held out.
    """
    optimizer = optim.AdamW(model.parameters(), lr=3e-3)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    every, recent = max(steps // 20, 1), []
    for step in range(1, steps + 1):
        rows = rng.integers(len(data[0]), size=batch)
        model.train().zero_grad()
        loss = loss_of(model, data[0][rows], data[1][rows])
        loss.backward()
        optimizer.step()
        schedule.step()
        recent.append(float(loss.data))
        if step % every == 0:
            with no_grad():
                yield step, float(np.mean(recent)), float(loss_of(model.eval(), *held).data)
            recent = []


def sample(model: Model, alphabet: str, context: int, rng: np.random.Generator) -> str:
    """A new name, letter by letter, each drawn with the probability that the model
    gives.
    """
    codes = [END]
    with no_grad():
        while len(codes) < context:
            logits = model(np.array([codes])).data[0, -1].astype(float)
            shares = np.exp(logits - logits.max())
            code = int(rng.choice(len(shares), p=shares / shares.sum()))
            if code == END:
                break
            codes.append(code)
    return "".join(alphabet[code - 1] for code in codes[1:])


def draw(history: Sequence[Any], path: Path) -> None:
    """A picture of the losses, step by step."""
    try:
        import matplotlib
    except ImportError:
        print("no picture: pip install matplotlib")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    steps, seen, unseen = zip(*history, strict=True)
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(steps, seen, label="names it learns from")
    axes.plot(steps, unseen, label="names held out")
    axes.set(xlabel="step", ylabel="cross-entropy of a letter")
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")
    print(f"picture: {path}")


def read(path: Path | None) -> list[str]:
    """The names of a file, one a line, in small letters; or the list above."""
    if path is None:
        return NAMES
    names = [line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines()]
    names = sorted({name for name in names if name})
    if len(names) < 20:
        sys.exit(f"names.py: {path} has {len(names)} names; give a file with at least 20, one a line")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, nargs="?", help="names, one a line; without it a short list")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--width", type=int, default=64, help="of an embedding, a multiple of 4")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1337)
    parser.add_argument("--picture", type=Path, default=Path("names.png"))
    parser.add_argument("--small", action="store_true", help="a small network and few steps, to see that it runs")
    options = parser.parse_args()
    if options.small:
        options.steps, options.width, options.layers = 60, 16, 1

    names, rng = read(options.file), np.random.default_rng(options.seed)
    alphabet = "".join(sorted(set("".join(names))))
    names = [names[i] for i in rng.permutation(len(names))]
    inputs, targets = encoded(names, alphabet)
    cut = len(names) // 10
    model = Model(len(alphabet) + 1, inputs.shape[1], options.width, options.layers, rng)
    count = sum(p.data.size for p in model.parameters())
    print(f"{len(names)} names, {cut} of them held out; {len(alphabet)} letters; {count} parameters")

    history: list[Any] = []
    best = model.state_dict()
    data, held = (inputs[cut:], targets[cut:]), (inputs[:cut], targets[:cut])
    for step, seen, unseen in train(model, data, held, options.steps, options.batch, rng):
        if unseen <= min((before for _, _, before in history), default=unseen):
            best = model.state_dict()
        history.append((step, seen, unseen))
        print(f"step {step:5d}: loss {seen:.3f}, held out {unseen:.3f}", flush=True)
    model.load_state_dict(best)
    drawn = {sample(model.eval(), alphabet, inputs.shape[1], rng) for _ in range(30)}
    print("new names:", " ".join(sorted(drawn - set(names))[:10]))
    draw(history, options.picture)


if __name__ == "__main__":
    main()
