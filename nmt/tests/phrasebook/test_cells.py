"""Which verb forms are said too rarely, on sentences made in memory."""

from grammar import cells
from grammar.frames import speaking
from grammar.world import World


def features(made):
    return [(word.lemma, f"{word.pos} {word.cell}") for one in made for word in one.russian]


def counted(said):
    return {cell: count for count, cell in cells.thin(said)}


def test_a_cell_is_thin_until_it_is_said_three_times():
    all_thin = counted([])
    assert set(all_thin) == cells.cells() and set(all_thin.values()) == {0}
    twice = counted([("читать", "VERB impf pres 1per sing")] * 2)
    assert twice["читать 1per sing"] == 2
    assert "читать 1per sing" not in counted([("читать", "VERB impf pres 1per sing")] * 3)


def test_frames_even_out_the_cells():
    world = World(3)
    made = []
    for _ in range(1500):
        one = speaking.states(world)
        world.count_use(one.russian)
        made.append(one)
    said = cells.cells() - {cell for count, cell in cells.thin(features(made)) if not count}
    assert len(said) > len(cells.cells()) / 2
    for cell in ("читать 1per sing", "прочитать 1per sing", "жить infn", "быть past masc"):
        assert cell in cells.cells()
