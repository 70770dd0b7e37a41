"""The codec's two ways to fail.

CodecError (a ValueError)
├── DecodeError             the device sent nonsense
│   └── UnknownOpcodeError  a CDB whose operation code no command here has
└── EncodeError             we asked for nonsense
"""

from __future__ import annotations


class CodecError(ValueError):
    """Bytes and values could not be turned into each other."""


class DecodeError(CodecError):
    """The bytes cannot be what they were said to be: the device, or a file, holds nonsense."""


class UnknownOpcodeError(DecodeError):
    """The CDB carries an operation code or service action that no command here has (05/20/00 to a target)."""


class EncodeError(CodecError):
    """A value does not fit the field it must go into: the caller asked for nonsense."""
