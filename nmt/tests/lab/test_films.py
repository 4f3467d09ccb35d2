"""The movies of notebooks 04 and 06: each moment shows what was stored. They were looked at, too."""

import numpy as np
import pytest

from nmt import NmtError

films = pytest.importorskip("films", reason="needs the clone: data")


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
    films.translating_film(history, 0, kind)
    assert [title.split("→  ")[1] for title, _ in found] == ["ко", "кошка", "кошка.", "кошка. <EOS>"]
    assert all(f"step {i} of 4" in title for i, (title, _) in enumerate(found, 1))
    for i, (_, maps) in enumerate(found):
        for shown, stored in zip(maps, history.arrays[f"0.{kind}"].reshape(4, 4, -1), strict=True):
            assert np.allclose(shown[: i + 1], stored[: i + 1] / 255) and np.isnan(shown[i + 1 :]).all()


def test_the_encoder_is_not_filmed_while_it_does_nothing():
    with pytest.raises(NmtError, match="the same at each step"):
        films.translating_film(sentence(), 0, "encoder")


def test_chosen_heads_over_training_and_what_the_model_then_says(seen):
    history = sentence(3)
    found = seen(lambda figure: ([axes.images[0].get_array() for axes in figure.axes], figure.get_supxlabel()))
    films.training_film(history, 0, {"encoder": (0, 1), "cross": (1, 0)})
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
    made = films.roles_film({"relations": relations, "moments": [moment(0, [1, 1]), moment(50, [0, 1])]})
    first, last = made.frames.astype(int)
    assert len(made.images) == 2 and (first != last).any()
    grey = (abs(last - 0xD0).max(-1) <= 3).mean()
    assert (abs(first - 0xD0).max(-1) <= 3).mean() < 0.01 < grey
    assert (abs(first - np.array([0xD9, 0x73, 0x0D])).max(-1) <= 8).any()  # the frame of the head that has the role
