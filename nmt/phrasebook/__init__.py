"""The embedded phrasebook: a bilingual world with known answers. See data/phrasebook/README.md."""

from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data" / "phrasebook"
