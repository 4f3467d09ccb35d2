"""The movies of notebooks 04 and 06: each moment shows what was stored. They were looked at, too."""

import json

import numpy as np
import pytest

from nmt import NmtError
from nmt.plumbing.files import write_json
from nmt.runs import Run

movies = pytest.importorskip("movies", reason="needs the clone: data")
priced = pytest.importorskip("priced", reason="needs the clone: data")
films = pytest.importorskip("films", reason="needs the clone: data")


@pytest.fixture
def seen(monkeypatch):
    """In place of a movie: the figure after each moment, as (its texts, what `look` makes of it)."""

    def of(look):
        found = []

        def film(figure, update, count, **options):
            for i in range(count):
                update(i)
                found.append((figure.get_suptitle(), look(figure)))

        monkeypatch.setattr(movies, "film", film)
        return found

    return of


def test_gates_are_the_lines_of_the_run(tmp_path):
    lines = [{"step": s, "p_open": {"encoder": [[s / 9, 0.5]]}, "log_alpha": {"encoder": [[s, -s]]}} for s in (0, 9)]
    write_json(tmp_path / "config.json", {"training": {}, "corpus": {}, "bpe": {}})
    (tmp_path / "gates.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = priced.gates(Run(tmp_path))
    assert found.steps.tolist() == [0, 9] and found.p_open.shape == (2, 1, 2)
    assert found.log_alpha[1].tolist() == [[9, -9]] and found.expected.tolist() == [0.5, 1.5]
    with pytest.raises(NmtError, match="no gates of kind 'cross'"):
        priced.gates(Run(tmp_path), "cross")


def test_gates_are_those_stored_a_panel_for_each_price_up_to_where_nothing_moves(seen):
    p_open = np.random.default_rng(3).random((5, 2, 3))
    p_open[3:] = p_open[2] + 0.001  # what moves less than an eye can see
    slow, steps = np.linspace(1, 0, 5)[:, None, None] * np.ones((1, 2, 3)), np.array([0, 12, 24, 1030, 1042])
    gates = priced.Gates(steps, p_open, p_open)
    found = seen(lambda figure: [(axes.get_title(), [t.get_text() for t in axes.texts]) for axes in figure.axes])
    films.gates({"λ = 1": gates, "λ = 2": gates})
    assert [title.split(":")[0] for title, _ in found] == [f"step {s} of 1,042" for s in (0, 12, 24)]
    assert [title.endswith("moves after this") for title, _ in found] == [False, False, True]
    for p, (_, panels) in zip(p_open, found, strict=False):
        for name, (title, numbers) in zip(("λ = 1", "λ = 2"), panels, strict=True):
            assert title == f"{name}: {p.sum():.1f} of 6 heads open" and numbers == [f"{x:.2f}" for x in p.flat]
    found.clear()
    films.gates({"λ = 1": gates, "λ = 2": priced.Gates(steps, slow, slow)})
    assert len(found) == 5 and "moves" not in found[-1][0]  # one panel that moves is enough


def test_the_film_of_the_density_says_log_alpha_and_has_the_masses_of_the_gate(seen):
    def look(figure):
        axes = figure.axes[0]
        return axes.get_title(), [bar.get_height() for bar in figure.axes[1].patches], axes.lines[0].get_ydata()

    found = seen(look)
    films.density({"closes": np.array([2.0, 0.0, -3.0])}, np.full(3, 0.33), ["step 0", "step 1", "step 2"])
    assert [title for title, _ in found] == ["step 0", "step 1", "step 2"]
    assert found[2][1][0] == "closes: log α = −3.00"
    for _, (_, (zero, one), density) in found:
        assert zero + one + density.mean() == pytest.approx(1, abs=0.01)
    assert found[0][1][1][0] < found[1][1][1][0] < found[2][1][1][0]


def sentence(steps: int | None = None) -> films.History:
    """Of two source pieces and EOS, three target pieces and EOS; (L, H) = (2, 2)."""
    generator, n = np.random.default_rng(4), () if steps is None else (steps,)
    sizes = {"encoder": (3, 3), "decoder": (4, 4), "cross": (4, 3)}
    maps = {f"0.{k}": generator.dirichlet(np.ones(s[1]), (*n, 2, 2, s[0])) for k, s in sizes.items()}
    arrays = {name: np.rint(255 * weights).astype(np.uint8) for name, weights in maps.items()}
    told = {"source": "A $cat$", "src": ["▁A", "▁$cat$", "<EOS>"], "trg": ["▁ко", "шка", ".", "<EOS>"]}
    about = {"what": "made up", "from": {}, "sentences": [told]}
    if steps:
        arrays["steps"] = np.arange(1, steps + 1, dtype=np.int32) * 1000
        told["translations"] = ["кошка" * (60 if i == 0 else 1) for i in range(steps)]
        about |= {"epoch": [1.0 + i for i in range(steps)], "loss": [1 / (1 + i) for i in range(steps)]}
    return films.History(arrays, about)


@pytest.mark.parametrize("kind", ["decoder", "cross"])
def test_each_step_of_a_translation_shows_one_row_more_and_says_what_is_written(seen, kind):
    history = sentence()
    found = seen(lambda figure: [np.ma.filled(axes.images[0].get_array(), np.nan) for axes in figure.axes[:4]])
    films.translating(history, 0, kind)
    assert [title.split("→  ")[1] for title, _ in found] == ["ко", "кошка", "кошка.", "кошка. <EOS>"]
    assert all(f"step {i} of 4" in title for i, (title, _) in enumerate(found, 1))
    for i, (_, maps) in enumerate(found):
        for shown, stored in zip(maps, history.arrays[f"0.{kind}"].reshape(4, 4, -1), strict=True):
            assert np.allclose(shown[: i + 1], stored[: i + 1] / 255) and np.isnan(shown[i + 1 :]).all()


def test_chosen_heads_of_a_translation_stand_side_by_side(seen):
    history = sentence()
    found = seen(lambda figure: [np.ma.filled(axes.images[0].get_array(), np.nan) for axes in figure.axes[:-1]])
    films.translating(history, 0, "cross", [(1, 0), (0, 1)])
    last = found[-1][1]
    for shown, (layer, head) in zip(last, [(1, 0), (0, 1)], strict=True):
        assert np.allclose(shown, history.arrays["0.cross"][layer, head] / 255)


def test_the_encoder_is_not_filmed_while_it_does_nothing():
    with pytest.raises(NmtError, match="the same at each step"):
        films.translating(sentence(), 0, "encoder")


def test_chosen_heads_over_training_and_what_the_model_then_says(seen):
    history = sentence(3)
    found = seen(lambda figure: ([axes.images[0].get_array() for axes in figure.axes], figure.get_supxlabel()))
    films.training(history, 0, {"encoder": (0, 1), "cross": (1, 0)})
    assert [title for title, _ in found][1] == "epoch 2, step 2,000 of 3,000, validation loss 0.50"
    for i, (_, ((encoder, cross), said)) in enumerate(found):
        assert np.allclose(encoder, history.arrays["0.encoder"][i, 0, 1] / 255)
        assert np.allclose(cross, history.arrays["0.cross"][i, 1, 0] / 255)
        assert said.endswith("…" if i == 0 else "→  кошка") and len(said) < 90


def test_roles_of_open_heads_are_numbers_those_of_closed_ones_are_grey():
    def moment(step: int, is_open: list[int]) -> dict:
        scores = {"agreement": [[[0.2, 0.9]], [[0.4, 0.7]]]}  # on either half: one layer of two heads
        mask, roles = {"cross": [is_open]}, {"cross": scores}
        return {"step": step, "kept": sum(is_open), "mask": mask, "roles": roles}

    relations = {"cross": {"agreement": {"pairs": 9, "offset": -1, "share": 0.5}}}
    made = films.roles({"relations": relations, "moments": [moment(0, [1, 1]), moment(50, [0, 1])]})
    first, last = made.frames.astype(int)
    assert len(made.images) == 2 and (first != last).any()
    grey = (abs(last - 0xD0).max(-1) <= 3).mean()
    assert (abs(first - 0xD0).max(-1) <= 3).mean() < 0.01 < grey
    assert (abs(first - np.array([0xD9, 0x73, 0x0D])).max(-1) <= 8).any()  # the frame of the head that has the role


def test_one_real_film_from_figure_to_file(tmp_path):
    p_open = np.linspace(1, 0, 6)[:, None, None] * np.ones((1, 2, 4))
    gates = priced.Gates(np.arange(0, 60, 10), p_open, np.zeros((6, 2, 4)))
    gif, _ = films.gates({"λ = 1": gates, "λ = 2": gates}).save(tmp_path / "gates.gif")
    assert len(movies.frames_of(gif.read_bytes())[0]) == 6
