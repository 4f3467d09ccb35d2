"""nmt: an English-Russian Transformer from scratch, and which of its heads matter.

The core, in reading order; each file imports only files above it, `corpora` and `plumbing`:

    attention.py    masks, one head, many heads, a gate on each head
    gates.py        hard concrete gates
    transformer.py  positions, blocks, encoder, decoder, generator
    config.py       every setting of a training run, with its reason
    bpe.py          text <-> pieces
    tokens.py       the ids of a corpus on disk
    batches.py      sentences of similar length, padded
    objective.py    what a step of training minimises
    decoding.py     greedy and beam search
    scoring.py      loss, BLEU and chrF on held-out pairs
    analysis.py     attention maps, probabilities of given pairs, where a prediction comes from
    models.py       a model directory: save, load, translate
    runs.py         a run directory: all that a training run leaves behind
    training.py     the loop

The wings: `corpora` turns names and files into clean, split pairs; `plumbing` keeps runs safe (whole files, locks,
several processes, checkpoints, resuming); `pruning` chooses heads and takes the others out; `exchange` takes models
of Marian and gives ours to other engines; `phrasebook` knows the structure of the embedded corpus; `show` draws;
`course` is what the cells of the notebooks call; `cli` is the command line; `tests` mirrors them all.

One alphabet for the shapes of tensors, in every docstring and comment:

    B batch (sentences)      D d_model                 V vocabulary
    S source length          H heads                   L blocks (layers)
    T target length          K size of one head        F feed-forward size

Masks are boolean, True means "may look", and broadcast to (B, H, query, key).
"""

__version__ = "0.1.0"

PAD, UNK, BOS, EOS = 0, 1, 2, 3  # the ids of the special tokens, in every vocabulary

KINDS = "encoder", "decoder", "cross"  # of heads: encoder self-attention, decoder self-attention, cross-attention
NEURONS = "encoder_ff", "decoder_ff"  # the feed-forward neurons of either side


class NmtError(ValueError):
    """Bad input or a bad setting. The message names the file, line or flag, and the mend.

    The command line prints it without a traceback and exits with status 2.
    """


def load(checkpoint, device="cpu", int8=False):
    """A trained model that translates: of a run, a model directory or one that ships. See `nmt.runs.load`."""
    from nmt.runs import load as load_trained

    return load_trained(checkpoint, device, int8)
