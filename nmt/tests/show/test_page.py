"""The page figures/switchboard.html: its JavaScript computes what PyTorch does, with the weights that the page holds.

Without node the tests of the JavaScript are skipped and say so.
"""

import base64
import json
import random
import re
import shutil
import subprocess
import zlib
from functools import cache
from importlib.util import find_spec
from unicodedata import ucd_3_2_0

import pytest
import torch

import nmt
from nmt import BOS
from nmt.analysis import attention_maps, score_pairs
from nmt.batches import pad, source_batch
from nmt.corpora.corpus import prepare
from nmt.corpora.normalise import clean, translatable_parts
from nmt.decoding import DOUBTFUL, evaluating
from nmt.plumbing.places import in_clone, shipped
from nmt.pruning import masks
from nmt.show.live import Live
from nmt.transformer import KINDS

page = pytest.importorskip("page", reason="needs the clone: data/page")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NODE = shutil.which("node")
with_node = pytest.mark.skipif(not NODE, reason="no node here: apt-get install nodejs, 18 or later")
PAGE = in_clone("figures", "switchboard.html")
NAMES = ("phrasebook", "phrasebook-pruned")


@cache
def models():
    shipped_ones = {name: nmt.load(name) for name in NAMES}
    numbers = page.rounded(*shipped_ones.values())
    pairs = zip(shipped_ones.items(), numbers, strict=True)
    return {name: page.as_in_the_page(trained, its) for (name, trained), its in pairs}


@cache
def header():
    text = re.search(r'<script id="data"[^>]*>(.*?)</script>', PAGE.read_text(encoding="utf-8"), re.DOTALL)[1].strip()
    data = zlib.decompressobj().decompress(base64.b85decode(text.translate(str.maketrans("[]", "<&"))))
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


def in_node(questions: list[dict]) -> list:
    script = page.WEB / "in_node.js"
    text = json.dumps(questions)
    done = subprocess.run([NODE, str(script), str(PAGE)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def pairs():
    return list(prepare("phrasebook", log=lambda text: None).pairs("test", 40))


def some_closed(live: Live, seed: int) -> tuple[masks.Mask, list[str]]:
    """A mask with a third of the heads closed, and their names in the page."""
    there = [(kind, *place) for kind in KINDS for place in live.heads[kind].nonzero().tolist()]
    closed = random.Random(seed).sample(there, len(there) // 3)
    mask = {kind: row.clone() for kind, row in live.heads.items()}
    for kind, layer, head in closed:
        mask[kind][layer, head] = False
    return mask, [f"{kind}.{layer}.{head}" for kind, layer, head in closed]


def test_the_committed_page_is_that_of_the_shipped_models_and_of_this_code():
    text = PAGE.read_text(encoding="utf-8")
    for name in (*page.SCRIPTS, "page.css"):
        assert (page.WEB / name).read_text(encoding="utf-8") in text, "run: python data/page/page.py"
    for of_model in header()["models"]:
        about = json.loads((shipped() / "models" / of_model["name"] / "model.json").read_text())
        assert of_model["sha256"] == about["sha256"]["model.safetensors"], "run: python data/page/page.py"
    assert header()["doubtful"] == DOUBTFUL, "run: python data/page/page.py"


def test_the_page_is_one_small_file_that_asks_the_network_for_nothing():
    text = PAGE.read_text(encoding="utf-8")
    assert len(text.encode()) <= 3_500_000
    # The data may hold any characters, but nothing that ends its element.
    visible = re.sub(r'(<script id="data"[^>]*>)[^<]*(</script>)', r"\1\2", text)
    assert not re.search(r"https?://|\bsrc\s*=|\bimport\b|fetch\(|XMLHttpRequest|url\(", visible)


def test_only_a_model_and_one_pruned_from_it_go_into_the_page():
    with pytest.raises(nmt.NmtError, match="pruned from it"):
        page.rounded(nmt.load("phrasebook"), nmt.load("real"))


def test_most_translations_are_those_of_the_shipped_models():
    found = header()["faithful"]
    assert found["sentences"] == 500 and min(found["dense"], found["pruned"]) >= 495
    english = [pair[0] for pair in pairs()[:20]]
    for name, rounded in models().items():
        both = zip(rounded.translate(english), nmt.load(name).translate(english), strict=True)
        assert sum(one == other for one, other in both) >= 19


@with_node
def test_logits_maps_and_log_probabilities_are_pytorchs():
    questions, expected = [], []
    for name, trained in models().items():
        live = Live(trained)
        for seed, (english, russian) in enumerate(pairs()[:6]):
            mask, closed = some_closed(live, seed) if seed else (live.heads, [])
            live.open_only(mask)
            ids = [bpe.encode([text])[0] for bpe, text in zip(trained.bpe, (english, russian), strict=True)]
            with evaluating(live.model):
                logits = live.model(source_batch([ids[0]], "cpu"), pad([[BOS, *ids[1]]], "cpu"))[0]
            cross = attention_maps(live.model, [ids[0]], [ids[1]])[0]["cross"]
            kept = [cross[layer, heads] for layer, heads in enumerate(live.model.config.kept("cross"))]
            expected.append((logits, score_pairs(live.model, live.bpe, [(english, russian)])[0], kept))
            questions.append({"model": name, "closed": closed, "pair": ids})
        live.open_only(live.heads)
    for (logits, log_prob, maps), found in zip(expected, in_node(questions), strict=True):
        assert torch.allclose(torch.tensor(found["logits"]), logits, atol=1e-3)
        assert found["logProb"] == pytest.approx(log_prob, abs=1e-3)
        for layer, of_layer in zip(maps, found["cross"], strict=True):
            assert torch.allclose(torch.tensor(of_layer), layer, atol=1e-4)


@with_node
def test_translations_are_pytorchs_also_with_heads_closed():
    questions, expected = [], []
    for name, trained in models().items():
        live = Live(trained)
        for seed, (english, _) in enumerate(pairs()[:12]):
            mask, closed = some_closed(live, seed) if seed % 2 else (live.heads, [])
            live.open_only(mask)
            expected.append([trained.translate(english), trained.translate(english, beam=1)])
            questions.append({"model": name, "closed": closed, "text": english})
        live.open_only(live.heads)
        for english in ("The dog sleeps. She does not eat.", "It is he. He is at home.", "Is he late? No, he's not."):
            expected.append([trained.translate(english), trained.translate(english, beam=1)])
            questions.append({"model": name, "closed": [], "text": english})
    assert [list(found.values()) for found in in_node(questions)] == expected


@with_node
def test_text_is_read_as_in_python():
    draw = random.Random(1)
    # Old characters: Python and node need not have the same edition of Unicode.
    old = [chr(i) for i in range(1, 0x20000) if ucd_3_2_0.category(chr(i)) not in ("Cn", "Cs")]
    common = [c for c in old if ord(c) < 0x460 or 0x2000 <= ord(c) < 0x2070 or c in "▁▂"]
    known = ["The", "old", "teacher", "does", "not", "drink.", "Mr.", "Brown's", "dog?", "“Why?”", "he", "It", "3.5!"]
    known += ["Is it?", "Yes, it is.", "No, they don’t!", "no, we cannot", "No, I'm not"]
    texts = ["", " ", "a\x85b\x1cc", "▁a▁", "I. He said. It is.", "İstanbul ﬁne e\u0301"]
    for _ in range(500):
        strange = ["".join(draw.choices(draw.choice((common, old)), k=draw.randrange(1, 6))) for _ in "ab"]
        words = draw.choices(known, k=draw.randrange(1, 8)) + strange
        draw.shuffle(words)
        texts.append(draw.choice((" ", "", "\u00a0")).join(words))
    found = in_node([{"model": NAMES[0], "clean": text} for text in texts])
    assert found == [{"text": clean(text), "parts": translatable_parts(text)} for text in texts]
    english = models()[NAMES[0]].bpe[0]
    found = in_node([{"model": NAMES[0], "encode": clean(text)} for text in texts])
    pieces, ids = [one["pieces"] for one in found], [one["ids"] for one in found]
    assert ids == english.encode([clean(text) for text in texts])
    assert pieces == [english.pieces(clean(text)) for text in texts]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium")
@pytest.mark.skipif(not find_spec("playwright"), reason="no playwright here: pip install playwright")
def test_in_a_browser_without_network_a_closed_head_changes_a_word_and_the_address_brings_it_back():
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1000, "height": 900})
        asked, wrong = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.goto(PAGE.as_uri())
        opened, whole = tab.locator("#open"), tab.locator("#whole")
        expect(whole).to_have_text("Кошка не пьёт молоко.", timeout=60_000)
        expect(opened.locator("del")).to_have_text("не")  # the page begins with the head that carries "not" closed
        tab.get_by_label("cross · layer 0 · head 0: closed").click()
        expect(opened.locator("del")).to_have_count(0)
        tab.get_by_role("button", name="negation", exact=True).click()
        expect(tab.locator("#tested")).to_contain_text("log P")
        tab.get_by_label("English sentence").fill("The girl is sad. <b>x</b>")
        expect(tab.locator("#tested")).to_be_empty()
        tab.get_by_label("English sentence").fill("The girl is sad.")
        expect(whole).to_have_text(nmt.load(NAMES[1]).translate("The girl is sad."))
        tab.get_by_role("button", name="all 48 heads").click()
        tab.get_by_role("button", name="close the encoder’s").click()
        expect(tab.locator("#heads .head[aria-pressed=true]")).to_have_count(16)
        tab.get_by_role("button", name="По-русски").click()
        expect(tab.get_by_role("heading").first).to_contain_text("голову")
        said, address = opened.inner_text(), tab.url
        again = browser.new_page(color_scheme="dark", viewport={"width": 360, "height": 700})
        again.goto(address)
        expect(again.locator("#open")).to_have_text(" ".join(said.split()), timeout=60_000)
        expect(again.locator("#heads .head[aria-pressed=true]")).to_have_count(16)
        for each in (tab, again):
            assert each.evaluate("document.documentElement.scrollWidth <= innerWidth")
        head = again.get_by_label("cross · слой 1 · голова 0: открыта")
        head.focus()
        again.keyboard.press("Enter")
        expect(again.locator("#heads .head[aria-pressed=true]")).to_have_count(17)
        expect(again.get_by_label("cross · слой 1 · голова 0: закрыта")).to_be_focused()
        browser.close()
    assert not wrong and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
