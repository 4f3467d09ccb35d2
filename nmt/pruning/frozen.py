"""Which part of the model does not learn while the other part is pruned."""

from torch import nn

from nmt.transformer import Transformer

ENCODER = {"encoder", "encoder_ff"}


def frozen_modules(model: Transformer, kinds: tuple[str, ...]) -> list[nn.Module]:
    """What does not learn while only these kinds are pruned: the other side of the model.

    Pruning the encoder leaves decoder, target embedding and generator as they are (Voita et al. 2019, section 6.2).
    Otherwise the decoder would learn to do without the encoder, and one would see what the two can do together, not
    which heads the encoder needs. Pruning on both sides freezes nothing.
    """
    if set(kinds) <= ENCODER:
        return [model.decoder, model.decoder_norm, model.trg_embedding, model.generator]
    if not set(kinds) & ENCODER:
        return [model.encoder, model.encoder_norm, model.src_embedding]
    return []
