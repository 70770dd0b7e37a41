"""SMC-3 and what a changer needs of SPC and SSC, as bytes and as values, both ways. Nothing else.

Pure: no I/O, no clock, no log; standard library only. Each module covers one kind of data, and is imported
by name (`from rsm_smc import elements`):

    cdb           commands            elements      READ ELEMENT STATUS data
    sense         sense data          reactions     what sense codes mean, and what to do about them
    identity      INQUIRY and VPD     mode          pages 1Dh, 1Eh, 1Fh and 1Fh/41h
    logpage       TapeAlert           attributes    a cartridge's memory chip
    volume_tags   searches            reservations  persistent reservations
    report        REPORT ELEMENT INFORMATION
    text          hex captures and text fields
    errors        the two ways to fail

Section numbers in the docstrings (scsi.md §1.5) are those of the project's digest of SCSI changers.
"""

from .errors import CodecError, DecodeError, EncodeError, UnknownOpcodeError

__all__ = ["CodecError", "DecodeError", "EncodeError", "UnknownOpcodeError"]
