"""The search finds what there is to find, and neither batch mates, nor padding, nor the cache change it."""

import inspect
import itertools
import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

import nmt.decoding as decoding
from nmt import BOS, EOS, PAD, NmtError
from nmt.analysis import attention_maps, score_pairs
from nmt.attention import FixedGate
from nmt.batches import pad, source_batch
from nmt.decoding import beam_search, greedy, translate, translate_n_best, wu_penalty
from nmt.models import Trained
from nmt.transformer import Transformer, TransformerConfig


@pytest.fixture
def model(make_model) -> Transformer:
    """Ends some sentences, but not all, before the limit."""
    model = make_model()
    with torch.no_grad():
        model.generator.bias[EOS] += 2
    return model


def ids(found):
    return [[h.ids for h in one] if isinstance(one, list) else one.ids for one in found]


def log_probs(model, src, targets: list[list[int]]) -> list[float]:
    """Of each target, ids of which the last may be EOS, for one source (S,), in one forward pass."""
    trg = pad([[BOS, *target] for target in targets], src.device)
    sources = src[src != PAD].expand(len(targets), -1)
    logs = model(sources, trg[:, :-1]).log_softmax(-1).gather(2, trg[:, 1:, None])[:, :, 0]
    return logs.masked_fill(trg[:, 1:] == PAD, 0).sum(1).tolist()


def log_prob(model, src, target: list[int]) -> float:
    return log_probs(model, src, [target])[0]


def said(hypothesis) -> list[int]:
    return hypothesis.ids + [EOS] * hypothesis.finished


# ---------------------------------------------------------------- the right answer


def test_the_models_here_end_some_sentences(model, src):
    found = [h.finished for one in (greedy(model, src), *beam_search(model, src, 4, n_best=4)) for h in one]
    assert any(found) and not all(found)


def test_greedy_takes_the_most_probable_token(model, src):
    for row, hypothesis in zip(src, greedy(model, src), strict=True):
        target = said(hypothesis)
        for t in range(len(target)):
            trg = torch.tensor([[BOS, *target[:t]]], device=src.device)
            logits = model(row[row != PAD][None], trg)[0, -1]
            logits[[PAD, BOS]] = -math.inf
            assert target[t] == logits.argmax()


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("penalty", ["wu", "length"])
def test_a_wide_beam_is_exhaustive_search(make_model, alpha, penalty):
    """6 entries, of which UNK, 4, 5 and EOS may be said: 40 sentences of at most 4 tokens, 81 without end."""
    for seed in range(5):
        model = make_model(seed, trg_vocab_size=6)
        src = source_batch([[4 + seed, 5], [6]], next(model.parameters()).device)
        for row, found in zip(src, beam_search(model, src, 200, alpha, 200, 4, penalty=penalty), strict=True):
            ended = [[*ids, EOS] for n in range(4) for ids in itertools.product([1, 4, 5], repeat=n)]
            cut = [list(ids) for ids in itertools.product([1, 4, 5], repeat=4)]
            expected = []
            for group in (ended, cut):
                logs = zip(log_probs(model, row, group), group, strict=True)
                lp = wu_penalty if penalty == "wu" else pow
                expected += sorted(((log / lp(len(ids), alpha), ids) for log, ids in logs), reverse=True)
            assert [said(h) for h in found] == [target for _, target in expected]
            assert [h.score for h in found] == pytest.approx([score for score, _ in expected], abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_stopping_early_loses_nothing(model, src, alpha):
    """A sentence is done when nothing can come among its n best: the more are wanted, the longer it takes."""
    many = ids(beam_search(model, src, 6, alpha, n_best=6))
    for wanted in (1, 2, 3):
        found = beam_search(model, src, 6, alpha, n_best=wanted)
        for one, all_of_them in zip(found, many, strict=True):
            if all(h.finished for h in one):
                assert [h.ids for h in one] == all_of_them[:wanted]


def test_scores_are_what_they_say(model, src):
    for row, found in zip(src, beam_search(model, src, 4, 0.6, n_best=4), strict=True):
        for h in [*found, *greedy(model, row[None])]:
            assert h.log_prob == pytest.approx(log_prob(model, row, said(h)), abs=1e-4)
            assert h.score == pytest.approx(h.log_prob / ((5 + len(said(h))) / 6) ** 0.6, abs=1e-4)


def test_n_best_are_different_and_sorted(model, src):
    for found in beam_search(model, src, 5, n_best=5):
        assert len(found) == 5 == len({tuple(said(h)) for h in found})
        assert found == sorted(found, key=lambda h: (h.finished, h.score), reverse=True)


def test_a_beam_of_one_is_greedy(make_model, norm, src):
    for seed in range(5):
        model = make_model(seed, norm=norm)
        for alpha in (0.0, 0.6, 3.0):
            (one,) = zip(*beam_search(model, src, 1, alpha), strict=True)
            assert ids(one) == ids(greedy(model, src))
            own = [h.log_prob for h in greedy(model, src)]  # sums in float32
            assert [h.log_prob for h in one] == pytest.approx(own, rel=1e-6, abs=1e-5)


# ---------------------------------------------------------------- what must not matter

SEARCHES = {
    "greedy": greedy,
    "beam": lambda *args, **options: beam_search(*args, beam=4, n_best=3, **options),
}


@pytest.fixture(params=SEARCHES)
def search(request):
    return SEARCHES[request.param]


def test_the_cache_changes_nothing(make_model, norm, src, search, without_cache):
    for seed in range(3):
        model = make_model(seed, norm=norm)
        assert ids(without_cache(search, model, src)) == ids(search(model, src))


def test_looking_seldom_changes_nothing(model, src, search, monkeypatch):
    """Sentences that have ended, or are as long as they may be, go on unseen for some steps."""
    for length in (None, 1, 9):
        at_once = search(model, src, max_length=length)
        for look in itertools.product((1, 2, 8), (0.5, 1)):
            monkeypatch.setitem(decoding.LOOKS, src.device.type, look)
            assert search(model, src, max_length=length) == at_once
        monkeypatch.setitem(decoding.LOOKS, src.device.type, (1, 1))


def test_batch_mates_change_nothing(model, device, search):
    torch.manual_seed(0)
    sources = [torch.randint(4, 17, (n,)).tolist() for n in (3, 9, 0, 1, 5, 5, 12, 2)]
    alone = [ids(search(model, source_batch([one], device)))[0] for one in sources]
    for size in (2, 3, 8):
        together = []
        for start in range(0, len(sources), size):
            together += ids(search(model, source_batch(sources[start : start + size], device)))
        assert together == alone


def test_padding_changes_nothing(model, src, search):
    assert ids(search(model, F.pad(src, (0, 6), value=PAD))) == ids(search(model, src))


def test_gates_work_in_a_search(model, src, without_cache):
    plain = ids(beam_search(model, src))
    for kind in ("encoder", "decoder", "cross"):
        model.gated_layers(kind)[0].gate = FixedGate(torch.tensor([0.0, 1.0, 0.0, 0.0])).to(src.device)
    assert ids(beam_search(model, src)) == ids(without_cache(beam_search, model, src)) != plain


def test_no_reference_can_be_given():
    for function in (greedy, beam_search, translate_n_best):
        assert not {"trg", "target", "targets", "reference", "references"} & set(inspect.signature(function).parameters)


def test_modes_and_weights_stay(model, src, search, monkeypatch):
    model.train()
    model.decoder[0].eval()  # a part that its owner holds still
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    search(model, src)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    monkeypatch.setattr(decoding, "_hypothesis", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        search(model, src)
    assert [module.training for module in model.modules()] == modes
    model(src, src).sum().backward()  # nothing of inference mode is left behind


def test_dropout_is_off(make_model, src, search):
    model = make_model(dropout=0.5).train()
    assert ids(search(model, src)) == ids(search(model, src))


# ---------------------------------------------------------------- lengths, forbidden tokens


def test_length_is_bounded_by_the_sentences_own(make_model, device, search):
    model = make_model()
    with torch.no_grad():
        model.generator.bias[EOS] = -1e9  # never ends by itself
    found = search(model, source_batch([[4] * 5, [], [7]], device))
    lengths = [{len(h.ids) for h in (one if isinstance(one, list) else [one])} for one in found]
    assert lengths == [{2 * 6 + 10}, {2 * 1 + 10}, {2 * 2 + 10}]
    found = search(model, source_batch([[4], [5, 6]], device), max_length=3)
    for one in found:
        for h in one if isinstance(one, list) else [one]:
            assert len(h.ids) == 3 and not h.finished


def test_a_model_that_always_ends_says_nothing(make_model, src, search):
    model = make_model()
    with torch.no_grad():
        model.generator.bias[EOS] = 1e9
    for one in search(model, src):
        best = one[0] if isinstance(one, list) else one
        assert best.ids == [] and best.finished


def test_pad_and_bos_are_never_said(make_model, src):
    model = make_model()
    with torch.no_grad():
        model.generator.bias[[PAD, BOS]] = 1e3
    found = [*greedy(model, src), *itertools.chain(*beam_search(model, src, 6, n_best=6))]
    assert not {PAD, BOS, EOS} & {i for h in found for i in h.ids}


@pytest.mark.parametrize(
    "wrong",
    [{"beam": 0}, {"beam": 2, "n_best": 3}, {"n_best": 0}, {"length_penalty": -1}, {"max_length": 0}, {"penalty": "x"}],
)
def test_wrong_settings_are_refused(model, src, bpe, wrong):
    with pytest.raises(NmtError):
        beam_search(model, src, **wrong)
    if not wrong.keys() & {"beam", "n_best"}:
        with pytest.raises(NmtError, match=next(iter(wrong))):
            greedy(model, src, **wrong)
        with pytest.raises(NmtError, match=next(iter(wrong))):
            translate(model, bpe, ["a cat."], beam=1, **wrong)


@pytest.mark.parametrize("wrong", ["a cat.", None, 5, [None], b"a cat"])
def test_what_is_no_list_of_sentences_is_refused(talker, bpe, wrong, tmp_path):
    for lowercase in (False, True):
        trained = Trained(talker, bpe, tmp_path, lowercase)
        for function in (trained.n_best, partial(translate, talker, bpe), partial(translate_n_best, talker, bpe)):
            with pytest.raises(NmtError, match="a list of sentences"):
                function(wrong)


def test_a_model_of_lower_case_reads_lower_case(talker, bpe, tmp_path):
    trained = Trained(talker, bpe, tmp_path, lowercase=True, words=("cat",))
    for line in ("a Cat sees snow.", "A CAT SEES SNOW."):
        (found,), (expected,) = trained.n_best([line]), trained.n_best([line.lower()])
        assert found == expected and found[0].unseen == ["a", "sees", "snow"]


def test_bfloat16_searches_too(make_model, src, device, search, without_cache):
    """In mixed precision the cache holds bfloat16; scores stay float32 and near those of the exact model."""
    model = make_model().float()
    with torch.autocast(device.type, torch.bfloat16):
        found = [
            *zip(src, search(model, src), strict=True),
            *zip(src, without_cache(search, model, src), strict=True),
        ]
    for row, one in found:
        for h in one if isinstance(one, list) else [one]:
            assert h.log_prob == pytest.approx(log_prob(model, row, said(h)), rel=0.05, abs=0.5)


def test_a_model_of_nan_is_no_silent_translator(model, src, search):
    with torch.no_grad():
        model.encoder_norm.weight.fill_(math.nan)
    with pytest.raises(NmtError, match="NaN"):
        search(model, src)


def test_no_sentences_no_translations(model, device):
    empty = torch.empty(0, 3, dtype=torch.int64, device=device)
    assert greedy(model, empty) == [] == beam_search(model, empty)


# ---------------------------------------------------------------- text


@pytest.fixture
def talker(bpe, make_model) -> Transformer:
    model = make_model(src_vocab_size=bpe[0].vocab_size, trg_vocab_size=bpe[1].vocab_size)
    with torch.no_grad():
        model.generator.bias[EOS] = -20  # it never says nothing
    return model


LINES = ["a cat sees snow.", "", "   ", "the old dog looks for the bridge.", "\t", "Zürich!", "the girl draws a house."]


@pytest.mark.parametrize("beam", [1, 3])
def test_order_and_empty_lines_are_kept(talker, bpe, beam):
    found = translate(talker, bpe, LINES, beam=beam)
    assert found == [translate(talker, bpe, [line], beam=beam)[0] for line in LINES]
    assert found == translate(talker, bpe, LINES, beam=beam, batch_size=2)
    assert [bool(text) for text in found] == [bool(line.strip()) for line in LINES]
    assert translate(talker, bpe, []) == [] and translate(talker, bpe, ["", " "]) == ["", ""]


def test_empty_lines_do_not_reach_the_model(bpe):
    model = Transformer(TransformerConfig(80, 80, 1, 16, 2))
    model.encode = None
    assert translate(model, bpe, ["", "  "]) == ["", ""]


def test_a_line_of_any_length_is_translated(talker, bpe, monkeypatch):
    monkeypatch.setattr(decoding, "LONGEST", 20)
    text = "the old dog sees the forest. " * 20 + "dog" * 100
    (found,) = translate_n_best(talker, bpe, [text], n_best=2, max_length=4)
    assert len(found) == 2
    for one in found:
        assert len(one.hypotheses) > 10
        assert one.text == " ".join(filter(None, bpe[1].decode([h.ids for h in one.hypotheses])))


def test_a_long_line_is_cut_at_the_end_of_a_sentence_or_word(bpe, monkeypatch):
    whole = bpe[0].encode(["the old dog. " * 3 + "a cat sees " * 40 + "x" * 300])[0]
    for longest in (10, 20, 50):
        monkeypatch.setattr(decoding, "LONGEST", longest)
        text = "the old dog. " * 3 + "a cat sees " * 40 + "x" * 300
        parts = decoding._cut(bpe[0], text, whole)
        assert list(itertools.chain(*parts)) == whole  # nothing is lost
        assert all(0 < len(part) <= longest for part in parts)
        assert all(bpe[0].decode([part])[0] for part in parts)
    monkeypatch.setattr(decoding, "LONGEST", 40)
    sentences = "the old dog sees the forest. a bird sees snow. "
    texts = bpe[0].decode(decoding._cut(bpe[0], sentences * 9, bpe[0].encode([sentences * 9])[0]))
    assert all(text.endswith(".") for text in texts)


def test_attention_is_that_of_the_forward_pass(talker, bpe):
    lines = LINES[:4]
    for line, found in zip(lines, translate_n_best(talker, bpe, lines, n_best=2), strict=True):
        for one in found:
            assert len(one.hypotheses) == bool(line.strip())
            for h in one.hypotheses:
                source = bpe[0].encode([line])[0]
                (found_maps,) = attention_maps(talker, [source], [h.ids])
                src = source_batch([source], next(talker.parameters()).device)
                _, maps = talker(src, pad([[BOS, *h.ids]], src.device), return_attention=True)
                for kind, layers in maps.items():
                    torch.testing.assert_close(found_maps[kind], torch.cat(layers).detach().cpu().float())


def test_maps_are_cut_to_each_sentence(talker):
    maps = attention_maps(talker, [[4, 5, 6], [7]], [[8], [9, 10]])
    assert {k: tuple(v.shape) for k, v in maps[0].items()} == {
        "encoder": (2, 4, 4, 4),
        "decoder": (2, 4, 2, 2),
        "cross": (2, 4, 2, 4),
    }
    assert {k: tuple(v.shape) for k, v in maps[1].items()} == {
        "encoder": (2, 4, 2, 2),
        "decoder": (2, 4, 3, 3),
        "cross": (2, 4, 3, 2),
    }
    for one in maps:
        for weights in one.values():
            torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


def test_score_of_a_pair_is_its_log_probability(talker, bpe, pairs):
    pairs = [*pairs[:5], ("a cat.", ""), ("", "кот"), ("", "")]
    for (english, russian), score in zip(pairs, score_pairs(talker, bpe, pairs, batch_size=3), strict=True):
        src = source_batch(bpe[0].encode([english]), next(talker.parameters()).device)
        assert score == pytest.approx(log_prob(talker, src, [*bpe[1].encode([russian])[0], EOS]), rel=1e-5)
    assert score_pairs(talker, bpe, []) == []


# ---------------------------------------------------------------- learning


def test_one_batch_is_learnt_by_heart(bpe, pairs, device, norm):
    """Loss near zero without label smoothing, and both searches say the references."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(80, 80, 2, 64, 4, dropout=0.0, norm=norm)).to(device)
    chosen = pairs[::30]
    src = source_batch(bpe[0].encode([english for english, _ in chosen]), device)
    trg = pad([[BOS, *ids, EOS] for ids in bpe[1].encode([russian for _, russian in chosen])], device)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.98))
    for _ in range(120):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(src, trg[:, :-1]).flatten(0, 1), trg[:, 1:].flatten(), ignore_index=PAD)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
    for beam in (1, 4):
        assert translate(model, bpe, [english for english, _ in chosen], beam=beam) == [
            russian for _, russian in chosen
        ]
    right = score_pairs(model, bpe, chosen)
    wrong = score_pairs(model, bpe, [(english, chosen[i - 1][1]) for i, (english, _) in enumerate(chosen)])
    assert all(a > -0.5 > -5 > b for a, b in zip(right, wrong, strict=True))


def test_what_is_typed_is_cut_into_sentences_and_joined(talker, bpe):
    one, two = "the old dog sees snow.", "a cat sees the forest!"
    alone = [best.text for best, *_ in translate_n_best(talker, bpe, [one, two], typed=True)]
    (joined,), (whole,) = (translate_n_best(talker, bpe, [f"{one} {two}"], typed=typed) for typed in (True, False))
    assert joined[0].text == " ".join(alone) and len(joined[0].hypotheses) == 2 and len(whole[0].hypotheses) == 1


def test_two_sentences_that_became_one_are_translated_one_by_one(talker, bpe, monkeypatch):
    one, two = "the old dog sees snow.", "it sees the forest!"
    written = translate_n_best(talker, bpe, [one, two], typed=True)
    monkeypatch.setattr(bpe[1], "decode", lambda ids: ["Да."] * len(ids))  # whatever the model writes
    ((apart,),) = translate_n_best(talker, bpe, [f"{one} {two}"], typed=True)
    assert apart.sentences == [one, two] and apart.hypotheses == [best.hypotheses[0] for (best,) in written]
    monkeypatch.setattr(bpe[1], "decode", lambda ids: ["Да. Да."] * len(ids))
    ((together,),) = translate_n_best(talker, bpe, [f"{one} {two}"], typed=True)
    assert together.sentences == [f"{one} {two}"] and len(together.hypotheses) == 1


def test_what_is_typed_never_comes_back_empty(talker, bpe):
    with torch.no_grad():
        talker.generator.bias[EOS] = 100  # more, and the others would all be equal
    lines = ["a cat sees snow.", "", "the girl draws. a house!"]
    for beam in (1, 4):
        assert translate(talker, bpe, lines, beam) == ["", "", ""]
        found = translate(talker, bpe, lines, beam, typed=True)
        assert found[0] and found[2] and not found[1]


def test_what_is_all_in_capitals_comes_back_in_capitals(talker, bpe):
    lines = ["THE OLD DOG SEES SNOW.", "The old dog sees snow.", ""]
    for beam in (1, 4):
        loud, quiet, blank = translate(talker, bpe, lines, beam, typed=True)
        assert loud == quiet.upper() != quiet and not blank
        assert translate(talker, bpe, lines[:1], beam) != [loud]  # of a file nothing is changed


def test_what_speaks_against_a_translation_is_said(talker, bpe):
    ((best,),) = translate_n_best(talker, bpe, ["the old dog ☃ sees snow."], typed=True)
    assert "not English" in translate_n_best(talker, bpe, ["слово"], typed=True)[0][0].doubt
    assert best.unknown == ["☃"] and best.doubt.endswith("no piece for ☃")
    for mean, doubtful in ((decoding.DOUBTFUL + 0.1, False), (decoding.DOUBTFUL - 0.1, True)):
        parts = [decoding.Hypothesis([4, 5], 3 * mean, 0.0), decoding.Hypothesis([4], mean, 0.0, finished=False)]
        assert bool(decoding.Translation("", parts).doubt) == doubtful
    assert decoding.Translation("", []).doubt == decoding.Translation("5.", []).doubt == ""
    assert decoding.Translation("PLEASE CLOSE", []).doubt == "nothing in it is Russian"
