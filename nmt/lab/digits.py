"""Pixels and neurons of a small network over handwritten digits: which of them does it need?

The Transformer's methods where one sees what they do: the gates of Louizos, Welling, Kingma 2018 on the inputs of each
layer, as in their section 4.1, and our gates on budget. `python -m nmt.lab.digits` makes data/results/digits/ and two
figures in some minutes on one core; finished cells are not computed again. It needs scikit-learn, for its 1,797
pictures of 8 x 8 pixels. They are split at random, so the writers of the test pictures also wrote training pictures.

Shapes: B pictures; N units: 64 pixels, then the hidden neurons of all layers.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from nmt import NmtError
from nmt.gates import HardConcrete
from nmt.plumbing.files import json_lines, read_json_lines, write_text
from nmt.plumbing.places import in_clone
from nmt.pruning import importance, masks
from nmt.pruning.methods.budgeted_gates import BudgetedGates
from nmt.pruning.methods.competing_gates import LayerView
from nmt.pruning.removal import cut_neurons
from nmt.show.plots import COLOURS, GREY, new_figure, save

SIDE, CLASSES = 8, 10
METHODS = ("dense", "random", "magnitude", "l0", "l0-warm", "on-budget")
Data = dict[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Settings:
    """What all methods share. Each has dense_steps + prune_steps steps, whatever it does with them."""

    hidden: tuple[int, ...] = (300, 100)  # Louizos et al.'s LeNet-300-100
    batch_size: int = 100
    lr: float = 1e-3  # of Adam; theirs, as are the batch size and the decay
    weight_decay: float = 5e-4
    dense_steps: int = 600
    prune_steps: int = 900
    search: float = 0.6  # share of prune_steps before units are removed; in the rest the smaller network learns on
    gate_lr: float = 0.02  # theirs, 1e-3, moves log α by some 1e-3 a step: too little to close a gate in 1,500 steps


def pictures(seed: int) -> Data:
    """{"train" | "valid" | "test": (x (B, 64) float32 in [0, 1], y (B,) int64)}, split at random by the seed.

    Raises NmtError where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise NmtError("the digits come with scikit-learn: pip install scikit-learn") from None
    x, y = map(torch.from_numpy, load_digits(return_X_y=True))
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    parts = (whole[order].split([200, 500, len(x) - 700]) for whole in (x.float() / 16, y.long()))
    return dict(zip(("valid", "test", "train"), zip(*parts, strict=True), strict=True))


class MLP(nn.Module):
    """Linear layers with ReLU between them, and a place for a gate on the inputs of each, called as in `nmt.gates`."""

    def __init__(self, hidden: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([SIDE * SIDE, *hidden, CLASSES]))
        self.gates: list[nn.Module | None] = [None] * len(self.layers)
        self.pixels = torch.arange(SIDE * SIDE)  # those of the picture that it looks at

    @property
    def widths(self) -> list[int]:
        """How many inputs each layer has: pixels, then hidden neurons."""
        return [layer.in_features for layer in self.layers]

    def forward(self, x: Tensor) -> Tensor:
        """(B, 64) -> logits (B, 10)."""
        if len(self.pixels) < x.size(1):
            x = x[:, self.pixels]
        for number, (layer, gate) in enumerate(zip(self.layers, self.gates, strict=True)):
            x = layer((x if number == 0 else F.relu(x)) * (1 if gate is None else gate(len(x))))
        return x


@torch.no_grad()
def remove_units(model: MLP, factors: Sequence[Tensor]) -> MLP:
    """A copy without the units whose factor is 0; other factors are folded into the weights that they multiply.

    factors: for the inputs of each layer (width,), a mask or the values of gates. The copy computes what the model
    computes with these factors as its gates. Raises NmtError for factors of another shape.
    """
    if [len(f) for f in factors] != model.widths:
        raise NmtError(f"factors of {[len(f) for f in factors]} for an MLP of {model.widths}")
    small = copy.deepcopy(model)
    small.gates = [None] * len(small.layers)
    small.pixels = model.pixels[factors[0].nonzero().flatten()]
    for inner, outer, of in zip([None, *small.layers], small.layers, factors, strict=False):
        kept = of.nonzero().flatten()
        cut_neurons(inner, outer, kept, of[kept])
    return small


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
    """Train in place. gates: learned too, without decay; before(share of the steps done) is called before each step."""
    groups = [{"params": list(model.layers.parameters()), "weight_decay": settings.weight_decay}]
    groups += [{"params": list(gates), "lr": settings.gate_lr}] if gates else []
    optimizer = torch.optim.Adam(groups, lr=settings.lr, fused=True)
    (x, y), size, generator, order = data["train"], settings.batch_size, torch.Generator().manual_seed(seed), ()
    for step in range(steps):
        if len(order) < size:  # a new epoch; what is left of the last one is too little for a batch
            order = torch.randperm(len(x), generator=generator)
        now, order = order[:size], order[size:]
        before(step / steps)
        optimizer.zero_grad()
        (F.cross_entropy(model(x[now]), y[now]) + penalty()).backward()
        optimizer.step()
    return model


def dense(data: Data, settings: Settings, seed: int) -> MLP:
    """The network that is pruned, trained for dense_steps."""
    torch.manual_seed(seed)
    return fit(MLP(settings.hidden), data, settings, settings.dense_steps, seed)


def magnitude(model: MLP) -> Tensor:
    """(N,) the norm of a unit's weights, in and out, as a multiple of its layer's mean."""
    scores = []
    for inner, outer in zip([None, *model.layers], model.layers, strict=False):
        squares = outer.weight.detach().square().sum(0)
        if inner:
            squares = squares + inner.weight.detach().square().sum(1)
        scores.append(squares.sqrt() / squares.sqrt().mean())
    return torch.cat(scores)


def taylor(model: MLP, x: Tensor, y: Tensor) -> Tensor:
    """(N,) the mean over pictures of |∂L/∂g|, g a factor on the unit: Michel et al. 2019, equation 2, for units."""
    probed = copy.deepcopy(model)
    probed.gates = [importance.Probe(torch.ones(width, dtype=x.dtype)) for width in model.widths]
    loss = F.cross_entropy(probed(x), y, reduction="sum")
    factors = [probe.seen.pop() for probe in probed.gates]
    gradients = torch.autograd.grad(loss, factors)
    return torch.cat([importance.first_order(g, f) for g, f in zip(gradients, factors, strict=True)]).to(x) / len(x)


def l0(model: MLP, data: Data, settings: Settings, steps: int, seed: int, strength: float, warm: bool) -> list:
    """Learn weights and Louizos et al.'s gates together; returns the gates.

    As published, what is penalised by strength / pictures is the L0 norm of the weights: P(open) times the weights that
    go out of the unit. warm: P(open) alone, and the gates of a trained network start nearly all open.
    """
    if not 0 <= strength < math.inf:
        raise NmtError(f"λ must be at least 0 and finite, not {strength}")
    closed = (0.1, 0.1, 0.1) if warm else (0.2, 0.5, 0.5)  # 1 - p of the start ln(p / (1 - p)), for each layer
    gates = model.gates = [
        HardConcrete(width, math.log((1 - share) / share) + 0.01 * torch.randn(width), temperature=2 / 3)
        for width, share in zip(model.widths, closed, strict=True)
    ]
    costs = [1 if warm else layer.out_features for layer in model.layers]

    def penalty() -> Tensor:
        return strength / len(data["train"][0]) * sum(c * g.p_open().sum() for c, g in zip(costs, gates, strict=True))

    fit(model, data, settings, steps, seed, [g.log_alpha for g in gates], lambda _: [g.clamp() for g in gates], penalty)
    return [gate.eval() for gate in gates]


def on_budget(model: MLP, data: Data, settings: Settings, steps: int, seed: int, keep: int) -> BudgetedGates:
    """Learn weights and gates whose expected number falls from all to `keep`, as in `--method on-budget`.

    The gates start at the standardised logarithms of the Taylor scores of the training pictures.
    """
    if not 0 < keep < sum(model.widths):
        raise NmtError(f"gates on budget cannot keep {keep} of {sum(model.widths)} units")
    scores = taylor(model, *data["train"])
    scores = scores.clamp(min=scores.mean().item() / 1000).log()  # that of a pixel which is always 0 would be -inf
    gates = BudgetedGates(((scores - scores.mean()) / scores.std()).clamp(-2, 2))
    ends = torch.tensor([0, *model.widths]).cumsum(0).tolist()
    model.gates = [LayerView(gates, first, last) for first, last in pairwise(ends)]
    fit(model, data, settings, steps, seed, [gates.scores], lambda done: gates.follow_schedule(done, keep))
    return gates


def prune(start: MLP, data: Data, settings: Settings, seed: int, method: str, amount: float) -> tuple[MLP, dict]:
    """One cell: the small network, and what is to be said of it. `start`, from `dense`, is not changed.

    amount: for l0 and l0-warm λ, else how many units stay. All methods end after the same number of steps:
    - dense: no pruning, more training; random, magnitude: remove, then train the small network;
    - l0: Louizos et al. from the first step to the last, their count of weights, their gates at test time;
    - l0-warm: from `start`, counting neurons; those with log α > 0 stay, then the small network is trained;
    - on-budget: from `start`, gates on budget; the best `amount` stay, then the small network is trained.
    Raises NmtError for an unknown method, or an amount that cannot be.
    """
    if method not in METHODS:
        raise NmtError(f"no method {method!r}: choose one of {', '.join(METHODS)}")
    torch.manual_seed(seed)
    model, left, gates = MLP(settings.hidden), settings.prune_steps, []
    search, units = round(settings.search * left), sum(model.widths)
    if method != "l0":
        model.load_state_dict(start.state_dict())
    if method == "l0":
        gates, left = l0(model, data, settings, settings.dense_steps + left, seed, amount, warm=False), 0
        factors = [gate.value().detach() for gate in gates]
    elif method == "l0-warm":
        gates, left = l0(model, data, settings, search, seed, amount, warm=True), left - search
        factors = [(gate.log_alpha > 0).float() for gate in gates]
    elif method == "dense":
        factors = torch.ones(units).split(model.widths)
    else:
        if method == "on-budget":
            passes = math.ceil(len(data["train"][0]) / settings.batch_size)  # the Taylor scores cost as much
            gates, left = [on_budget(model, data, settings, search - passes, seed, amount)], left - search
            scores = gates[0].scores.detach()
        else:
            scores = magnitude(model) if method == "magnitude" else torch.rand(units)
        factors = masks.top_k({"units": scores}, amount)["units"].float().split(model.widths)
    small = fit(remove_units(model, factors), data, settings, left, seed + 1)
    undecided = {"undecided": sum(int(gate.undecided().sum()) for gate in gates)} if gates else {}
    return small, {"finetuning_steps": left, **undecided}


def compare(
    folder: str | Path,
    settings: Settings = Settings(),
    seeds: Sequence[int] = range(5),
    budgets: Sequence[int] = (200, 100, 64, 40, 28),
    strengths: dict[str, Sequence[float]] | None = None,
    log: Callable[[str], None] = print,
) -> list[dict]:
    """Every method at every budget, or λ, and seed: lines of folder/cells.jsonl. Cells that are there are skipped.

    The seed decides the split, the first weights, the batches and the draws of the gates. gate_lr, the λ and the norm
    of `magnitude` were chosen on validation pictures of seeds 10 and 11, after a first look at all of seed 0.
    """
    strengths = strengths or {"l0": (0.003, 0.01, 0.02, 0.04), "l0-warm": (3.0, 10.0, 30.0, 60.0)}
    units = SIDE * SIDE + sum(settings.hidden)
    amounts = {**dict.fromkeys(METHODS, budgets), "dense": [units], **strengths}
    shared = {**asdict(settings), "hidden": list(settings.hidden)}
    file = Path(folder) / "cells.jsonl"
    cells = read_json_lines(file)
    for seed in seeds:
        start = None
        for method, amount in [(one, amount) for one in METHODS for amount in amounts[one]]:
            asked = {"settings": shared, "seed": seed, "method": method}
            asked["lambda" if method in strengths else "budget"] = amount
            if any(asked.items() <= cell.items() for cell in cells):
                continue
            if start is None:
                data = pictures(seed)
                start = dense(data, settings, seed)
            since = time.perf_counter()
            small, said = prune(start, data, settings, seed, method, amount)
            cell = {
                **asked,
                "kept": sum(small.widths),
                "of": units,
                "kept_per_layer": small.widths,
                "pixels": small.pixels.tolist(),
                "steps": settings.dense_steps + settings.prune_steps,
                **said,
            }
            for split in ("valid", "test"):
                x, y = data[split]
                with torch.no_grad():
                    logits = small(x)
                cell[f"error_{split}"] = (logits.argmax(1) != y).float().mean().item()  # share of wrong answers
                cell[f"nll_{split}"] = F.cross_entropy(logits, y).item()  # nats per picture
            cell |= {"seconds": round(time.perf_counter() - since, 2), "torch": torch.__version__}
            cells.append(cell)
            write_text(file, json_lines(cells))
            errors = f"valid {cell['error_valid']:.3f}, test {cell['error_test']:.3f}"
            log(f"seed {seed}, {method} {amount:g}: {cell['kept']} units {small.widths}, {errors}; {cell['seconds']} s")
    return [cell for cell in cells if cell["settings"] == shared]


SHOWN = dict(zip(("on-budget", "l0-warm", "magnitude", "l0", "random"), (*COLOURS, GREY), strict=True))


def by_request(cells: Sequence[dict]) -> dict[tuple[str, float], list[dict]]:
    """(method, budget or λ) -> its cells, one for each seed."""
    groups: dict[tuple[str, float], list[dict]] = {}
    for cell in cells:
        groups.setdefault((cell["method"], cell.get("budget", cell.get("lambda"))), []).append(cell)
    return groups


def error_curves(cells: Sequence[dict]) -> Figure:
    """Test error over the units kept: every seed a dot, the mean of a budget or λ on the line; dense dashed."""
    figure, ((axes,),) = new_figure((7, 4), (1, 1))
    for method, color in SHOWN.items():
        groups = [some for (name, _), some in by_request(cells).items() if name == method]
        points = [torch.tensor([(cell["kept"], 100 * cell["error_test"]) for cell in some]) for some in groups]
        axes.scatter(*torch.cat(points).T, s=12, color=color, alpha=0.5, linewidths=0)
        axes.plot(
            *zip(*sorted(some.mean(0).tolist() for some in points), strict=True), "o-", color=color, ms=4, label=method
        )
    whole = torch.tensor([100 * cell["error_test"] for cell in cells if cell["method"] == "dense"])
    axes.axhline(whole.mean(), color="black", ls="--", lw=1, label=f"dense, {cells[0]['of']} units")
    axes.set(xscale="log", yscale="log", xlabel=f"pixels and neurons kept, of {cells[0]['of']}", ylabel="test error, %")
    axes.set_xticks(ticks := [25, 50, 100, 200, 400], ticks)
    axes.set_yticks(ticks := [2, 5, 10, 20, 50, 100], ticks)
    axes.minorticks_off()
    axes.set_title(f"dots: {len({x['seed'] for x in cells})} seeds, each with its own split; lines: means", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return figure


def surviving_pixels(cells: Sequence[dict], picture: Tensor) -> Figure:
    """The pixels that stay, drawn over a picture (64,): the larger a dot, the more seeds keep the pixel."""
    methods = ("on-budget", "magnitude")
    budgets = sorted({cell["budget"] for cell in cells if cell["method"] in methods}, reverse=True)
    figure, grid = new_figure((1.7 * len(budgets), 2.1 * len(methods)), (len(methods), len(budgets)))
    for row, method in zip(grid, methods, strict=True):
        for axes, budget in zip(row, budgets, strict=True):
            some = [cell for cell in cells if cell["method"] == method and cell.get("budget") == budget]
            pixels = torch.tensor([pixel for cell in some for pixel in cell["pixels"]], dtype=torch.int64)
            share = (torch.bincount(pixels, minlength=SIDE * SIDE) / len(some)).numpy()
            axes.imshow(picture.view(SIDE, SIDE).numpy(), cmap="Greys", vmin=0, vmax=1.3)
            (places,) = share.nonzero()
            axes.scatter(places % SIDE, places // SIDE, s=55 * share[places], color=SHOWN[method], linewidths=0)
            axes.set_title(f"{budget} units kept:\n{len(pixels) / len(some):.1f} pixels", fontsize=8)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
        row[0].set_ylabel(method)
    figure.supxlabel("behind: the mean digit; a dot's area: the share of the seeds that keep the pixel", fontsize=8)
    return figure


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are too small to share between cores
    found = compare(in_clone("data", "results", "digits"))
    mean = torch.cat([x for x, _ in pictures(0).values()]).mean(0)
    save(error_curves(found), in_clone("figures", "digits.png"))
    save(surviving_pixels(found, mean), in_clone("figures", "digits-pixels.png"))
