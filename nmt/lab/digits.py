"""Neurons and pixels of a small MLP over handwritten digits: which of them does it need?

The Transformer's methods where one sees what they do: the gates of Louizos, Welling, Kingma 2018 on the inputs of each
layer, as in their section 4.1, and our gates on budget. `python -m nmt.lab.digits` makes data/results/digits/ and
two figures in some minutes on one core; what is there already is not computed again. Needs scikit-learn for its 1,797
pictures of 8 x 8 pixels. They are split at random, so the writers of the test pictures also wrote training pictures.

Shapes: B pictures; N units (64 pixels, then the hidden neurons of all layers).
"""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from nmt import NmtError
from nmt.gates import GAMMA, ZETA, HardConcrete
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone
from nmt.pruning.methods.budgeted_gates import BudgetedGates
from nmt.pruning.methods.competing_gates import LayerView
from nmt.show.plots import BLUE, ORANGE, save

SIDE, CLASSES = 8, 10
Data = dict[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Settings:
    """What all methods share. Each has dense_steps + prune_steps steps, whatever it does with them."""

    hidden: tuple[int, ...] = (300, 100)  # Louizos et al.'s LeNet-300-100
    batch_size: int = 100
    lr: float = 1e-3  # Adam; theirs, as are batch and decay
    weight_decay: float = 5e-4
    dense_steps: int = 600
    prune_steps: int = 900
    search: float = 0.6  # share of prune_steps before the neurons are removed; the smaller MLP learns in the rest
    gate_lr: float = 0.02  # theirs is 1e-3: Adam moves log α by some 1e-3 a step, too little to close in 1,500 steps


def pictures(seed: int, valid: int = 200, test: int = 500) -> Data:
    """{"train" | "valid" | "test": (x (B, 64) float32 in [0, 1], y (B,) int64)}, split at random by the seed.

    Raises NmtError where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise NmtError("the digits come with scikit-learn: pip install scikit-learn") from None
    x, y = load_digits(return_X_y=True)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x, y = torch.tensor(x, dtype=torch.float32)[order] / 16, torch.tensor(y, dtype=torch.int64)[order]
    ends = (valid, valid + test)
    parts = zip(x.tensor_split(ends), y.tensor_split(ends), strict=True)
    return dict(zip(("valid", "test", "train"), parts, strict=True))


class _Linear(nn.Linear):
    """PyTorch's, silent where nothing is left to initialise."""

    def reset_parameters(self) -> None:
        if self.weight.numel():
            super().reset_parameters()
        else:
            nn.init.zeros_(self.bias)


class MLP(nn.Module):
    """Linear layers with ReLU between them, and a place for a gate on the inputs of each.

    pixels: which of the picture it looks at, all by default. The gates are called as in `nmt.gates`.
    """

    def __init__(self, widths: Sequence[int], pixels: Tensor | None = None) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Linear(i, o) for i, o in itertools.pairwise(widths))
        self.gates: list[nn.Module | None] = [None] * len(self.layers)
        self.register_buffer("pixels", torch.arange(widths[0]) if pixels is None else pixels)

    @property
    def widths(self) -> list[int]:
        """Of the inputs of each layer: pixels, hidden neurons."""
        return [layer.in_features for layer in self.layers]

    def forward(self, x: Tensor) -> Tensor:
        """(B, 64) -> logits (B, 10)."""
        if len(self.pixels) < x.size(1):
            x = x[:, self.pixels]
        for number, (layer, gate) in enumerate(zip(self.layers, self.gates, strict=True)):
            x = layer((x if number == 0 else F.relu(x)) * (1 if gate is None else gate(len(x))))
        return x


def remove_neurons(model: MLP, factors: Sequence[Tensor]) -> MLP:
    """The smaller MLP without the units whose factor is 0; other factors are folded into the weights they multiply.

    factors: for the inputs of each layer (width,), e.g. a mask or the gates' values; the model's gates are not read.
    It computes what the model computes with these factors as gates. Raises NmtError for factors of another shape.
    """
    if [len(f) for f in factors] != model.widths:
        raise NmtError(f"factors of {[len(f) for f in factors]} for an MLP of {model.widths}")
    kept = [f.nonzero().flatten() for f in factors]
    outputs = [*kept[1:], torch.arange(model.layers[-1].out_features)]
    small = MLP([*map(len, kept), len(outputs[-1])], model.pixels[kept[0]]).to(model.layers[0].weight)
    with torch.no_grad():
        for new, old, factor, rows, columns in zip(small.layers, model.layers, factors, outputs, kept, strict=True):
            new.weight.copy_((old.weight * factor.to(old.weight))[rows][:, columns])
            new.bias.copy_(old.bias[rows])
    return small


def batches(data: Data, settings: Settings, steps: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled anew each epoch; the last pictures of an epoch that fill no batch are left out."""
    x, y = data["train"]
    generator, order = torch.Generator().manual_seed(seed), ()
    for _ in range(steps):
        if len(order) < settings.batch_size:
            order = torch.randperm(len(x), generator=generator)
        now, order = order[: settings.batch_size], order[settings.batch_size :]
        yield x[now], y[now]


def fit(
    model: MLP,
    data: Data,
    settings: Settings,
    steps: int,
    seed: int,
    gates: Sequence[nn.Parameter] = (),
    before: Callable[[float], None] = lambda done: None,
    penalty: Callable[[], Tensor] = lambda: 0.0,
) -> MLP:
    """Train in place. gates: learned with them, without decay; before(share of the steps done): called each step."""
    groups = [{"params": list(model.layers.parameters()), "weight_decay": settings.weight_decay}]
    groups += [{"params": list(gates), "lr": settings.gate_lr}] if gates else []
    optimizer = torch.optim.Adam(groups, lr=settings.lr, fused=True)
    for step, (x, y) in enumerate(batches(data, settings, steps, seed)):
        before(step / steps)
        optimizer.zero_grad()
        (F.cross_entropy(model(x), y) + penalty()).backward()
        optimizer.step()
    return model


def dense(data: Data, settings: Settings, seed: int) -> MLP:
    """The MLP that is pruned, trained for dense_steps."""
    torch.manual_seed(seed)
    model = MLP([SIDE * SIDE, *settings.hidden, CLASSES])
    return fit(model, data, settings, settings.dense_steps, seed)


def by_layer(flat: Tensor, model: MLP) -> list[Tensor]:
    return list(flat.split(model.widths))


def top(scores: Tensor, keep: int) -> Tensor:
    """(N,) 1 for the `keep` highest scores, else 0; of equals, those that come first."""
    if not 0 <= keep <= len(scores):
        raise NmtError(f"cannot keep {keep} of {len(scores)} units")
    return torch.zeros(len(scores)).index_fill(0, scores.sort(descending=True, stable=True).indices[:keep], 1.0)


def magnitude(model: MLP) -> Tensor:
    """(N,) the norm of a unit's weights, in and out, as a multiple of its layer's mean."""
    scores = []
    with torch.no_grad():
        for number, layer in enumerate(model.layers):
            squares = layer.weight.square().sum(0)
            if number:
                squares = squares + model.layers[number - 1].weight.square().sum(1)
            scores.append(squares.sqrt() / squares.sqrt().mean())
    return torch.cat(scores)


def taylor(model: MLP, x: Tensor, y: Tensor) -> Tensor:
    """(N,) mean over pictures of |∂L/∂g|, g a factor on the unit: Michel et al. 2019 eq. 2, for units."""
    gates = [torch.ones(len(x), width, requires_grad=True) for width in model.widths]
    before, model.gates = model.gates, [lambda _, g=g: g for g in gates]
    try:
        loss = F.cross_entropy(model(x), y, reduction="sum")
        return torch.cat([g.abs().mean(0) for g in torch.autograd.grad(loss, gates)])
    finally:
        model.gates = before


def l0(
    model: MLP, data: Data, settings: Settings, steps: int, seed: int, strength: float, counts: str, droprates
) -> list[HardConcrete]:
    """Learn weights and Louizos et al.'s gates together; returns the gates, each penalised by strength / pictures.

    counts: "weights", their L0 norm: P(open) times the weights that go out of the unit; "neurons": P(open).
    droprates: 1 - p of the start log α = ln(p / (1 - p)), one for each layer.
    """
    if not 0 <= strength < math.inf:
        raise NmtError(f"λ must be at least 0 and finite, not {strength}")
    gates = [
        HardConcrete(width, math.log((1 - rate) / rate) + 0.01 * torch.randn(width), temperature=2 / 3)
        for width, rate in zip(model.widths, droprates, strict=True)
    ]
    costs = [layer.out_features if counts == "weights" else 1 for layer in model.layers]

    def penalty() -> Tensor:
        return strength / len(data["train"][0]) * sum(c * g.p_open().sum() for c, g in zip(costs, gates, strict=True))

    model.gates = gates
    fit(model, data, settings, steps, seed, [g.log_alpha for g in gates], lambda _: [g.clamp() for g in gates], penalty)
    model.gates = [None] * len(gates)
    return [gate.eval() for gate in gates]


def on_budget(model: MLP, data: Data, settings: Settings, steps: int, seed: int, keep: int) -> BudgetedGates:
    """Learn weights and gates whose expected number falls from all to `keep`: the search of `OnBudget`.

    The start is by Taylor scores of the training pictures, standardised logarithms.
    """
    if not 0 < keep < sum(model.widths):
        raise NmtError(f"gates on budget cannot keep {keep} of {sum(model.widths)} units")
    scores = taylor(model, *data["train"])
    scores = scores.clamp(min=scores.mean().item() / 1000).log()  # pixels that are always 0 would be -inf
    gates = BudgetedGates(((scores - scores.mean()) / scores.std()).clamp(-2, 2))
    ends = torch.tensor([0, *model.widths]).cumsum(0).tolist()
    model.gates = [LayerView(gates, *ends[i : i + 2]) for i in range(len(model.widths))]
    most = gates.k

    def before(done: float) -> None:
        gates.set(keep + (most - keep) * max(0.0, 1 - done / 0.8), 0.1**done, 0.66 * 0.5**done)

    fit(model, data, settings, steps, seed, [gates.scores], before)
    model.gates = [None] * len(model.widths)
    return gates


METHODS = ("dense", "random", "magnitude", "l0", "l0-warm", "on-budget")
SCRATCH, WARM = (0.2, 0.5, 0.5), (0.1, 0.1, 0.1)  # drop rates at the start: Louizos et al.'s, and nearly all open


def prune(start: MLP, data: Data, settings: Settings, seed: int, method: str, amount: float) -> tuple[MLP, dict]:
    """One cell: the small MLP, and what is to be said of it. `start`, from `dense`, is not changed.

    amount: for l0 and l0-warm λ, else how many units stay. All methods end after the same number of steps:
    - dense: no pruning, more training; random, magnitude: remove, then train the small MLP;
    - l0: Louizos et al. from the first step to the last, their count of weights, their gates at test time;
    - l0-warm: from `start`, counting neurons; those with log α > 0 stay, then the small MLP is trained;
    - on-budget: from `start`, gates on budget; the best `amount` stay, then the small MLP is trained.
    Raises NmtError for an unknown method, or an amount that cannot be.
    """
    if method not in METHODS:
        raise NmtError(f"no method {method!r}: choose one of {', '.join(METHODS)}")
    torch.manual_seed(seed)
    model = MLP([SIDE * SIDE, *settings.hidden, CLASSES])
    left, search, said = settings.prune_steps, round(settings.search * settings.prune_steps), {}
    if method == "l0":
        gates, left = l0(model, data, settings, settings.dense_steps + left, seed, amount, "weights", SCRATCH), 0
        factors = [gate.value().detach() for gate in gates]
    else:
        model.load_state_dict(start.state_dict())
    if method == "dense":
        factors = [torch.ones(width) for width in model.widths]
    elif method in ("random", "magnitude"):
        scores = magnitude(model) if method == "magnitude" else torch.rand(sum(model.widths))
        factors = by_layer(top(scores, amount), model)
    elif method == "l0-warm":
        gates, left = l0(model, data, settings, search, seed, amount, "neurons", WARM), left - search
        factors = [(gate.log_alpha > 0).float() for gate in gates]
    elif method == "on-budget":
        passes = math.ceil(len(data["train"][0]) / settings.batch_size)  # the Taylor scores cost as many steps
        gates, left = on_budget(model, data, settings, search - passes, seed, amount), left - search
        factors = by_layer(top(gates.scores.detach(), amount), model)
        said["undecided"] = int((gates.log_alpha().abs() < math.log(ZETA / -GAMMA)).sum())
    if method.startswith("l0"):
        said["undecided"] = int(sum(gate.undecided().sum() for gate in gates))
    small = remove_neurons(model, factors)
    return fit(small, data, settings, left, seed + 1), {"finetuning_steps": left, **said}


@torch.no_grad()
def measure(model: MLP, x: Tensor, y: Tensor) -> dict[str, float]:
    """error: share of wrong answers; nll: nats per picture."""
    logits = model(x)
    return {"error": (logits.argmax(1) != y).float().mean().item(), "nll": F.cross_entropy(logits, y).item()}


def compare(
    folder: str | Path,
    settings: Settings = Settings(),
    seeds: Sequence[int] = range(5),
    budgets: Sequence[int] = (200, 100, 64, 40, 28),
    strengths: dict[str, Sequence[float]] | None = None,
    log: Callable[[str], None] = print,
) -> list[dict]:
    """Every method at every budget, or λ, and seed: lines of folder/cells.jsonl. Cells that are there are skipped.

    The seed decides the split, the first weights, the batches and the gates' draws. gate_lr, the λ and the norm of
    `magnitude` were chosen on validation pictures of seeds 10 and 11, after a first look at all of seed 0.
    """
    strengths = strengths or {"l0": (0.003, 0.01, 0.02, 0.04), "l0-warm": (3.0, 10.0, 30.0, 60.0)}
    units = SIDE * SIDE + sum(settings.hidden)
    amounts = {**dict.fromkeys(METHODS, budgets), "dense": [units], **strengths}
    shared = {**asdict(settings), "hidden": list(settings.hidden)}
    file = Path(folder) / "cells.jsonl"
    there = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    for seed in seeds:
        start = None
        for method in METHODS:
            for amount in amounts[method]:
                cell = {"settings": shared, "seed": seed, "method": method}
                cell["lambda" if method in strengths else "budget"] = amount
                if any(cell.items() <= line.items() for line in there):
                    continue
                if start is None:
                    start = dense(data := pictures(seed), settings, seed)
                begun = time.perf_counter()
                small, said = prune(start, data, settings, seed, method, amount)
                scores = {split: measure(small, *data[split]) for split in ("valid", "test")}
                line = {
                    **cell,
                    "kept": sum(small.widths),
                    "of": units,
                    "kept_per_layer": small.widths,
                    "pixels": small.pixels.tolist(),
                    "steps": settings.dense_steps + settings.prune_steps,
                    **said,
                    **{f"{name}_{split}": score[name] for name in ("error", "nll") for split, score in scores.items()},
                    "seconds": round(time.perf_counter() - begun, 2),
                    "torch": torch.__version__,
                }
                there.append(line)
                write_text(file, "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in there))
                log(
                    f"seed {seed}  {method:9} {amount:5g}  kept {line['kept']:3} {small.widths}  "
                    f"valid {line['error_valid']:.3f}  test {line['error_test']:.3f}  {line['seconds']} s"
                )
    return [line for line in there if line["settings"] == shared]


COLORS = {"on-budget": BLUE, "l0-warm": ORANGE, "l0": "#8a6fbf", "magnitude": "#4a4a4a", "random": "#b5b5b5"}


def error_curves(lines: list[dict]) -> Figure:
    """Test error over the units kept: every seed a dot, the mean of a budget or λ on the line; dense dashed."""
    figure = Figure(figsize=(7, 4), layout="constrained", dpi=120)
    axes = figure.subplots()
    for method, color in COLORS.items():
        groups: dict[float, list[dict]] = {}
        for line in lines:
            if line["method"] == method:
                groups.setdefault(line.get("budget", line.get("lambda")), []).append(line)
        points = [[(line["kept"], 100 * line["error_test"]) for line in group] for group in groups.values()]
        axes.scatter(*zip(*itertools.chain(*points), strict=True), s=12, color=color, alpha=0.5, linewidths=0)
        means = sorted(torch.tensor(group, dtype=torch.float64).mean(0).tolist() for group in points)
        axes.plot(*zip(*means, strict=True), "o-", color=color, ms=4, label=method)
    whole = torch.tensor([100 * line["error_test"] for line in lines if line["method"] == "dense"])
    axes.axhline(whole.mean(), color="black", ls="--", lw=1, label=f"dense, {lines[0]['of']} units")
    axes.set(xscale="log", yscale="log", xlabel=f"pixels and neurons kept, of {lines[0]['of']}", ylabel="test error, %")
    axes.set_xticks(ticks := [25, 50, 100, 200, 400], ticks)
    axes.set_yticks(ticks := [2, 5, 10, 20, 50, 100], ticks)
    axes.minorticks_off()
    axes.set_title(f"dots: {len({x['seed'] for x in lines})} seeds, each with its own split; lines: means", fontsize=9)
    axes.grid(alpha=0.3)
    axes.spines[["right", "top"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return figure


def surviving_pixels(lines: list[dict], picture: Tensor, methods: Sequence[str] = ("on-budget", "magnitude")) -> Figure:
    """The pixels that stay, drawn over a picture (64,): the larger a dot, the more seeds keep the pixel."""
    budgets = sorted({line["budget"] for line in lines if line["method"] == methods[0]}, reverse=True)
    figure = Figure(figsize=(1.7 * len(budgets), 2.1 * len(methods)), layout="constrained", dpi=120)
    grid = figure.subplots(len(methods), len(budgets), squeeze=False)
    for row, method in zip(grid, methods, strict=True):
        for axes, budget in zip(row, budgets, strict=True):
            cells = [line for line in lines if line["method"] == method and line.get("budget") == budget]
            pixels = torch.tensor([p for line in cells for p in line["pixels"]], dtype=torch.int64)
            share = (torch.bincount(pixels, minlength=SIDE * SIDE) / len(cells)).numpy()
            axes.imshow(picture.view(SIDE, SIDE).numpy(), cmap="Greys", vmin=0, vmax=1.3)
            (places,) = share.nonzero()
            axes.scatter(places % SIDE, places // SIDE, s=55 * share[places], color=COLORS[method], linewidths=0)
            axes.set_title(f"{budget} units kept:\n{len(pixels) / len(cells):.1f} pixels", fontsize=8)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(method)
    figure.supxlabel("behind: the mean digit; a dot's area: the share of the seeds that keep the pixel", fontsize=8)
    return figure


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are too small to share between cores
    root = in_clone()
    found = compare(root / "data" / "results" / "digits")
    mean = torch.cat([x for x, _ in pictures(0).values()]).mean(0)
    save(error_curves(found), root / "figures" / "digits.png")
    save(surviving_pixels(found, mean), root / "figures" / "digits-pixels.png")
