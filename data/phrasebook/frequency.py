"""A score that knows how frequent words are and nothing else: what it gets right of a contrast set says little."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

from gold import words


def unigram(lines: Iterable[str]) -> Callable[[str], float]:
    """Log-probability of a line by how often its words stand in `lines`, add-one smoothed; knows no order."""
    counts = Counter(word for line in lines for word in words(line.lower()))
    total = math.log(counts.total() + len(counts))
    return lambda line: math.fsum(math.log(counts[word] + 1) - total for word in words(line.lower()))
