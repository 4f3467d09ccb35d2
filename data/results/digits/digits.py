"""Pixels and neurons of a small network over handwritten digits: which of them does it need?

The Transformer's methods where one sees what they do: the gates of Louizos, Welling, Kingma 2018 on the inputs of each
layer, as in their section 4.1, and our gates on budget. `python data/results/digits/digits.py` makes cells.jsonl and
two figures in some minutes on one core; finished cells are not computed again. It needs scikit-learn, for its 1,797
pictures of 8 x 8 pixels. They are split at random, so the writers of the test pictures also wrote training pictures.

Shapes: B pictures; N units: 64 pixels, then the hidden neurons of all layers.
"""

import copy
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from nmt.gates import HardConcrete
from nmt.plumbing.files import json_lines, read_json_lines, write_text
from nmt.plumbing.places import in_clone
from nmt.pruning import importance, masks
from nmt.pruning.methods.budgeted_gates import BudgetedGates
from nmt.pruning.methods.competing_gates import LayerView
from nmt.pruning.removal import cut_neurons
from nmt.show.plots import COLOURS, GREY, new_figure, save

SETTINGS = {
    "hidden": [300, 100],  # Louizos et al.'s LeNet-300-100
    "batch_size": 100,
    "lr": 1e-3,  # of Adam; theirs, as are the batch size and the decay
    "weight_decay": 5e-4,
    "dense_steps": 600,  # each method has dense_steps + prune_steps steps, whatever it does with them
    "prune_steps": 900,
    "search": 0.6,  # share of prune_steps before units are removed; in the rest the smaller network learns on
    "gate_lr": 0.02,  # theirs, 1e-3, moves log α by some 1e-3 a step: too little to close a gate in 1,500 steps
}
BUDGETS = 200, 100, 64, 40, 28
# What each method is asked for: λ for l0 and l0-warm, else how many units stay. These λ, gate_lr and the norm of
# `magnitude` were chosen on validation pictures of seeds 10 and 11, after a first look at all of seed 0.
AMOUNTS = {
    "dense": (464,),
    "random": BUDGETS,
    "magnitude": BUDGETS,
    "l0": (0.003, 0.01, 0.02, 0.04),
    "l0-warm": (3.0, 10.0, 30.0, 60.0),
    "on-budget": BUDGETS,
}
# Beyond ± ln 100 (Louizos et al.'s code) a gate is all but constant, and its gradient too small to come back.
CLAMP = math.log(100)
Pictures = tuple[Tensor, Tensor]  # x (B, 64) float32 in [0, 1], y (B,) int64


def load(seed: int) -> dict[str, Pictures]:
    """{"train" | "valid" | "test": its pictures}, split at random by the seed."""
    from sklearn.datasets import load_digits  # in the extra [digits]

    x, y = map(torch.from_numpy, load_digits(return_X_y=True))
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    parts = (whole[order].split([200, 500, len(x) - 700]) for whole in (x.float() / 16, y.long()))
    return dict(zip(("valid", "test", "train"), zip(*parts, strict=True), strict=True))


class MLP(nn.Module):
    """Linear layers with ReLU between them, and a place for a gate on the inputs of each, called as in `nmt.gates`."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([64, *SETTINGS["hidden"], 10]))
        self.gates: list[nn.Module | None] = [None] * len(self.layers)
        self.pixels = torch.arange(64)  # those of the picture that it looks at

    @property
    def widths(self) -> list[int]:
        """How many inputs each layer has: pixels, then hidden neurons."""
        return [layer.in_features for layer in self.layers]

    def forward(self, x: Tensor) -> Tensor:
        """(B, 64) -> logits (B, 10)."""
        x = x[:, self.pixels]
        for number, (layer, gate) in enumerate(zip(self.layers, self.gates, strict=True)):
            x = layer((F.relu(x) if number else x) * (gate(len(x)) if gate else 1))
        return x


@torch.no_grad()
def remove_units(model: MLP, factors: Sequence[Tensor]) -> MLP:
    """A copy without the units whose factor is 0; other factors are folded into the weights that they multiply.

    factors: for the inputs of each layer (width,), a mask or the values of gates. The copy computes what the model
    computes with these factors as its gates.
    """
    small = copy.deepcopy(model)
    small.gates = [None] * len(small.layers)
    small.pixels = model.pixels[factors[0].nonzero().flatten()]
    for inner, outer, of in zip([None, *small.layers], small.layers, factors, strict=False):
        kept = of.nonzero().flatten()
        cut_neurons(inner, outer, kept, of[kept])
    return small


def fit(
    model: MLP, pictures: Pictures, steps: int, seed: int, gates: Sequence = (), penalty: Callable = lambda done: 0
) -> MLP:
    """Train in place. gates: parameters that are learned too, without decay. penalty(share of the steps done) is called
    before each step and returns what is added to the loss."""
    groups = [{"params": list(model.layers.parameters()), "weight_decay": SETTINGS["weight_decay"]}]
    groups += [{"params": list(gates), "lr": SETTINGS["gate_lr"]}] if gates else []
    optimizer = torch.optim.Adam(groups, lr=SETTINGS["lr"], fused=True)
    (x, y), size, generator, order = pictures, SETTINGS["batch_size"], torch.Generator().manual_seed(seed), ()
    for step in range(steps):
        if len(order) < size:  # a new epoch; what is left of the last one is too little for a batch
            order = torch.randperm(len(x), generator=generator)
        now, order = order[:size], order[size:]
        added = penalty(step / steps)
        optimizer.zero_grad()
        (F.cross_entropy(model(x[now]), y[now]) + added).backward()
        optimizer.step()
    return model


def dense(pictures: Pictures, seed: int) -> MLP:
    """The network that is pruned."""
    torch.manual_seed(seed)
    return fit(MLP(), pictures, SETTINGS["dense_steps"], seed)


def magnitude(model: MLP) -> Tensor:
    """(N,) the norm of a unit's weights, in and out, as a multiple of its layer's mean."""
    outgoing = [layer.weight.detach().square().sum(0) for layer in model.layers]
    incoming = [0, *(layer.weight.detach().square().sum(1) for layer in model.layers)]
    norms = [(o + i).sqrt() for o, i in zip(outgoing, incoming, strict=False)]
    return torch.cat([norm / norm.mean() for norm in norms])


def taylor(model: MLP, x: Tensor, y: Tensor) -> Tensor:
    """(N,) the mean over pictures of |∂L/∂g|, g a factor on the unit: Michel et al. 2019, equation 2, for units."""
    probed = copy.deepcopy(model)
    probed.gates = [importance.Probe(torch.ones(width, dtype=x.dtype)) for width in model.widths]
    loss = F.cross_entropy(probed(x), y, reduction="sum")
    factors = [probe.seen.pop() for probe in probed.gates]
    gradients = torch.autograd.grad(loss, factors)
    return torch.cat([importance.first_order(g, f) for g, f in zip(gradients, factors, strict=True)]).to(x) / len(x)


def l0(model: MLP, pictures: Pictures, steps: int, seed: int, strength: float, warm: bool) -> list[HardConcrete]:
    """Learn weights and Louizos et al.'s gates together; returns the gates.

    As published, what is penalised by strength / pictures is the L0 norm of the weights: P(open) times the weights that
    go out of the unit. warm: P(open) alone, and the gates of a trained network start nearly all open.
    """
    gates = model.gates = [
        HardConcrete(width, math.log((1 - closed) / closed) + 0.01 * torch.randn(width), temperature=2 / 3)
        for width, closed in zip(model.widths, (0.1, 0.1, 0.1) if warm else (0.2, 0.5, 0.5), strict=True)
    ]
    costs = [1 if warm else layer.out_features for layer in model.layers]

    def penalty(done: float) -> Tensor:
        clamp(gates)
        return strength / len(pictures[0]) * sum(c * g.p_open().sum() for c, g in zip(costs, gates, strict=True))

    fit(model, pictures, steps, seed, [gate.log_alpha for gate in gates], penalty)
    return gates


@torch.no_grad()
def clamp(gates: Sequence[HardConcrete]) -> None:
    """Keep log α in ± CLAMP, after a step of the optimiser; neither Voita et al.'s code nor the methods of nmt do."""
    for gate in gates:
        gate.log_alpha.clamp_(-CLAMP, CLAMP)


def on_budget(model: MLP, pictures: Pictures, steps: int, seed: int, keep: int) -> BudgetedGates:
    """Learn weights and gates whose expected number falls from all to `keep`, as in `--method on-budget`.

    The gates start at the standardised logarithms of the Taylor scores of the training pictures.
    """
    scores = taylor(model, *pictures)
    scores = scores.clamp(min=scores.mean().item() / 1000).log()  # that of a pixel which is always 0 would be -inf
    gates = BudgetedGates(((scores - scores.mean()) / scores.std()).clamp(-2, 2))
    model.gates = [LayerView(gates, *ends) for ends in pairwise(np.cumsum([0, *model.widths]))]
    steps -= math.ceil(len(pictures[0]) / SETTINGS["batch_size"])  # the Taylor scores cost as much
    fit(model, pictures, steps, seed, [gates.scores], lambda done: gates.follow_schedule(done, keep) or 0)
    return gates


def prune(start: MLP, pictures: Pictures, seed: int, method: str, amount: float) -> MLP:
    """The small network; `start`, from `dense`, is not changed. All methods end after the same number of steps.

    - dense: no pruning, more training; random, magnitude: remove, then train the small network;
    - l0: Louizos et al. from the first step to the last, their count of weights, their gates at test time;
    - l0-warm: from `start`, counting neurons; those with log α > 0 stay, then the small network is trained;
    - on-budget: from `start`, gates on budget; the best `amount` stay, then the small network is trained.
    """
    torch.manual_seed(seed)
    model, left = MLP(), SETTINGS["prune_steps"]
    if method == "l0":
        gates = l0(model, pictures, SETTINGS["dense_steps"] + left, seed, amount, warm=False)
        return remove_units(model, [gate.value() for gate in gates])
    model.load_state_dict(start.state_dict())
    search = round(SETTINGS["search"] * left)
    if method == "l0-warm":
        factors = [(gate.log_alpha > 0).float() for gate in l0(model, pictures, search, seed, amount, warm=True)]
    else:
        if method == "on-budget":
            scores = on_budget(model, pictures, search, seed, amount).scores.detach()
        elif method == "magnitude":
            scores = magnitude(model)
        else:
            scores = {"dense": torch.ones, "random": torch.rand}[method](sum(model.widths))
        factors = masks.top_k({"units": scores}, amount)["units"].float().split(model.widths)
    if method in ("l0-warm", "on-budget"):
        left -= search
    return fit(remove_units(model, factors), pictures, left, seed + 1)


def compare(folder: Path, seeds: Sequence[int], amounts: dict[str, Sequence[float]] = AMOUNTS) -> list[dict]:
    """A cell for each seed, method and amount: the lines of folder/cells.jsonl. Cells that are there are skipped.

    The seed decides the split, the first weights, the batches and the draws of the gates.
    """
    file, cells = folder / "cells.jsonl", read_json_lines(folder / "cells.jsonl")
    asked_for = [(method, amount) for method, some in amounts.items() for amount in some]
    for seed in seeds:
        data, start = load(seed), None
        for method, amount in asked_for:
            kind = "lambda" if method.startswith("l0") else "budget"
            asked = {"settings": SETTINGS, "seed": seed, "method": method, kind: amount}
            if any(asked.items() <= cell.items() for cell in cells):
                continue
            start = start or dense(data["train"], seed)
            small = prune(start, data["train"], seed, method, amount)
            cell = {**asked, "kept": sum(small.widths), "of": sum(start.widths), "kept_per_layer": small.widths}
            cell["pixels"] = small.pixels.tolist()
            for split in ("valid", "test"):
                x, y = data[split]
                with torch.no_grad():
                    logits = small(x)
                cell[f"error_{split}"] = (logits.argmax(1) != y).float().mean().item()  # share of wrong answers
                cell[f"nll_{split}"] = F.cross_entropy(logits, y).item()  # nats per picture
            cells.append(cell | {"torch": torch.__version__})
            write_text(file, json_lines(cells))
            print(f"seed {seed}, {method} {amount:g}: {cell['kept']} units, test error {cell['error_test']:.3f}")
    return [cell for cell in cells if cell["settings"] == SETTINGS]


def by_request(cells: Sequence[dict]) -> dict[tuple[str, float], list[dict]]:
    """(method, budget or λ) -> its cells, one for each seed."""
    groups: dict[tuple[str, float], list[dict]] = {}
    for cell in cells:
        groups.setdefault((cell["method"], cell.get("budget", cell.get("lambda"))), []).append(cell)
    return groups


def error_curves(cells: Sequence[dict]) -> Figure:
    """Test error over the units kept: every seed a dot, the mean of a budget or λ on the line; dense dashed."""
    figure, ((axes,),) = new_figure((7, 4), (1, 1), "dots: seeds, each with its own split; lines: means")
    found: dict[str, list] = {}  # method -> (units kept, test error) of each seed, for each amount
    for (method, _), some in by_request(cells).items():
        found.setdefault(method, []).append([(cell["kept"], 100 * cell["error_test"]) for cell in some])
    units, error = np.mean(found.pop("dense"), (0, 1))
    axes.axhline(error, color="black", ls="--", lw=1, label=f"dense, {units:.0f} units")
    for (method, points), color in zip(found.items(), (GREY, *COLOURS[::-1]), strict=True):
        axes.plot(*np.reshape(points, (-1, 2)).T, ".", color=color, alpha=0.5, mew=0)
        axes.plot(*np.mean(points, 1).T, "o-", color=color, ms=4, label=method)
    axes.set(xscale="log", yscale="log", xlabel="pixels and neurons kept", ylabel="test error, %")
    axes.set_xticks(ticks := [25, 50, 100, 200, 400], ticks)
    axes.set_yticks(ticks := [2, 5, 10, 20, 50, 100], ticks)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8)
    return figure


def surviving_pixels(cells: Sequence[dict], picture: Tensor) -> Figure:
    """The pixels that stay, drawn over a picture (64,): the larger a dot, the more seeds keep the pixel."""
    shown = {asked: some for asked, some in by_request(cells).items() if asked[0] in ("magnitude", "on-budget")}
    about = "behind: the mean digit; a dot's area: the share of the seeds that keep the pixel"
    figure, grid = new_figure((0.85 * len(shown), 4.2), (2, len(shown) // 2), about)
    for axes, ((method, budget), some) in zip(grid.flat, shown.items(), strict=True):
        share = np.bincount([pixel for cell in some for pixel in cell["pixels"]], minlength=64) / len(some)
        axes.imshow(picture.view(8, 8).numpy(), cmap="Greys", vmax=1.3)
        axes.scatter(*np.indices((8, 8))[::-1], s=55 * share, linewidths=0)
        axes.set_title(f"{method}, {budget} units:\n{share.sum():.1f} pixels", fontsize=8)
        axes.set(xticks=[], yticks=[])
    return figure


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are too small to share between cores
    cells = compare(in_clone("data", "results", "digits"), seeds=range(5))
    save(error_curves(cells), in_clone("figures", "digits.png"))
    mean_digit = torch.cat([x for x, _ in load(0).values()]).mean(0)
    save(surviving_pixels(cells, mean_digit), in_clone("figures", "digits-pixels.png"))
