"""Our methods: gates that are on budget at every step, and heads that go one by one while the model trains on."""

import math

import torch
from torch import Tensor, nn

from nmt.batches import Batch
from nmt.gates import EPSILON, GAMMA, ZETA
from nmt.pruning import importance, masks
from nmt.pruning.method import Method

OPEN = 0.98  # the share of gates expected to be open at the first step


def threshold(scores: Tensor, k: float) -> float:
    """The b for which Σ_h σ(scores_h - b) = k, by bisection: scores (N,), 0 < k < N."""
    low, high = float(scores.min()) - 40, float(scores.max()) + 40
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if float(torch.sigmoid(scores - middle).sum()) > k else (low, middle)
    return (low + high) / 2


class BudgetedGates(nn.Module):
    """The hard concrete gates of all heads together; how many are expected to be open is given, not learned.

    log α_h = a_h / τ - b, and b, one number for all heads, solves Σ_h P(open)_h = k. The a are learned by the loss
    alone: there is no penalty, and so neither a λ to search nor a multiplier to tune. As b follows the a, raising one
    head's P(open) lowers the others': ∂b/∂a_h = p'_h / (τ Σ p'), with p' = p (1 - p).
    """

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.a = nn.Parameter(start.double())  # (N,)
        self.set(OPEN * len(start), 1.0, 0.66)

    @torch.no_grad()
    def set(self, k: float, tau: float, temperature: float) -> None:
        """To be called before each step, when k, τ, the temperature T or the a have changed."""
        self.k, self.tau, self.temperature = k, tau, temperature
        shift = -temperature * math.log(-GAMMA / ZETA)
        self.b = threshold(self.a / tau + shift, k)
        p = torch.sigmoid(self.a / tau - self.b + shift)
        slope = p * (1 - p)
        self.weights = slope / slope.sum().clamp(min=1e-30)  # (N,)

    def log_alpha(self) -> Tensor:
        """(N,) float64."""
        follows = (self.weights * self.a).sum() / self.tau
        return self.a / self.tau - (self.b + follows - follows.detach())

    def p_open(self) -> Tensor:
        return torch.sigmoid(self.log_alpha() - self.temperature * math.log(-GAMMA / ZETA))


class Slice(nn.Module):
    """What one layer sees of the gates of all: hard concrete, drawn anew at each call."""

    def __init__(self, gates: BudgetedGates, first: int, last: int) -> None:
        super().__init__()
        self.gates, self.first, self.last = gates, first, last

    def forward(self, batch_size: int) -> Tensor:
        log_alpha = self.gates.log_alpha()[self.first : self.last]
        u = torch.rand_like(log_alpha) * (1 - 2 * EPSILON) + EPSILON
        s = torch.sigmoid((torch.logit(u) + log_alpha) / self.gates.temperature)
        return (s * (ZETA - GAMMA) + GAMMA).clamp(0, 1).float()[None]  # (1, H)


class OnBudget(Method):
    """Gates on budget, k falling from all heads to --keep; then swaps verified by the loss; then fine-tuning."""

    name, learns = "ours", True
    warm, swaps = True, 4

    def install(self) -> None:
        if not 0 < self.config.keep < self.of:
            self.search_ends = 0
        self.like = masks.all_kept(self.model, self.kinds)
        self.gates = BudgetedGates(torch.zeros(self.of)).to(self.device)
        place = 0
        for kind, kept in self.like.items():
            for layer, row in zip(self.model.gated_layers(kind), kept, strict=True):
                layer.gate = Slice(self.gates, place, place + len(row))
                place += len(row)

    def gate_parameters(self) -> list[nn.Parameter]:
        return [self.gates.a]

    def search_step(self, step: int) -> None:
        if step == 0 and self.warm:
            with self.bare():
                scores = masks.flatten(importance.taylor(self.model, self.kinds, self.calibration(8)))
            self.compute += 8
            scores = (scores + 1e-12).log()
            with torch.no_grad():
                self.gates.a.copy_(((scores - scores.mean()) / scores.std()).clamp(-2, 2))
        done = step / self.search_ends
        k = self.config.keep + (OPEN * self.of - self.config.keep) * max(0.0, 1 - done / 0.8)
        self.gates.set(k, 0.1**done, 0.66 * (0.33 / 0.66) ** done)

    def mask_now(self) -> masks.Mask:
        return masks.top_k(masks.unflatten(self.gates.a.detach().cpu(), self.like), self.config.keep)

    def choose(self) -> masks.Mask:
        mask = self.mask_now()
        return swap_back(self, mask, self.swaps) if self.swaps else mask

    def count_undecided(self) -> int:
        return int((self.gates.log_alpha().abs() < math.log(ZETA / -GAMMA)).sum())

    def gate_values(self) -> dict[str, dict]:
        lists = {
            name: {
                k: [[round(x, 5) for x in row] for row in m.tolist()]
                for k, m in masks.unflatten(v.detach().cpu(), self.like).items()
            }
            for name, v in (("p_open", self.gates.p_open()), ("log_alpha", self.gates.log_alpha()))
        }
        return {**lists, "budget": self.gates.k, "undecided": self.count_undecided()}


def slopes(model, kinds, batches: list[Batch]) -> dict[str, Tensor]:
    """dL/dξ of each head under the gates as they are, L in nats per token: {kind: (L, H)}, also of closed heads."""
    result, tokens = {k: torch.zeros(m.shape, dtype=torch.float64) for k, m in masks.all_kept(model, kinds).items()}, 0
    with importance.evaluated(model), importance.probes(model, kinds) as gates, torch.enable_grad():
        for batch in batches:
            loss = importance.token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            places = [(kind, i) for kind in kinds for i in range(len(gates[kind]))]
            gradients = torch.autograd.grad(loss, [gates[kind][i].factors for kind, i in places])
            for (kind, i), gradient in zip(places, gradients, strict=True):
                result[kind][i] += gradient.sum(0).double().cpu()
            tokens += batch.tokens
    return {kind: s / tokens for kind, s in result.items()}


def swap_back(method: Method, mask: masks.Mask, rounds: int, tried: int = 6, count: int = 3) -> masks.Mask:
    """Swap a kept head for a dropped one as long as the measured loss falls; pairs are proposed by the gradient."""
    model, kinds, batches = method.model, method.kinds, method.calibration(count)
    flat, like = masks.flatten(mask), mask
    masks.apply(model, mask)
    best = importance.loss(model, batches)
    method.compute += count / 3
    for _ in range(rounds):
        slope = masks.flatten(slopes(model, kinds, batches))
        method.compute += count
        out, into = flat.nonzero().flatten(), (~flat).nonzero().flatten()
        predicted = slope[into][None, :] - slope[out][:, None]  # close `out`, open `into`
        order = predicted.flatten().argsort()[:tried].tolist()
        found = None
        for place in order:
            new = flat.clone()
            new[out[place // len(into)]], new[into[place % len(into)]] = False, True
            masks.apply(model, masks.unflatten(new, like))
            loss = importance.loss(model, batches)
            method.compute += count / 3
            if loss < best:
                best, found = loss, new
        if found is None:
            break
        flat = found
        masks.apply(model, masks.unflatten(flat, like))
    return masks.unflatten(flat, like)


class ProbeMask(nn.Module):
    """A mask whose gradients are kept: the first-order importance of each head comes free with each training step."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values.float())
        self.drawn: list[Tensor] = []

    def forward(self, batch_size: int) -> Tensor:
        factors = self.values.expand(batch_size, -1)
        if self.training and torch.is_grad_enabled():
            factors = factors.clone().requires_grad_()
            self.drawn.append(factors)
        return factors


class Eliminate(Method):
    """Heads go few at a time while the model trains on, least important first, by gradients that come free."""

    name, learns = "eliminate", True
    verify, swaps = 4, 2

    def install(self) -> None:
        self.kept = masks.all_kept(self.model, self.kinds)
        self.sums = torch.zeros(self.of, dtype=torch.float64)
        self.tokens = 0
        self._attach()

    def _attach(self) -> None:
        for kind, kept in self.kept.items():
            for layer, row in zip(self.model.gated_layers(kind), kept, strict=True):
                layer.gate = ProbeMask(row.float()).to(self.device)

    def budget(self, step: int) -> int:
        done = min(1.0, step / (0.9 * self.search_ends))
        return round(self.config.keep * (self.of / max(self.config.keep, 1)) ** (1 - done))

    def search_step(self, step: int) -> None:
        now, wanted = masks.count(self.kept), self.budget(step)
        if step >= 8 and wanted < now and self.tokens:
            flat = masks.flatten(self.kept)
            scores = torch.where(flat, self.sums / self.tokens, torch.tensor(-1.0, dtype=torch.float64))
            self.kept = masks.top_k(masks.unflatten(scores, self.kept), wanted)
            self._attach()
            self.sums *= 0.5
            self.tokens *= 0.5

    def after_backward(self, tokens: int) -> None:
        if self.chosen is not None:
            return
        place = 0
        for kind in self.kinds:
            for layer in self.model.gated_layers(kind):
                for factors in layer.gate.drawn:
                    # the loss was divided by the step's tokens
                    self.sums[place : place + factors.size(1)] += (factors.grad * factors.detach()).abs().sum(
                        0
                    ).double().cpu() * tokens
                layer.gate.drawn.clear()
                place += len(layer.gate.values)
        self.tokens += tokens

    def mask_now(self) -> masks.Mask:
        flat = masks.flatten(self.kept)
        scores = torch.where(flat, self.sums, torch.tensor(-1.0, dtype=torch.float64))
        return masks.top_k(masks.unflatten(scores, self.kept), self.config.keep)

    def choose(self) -> masks.Mask:
        mask = self.mask_now()
        return swap_back(self, mask, self.swaps) if self.swaps else mask
