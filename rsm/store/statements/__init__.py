"""SQL by name: each file of this directory holds statements headed by `-- name: WORD` lines."""

from __future__ import annotations

import os

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs start-up time
_MARK = "-- name: "


def load(topic: str) -> dict[str, str]:
    """Give the statements of `TOPIC.sql` by name; text before the first name is commentary."""
    with open(os.path.join(_HERE, topic + ".sql"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        parts = file.read().split(_MARK)[1:]
    named = (part.partition("\n") for part in parts)
    return {name.strip(): body.strip() for name, _, body in named}
