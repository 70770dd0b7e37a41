"""READ ELEMENT STATUS data (SMC-3; scsi.md §1.5): bytes to values with `decode`, and back with `encode`.

`decode` reads what libraries really send. Its rules, each a row of scsi.md §3: step by the descriptor length
declared, and stop on 0; believe the header's byte count only as far as the bytes go; read a field only where
it lies inside its descriptor; keep a cut descriptor that has its first six bytes; drop a cut identifier whole.
Whatever had to be read around is a warning in the result.
"""

from __future__ import annotations

from ._element_reader import decode
from ._element_values import (
    CodeSet,
    Element,
    ElementKind,
    ElementStatus,
    Identifier,
    IdentifierForm,
    IdentifierType,
    Oddity,
    OddityKind,
    ScsiAddress,
)
from ._element_writer import Layout, encode

Warning_ = Oddity

__all__ = [
    "CodeSet",
    "Element",
    "ElementKind",
    "ElementStatus",
    "Identifier",
    "IdentifierForm",
    "IdentifierType",
    "Layout",
    "Oddity",
    "OddityKind",
    "ScsiAddress",
    "Warning_",
    "decode",
    "encode",
]
