"""nmt: an English-Russian Transformer from scratch, and which of its heads matter.

The way of the data, and the module of each step:

    corpora -> bpe -> batches -> transformer (attention) -> training or decoding -> runs

One alphabet for the shapes of tensors, in every docstring and comment:

    B batch (sentences)      D d_model                 V vocabulary
    S source length          H heads                   L blocks (layers)
    T target length          K size of one head        F feed-forward size

Masks are boolean, True means "may look", and broadcast to (B, H, query, key).
"""

__version__ = "0.1.0"

PAD, UNK, BOS, EOS = 0, 1, 2, 3  # the ids of the special tokens, in every vocabulary


class NmtError(ValueError):
    """Bad input or a bad setting. The message names the file, line or flag, and the mend.

    The command line prints it without a traceback and exits with status 2.
    """


def load(checkpoint, device="cpu"):
    """A trained model that translates: from a run, a model directory or a shipped name. See `nmt.runs.load`."""
    from nmt.runs import load as load_trained

    return load_trained(checkpoint, device)
