"""What the tests share: devices, a tiny model, a tiny corpus of our own with its BPE, the log of a run."""

import functools
import itertools
import json

import pytest
import torch

import nmt.cli.arguments
import nmt.decoding
import nmt.plumbing.provenance
from nmt.batches import source_batch
from nmt.bpe import train
from nmt.corpora.corpus import prepare
from nmt.runs import Run
from nmt.transformer import Transformer, TransformerConfig

torch.set_num_threads(1)  # tensors here are too small to share between cores


@pytest.fixture(scope="session", autouse=True)
def git_asked_once():
    """Asking git for the revision takes as long as some steps of a tiny run, and there are many such runs."""
    revision = nmt.plumbing.provenance.git_revision
    asked = functools.cache(lambda place: revision())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nmt.plumbing.provenance, "git_revision", lambda: asked(nmt.plumbing.provenance.clone()))
        yield


@pytest.fixture(scope="session", autouse=True)
def the_power_stays_on():
    """To wait for the disk takes longer than a step of a tiny run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda opened: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_pictures_of_runs():
    """Drawing takes longer than a tiny run; test_plots draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nmt.cli.arguments, "draw", lambda run, log: None)
        yield


@pytest.fixture(params=["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
def device(request) -> torch.device:
    """Every law holds on each device there is."""
    return torch.device(request.param)


@pytest.fixture(params=["pre", "post"])
def norm(request) -> str:
    return request.param


@pytest.fixture
def make_model(device):
    """make_model(**changes of the config) -> a tiny model in float64, so that only errors differ, not rounding.

    No dropout, and weights so large that its softmax is far from flat.
    """

    def make(seed: int = 0, **changes) -> Transformer:
        torch.manual_seed(seed)
        size = {"src_vocab_size": 17, "trg_vocab_size": 19, "d_model": 16, "num_heads": 4, "d_ff": 24, "dropout": 0.0}
        model = Transformer(TransformerConfig(**{**size, **changes})).to(torch.float64)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(2) if parameter.dim() > 1 else parameter.add_(0.1 * torch.randn_like(parameter))
        return model.to(device)  # drawn before: each device has random numbers of its own

    return make


@pytest.fixture
def src(device) -> torch.Tensor:
    """Four sources of different lengths, one of them empty: (4, 7)."""
    return source_batch([[4, 5, 6], [7, 8, 9, 10, 11, 12], [], [13, 4]], device)


class _WholePrefix:
    """What a search asks of the model, answered by the Transformer itself: each step reads all the words anew."""

    def __init__(self, model, src):
        self.model, self.words = model, src.new_empty(len(src), 0)
        self.memory, self.mask, _ = model.encode(src)

    def select(self, rows, sentences=None):
        self.words = self.words[rows]
        if sentences is not None:
            self.memory, self.mask = self.memory[sentences], self.mask[sentences]

    def step(self, words):
        self.words = torch.cat([self.words, words[:, None]], 1)
        memory, mask = (part.repeat_interleave(len(words) // len(self.memory), 0) for part in (self.memory, self.mask))
        return self.model.generator(self.model.decode(self.words, memory, mask)[0][:, -1])


@pytest.fixture
def without_cache():
    """without_cache(search, …) -> what the search finds when each step is computed anew from all target words."""

    def found(search, *arguments, **options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nmt.decoding, "Decoder", _WholePrefix)
            return search(*arguments, **options)

    return found


SUBJECTS = {"a cat": "кот", "the old dog": "старая собака", "my brother": "мой брат", "an engineer": "инженер"}
SUBJECTS |= {"the girl": "девочка", "our friend": "наш друг", "a bird": "птица"}
VERBS = {"sees": "видит", "draws": "рисует", "loves": "любит", "remembers": "помнит", "looks for": "ищет"}
OBJECTS = {"the sea": "море", "a house": "дом", "the forest": "лес", "an apple": "яблоко", "the bridge": "мост"}
OBJECTS |= {"a letter": "письмо", "snow": "снег"}


@pytest.fixture(scope="session")
def pairs() -> list[tuple[str, str]]:
    """245 sentences of our own, English and Russian."""
    phrases = itertools.product(SUBJECTS.items(), VERBS.items(), OBJECTS.items())
    return [tuple(" ".join(words) + "." for words in zip(*phrase, strict=True)) for phrase in phrases]


@pytest.fixture(scope="session")
def corpus(pairs, tmp_path_factory):
    """`pairs` as a prepared corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    file = folder / "tiny.tsv"
    file.write_text("".join(f"{en}\t{ru}\n" for en, ru in pairs), encoding="utf-8")
    return prepare(file, folder / "cache")


@pytest.fixture(scope="session")
def bpe(corpus):
    """(English, Russian) BPE of `corpus`, 80 entries each."""
    root = corpus.directory.parent.parent
    return train(corpus, "en", 80, root), train(corpus, "ru", 80, root)


@pytest.fixture
def logged_run(tmp_path) -> Run:
    """A run of two epochs, validated before the first: its log only."""
    config = {"training": {"val_split": "train", "max_epochs": 2}, "corpus": {}, "bpe": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = Run(tmp_path)
    for epoch in range(3):
        place = {"step": 10 * epoch, "epoch": epoch, "minutes": float(epoch), "lr": 0.1}
        if epoch:
            run.append("metrics.jsonl", {**place, "split": "train", "loss": 5.0 - epoch})
        scores = {"loss": 4.0 - epoch, "bleu": 10.0 * epoch, "chrf": 20.0 * epoch}
        run.append("metrics.jsonl", {**place, "split": "valid", **scores})
    return run
