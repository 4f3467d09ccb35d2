"""The gold structure of a generated sentence: which words translate which, and which word decides a form."""

from gold import Gold
from grammar.sentences import Sentence


def gold(sentence: Sentence) -> Gold:
    in_english = {id(word): i for i, word in enumerate(sentence.english)}
    in_russian = {id(word): i for i, word in enumerate(sentence.russian)}
    alignment = [[in_english[id(s)] for s in word.source if id(s) in in_english] for word in sentence.russian]
    links, source_links = [], []
    for i, word in enumerate(sentence.russian):
        for kind, head in word.links:
            j = in_russian[id(head)]
            links.append((kind, i, j))
            if alignment[i] and alignment[j] and alignment[i][0] != alignment[j][0]:
                source_links.append((kind, alignment[i][0], alignment[j][0]))
    return Gold(
        english=[word.form for word in sentence.english],
        russian=[word.form for word in sentence.russian],
        lemmas=[word.lemma for word in sentence.russian],
        features=[f"{word.pos} {word.cell}".strip() for word in sentence.russian],
        alignment=alignment,
        links=links,
        source_links=list(dict.fromkeys(source_links)),
        tags=sorted(sentence.notes.tags),
    )
