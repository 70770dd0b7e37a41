"""What READ ELEMENT STATUS says, as values. NamedTuples: a library has tens of thousands of these."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

from .text import pad_field, strip_field


class ElementKind(IntEnum):
    """Element type codes of SMC-3 (scsi.md §1.5 byte 1)."""

    TRANSPORT = 1
    STORAGE = 2
    IMPORT_EXPORT = 3
    DATA_TRANSFER = 4


class CodeSet(IntEnum):
    """How the bytes of an identifier are to be read (SPC, designation descriptor)."""

    BINARY = 1
    ASCII = 2
    UTF8 = 3


class IdentifierType(IntEnum):
    """What the bytes of an identifier name (SPC, designation descriptor)."""

    VENDOR_SPECIFIC = 0
    T10 = 1
    EUI64 = 2
    NAA = 3


_BEFORE_SERIAL = 24
"""Bytes of vendor and product in a T10 identifier."""
_T10_LENGTH_WITHOUT_PRODUCT = 32
"""Vendor and a 24-byte serial, no product: it cannot be told from vendor, product and 8 bytes of serial."""


class Identifier(NamedTuple):
    """A drive's identifier as the library reports it under DVCID (scsi.md §1.5, §3 row 7).

    `serial` is None where the bytes do not say surely which of them are the serial number; `names` then still
    compares the whole with a serial number read from the drive itself.
    """

    code_set: int
    type: int
    data: bytes
    serial: str | None = None

    @classmethod
    def read(cls, code_set: int, type_: int, data: bytes) -> Identifier:
        """Return the identifier in these bytes with its serial number found, if it has one."""
        return tuple.__new__(cls, (code_set, type_, data, _serial(code_set, type_, data)))

    @classmethod
    def t10(cls, vendor: str, product: str, serial: str, width: int = 10) -> Identifier:
        """Return the form of IBM, Spectra and most: 8 vendor, 16 product, `width` serial characters."""
        data = pad_field(vendor, 8) + pad_field(product, 16) + pad_field(serial, width)
        return cls.read(CodeSet.ASCII, IdentifierType.T10, data)

    @classmethod
    def vendor_and_serial(cls, vendor: str, serial: str) -> Identifier:
        """Return the 32-byte T10 form without a product: 8 vendor, 24 serial characters."""
        return cls.read(CodeSet.ASCII, IdentifierType.T10, pad_field(vendor, 8) + pad_field(serial, 24))

    @classmethod
    def serial_number(cls, serial: str, width: int | None = None) -> Identifier:
        """Return the serial-only form: SuperLoader 3 in 16, HPE MSL in 10 or 20, Oracle in 32 characters."""
        data = pad_field(serial, len(serial) if width is None else width)
        return cls.read(CodeSet.ASCII, IdentifierType.VENDOR_SPECIFIC, data)

    @classmethod
    def naa(cls, name: bytes) -> Identifier:
        """Return the binary world wide name form (Quantum may report the drive's own page 83h)."""
        return cls(CodeSet.BINARY, IdentifierType.NAA, name)

    @property
    def vendor(self) -> str | None:
        """The T10 vendor identification, None for any other type."""
        return strip_field(self.data[:8]) if self._is_t10 else None

    @property
    def product(self) -> str | None:
        """The product identification of a T10 identifier that surely has one, else None."""
        if not self._is_t10 or len(self.data) == _T10_LENGTH_WITHOUT_PRODUCT:
            return None
        return strip_field(self.data[8:_BEFORE_SERIAL]) if len(self.data) > _BEFORE_SERIAL else None

    def names(self, serial: str) -> bool:
        """Tell whether this identifier is the one of the drive whose VPD page 80h says `serial`.

        A T10 identifier may hold vendor and serial without a product, so its tail is compared at both places.
        """
        wanted = serial.strip(" \0")
        if not wanted:
            return False
        if self.serial is not None:
            return self.serial == wanted
        return self._is_t10 and wanted in {
            strip_field(self.data[_BEFORE_SERIAL:]),
            strip_field(self.data[8:]),
        }

    @property
    def _is_t10(self) -> bool:
        return self.type == IdentifierType.T10 and self.code_set != CodeSet.BINARY


def _serial(code_set: int, type_: int, data: bytes) -> str | None:
    if code_set == _BINARY:
        return None
    if type_ == _T10:
        if len(data) <= _BEFORE_SERIAL or len(data) == _T10_LENGTH_WITHOUT_PRODUCT:
            return None
        data = data[_BEFORE_SERIAL:]
    elif type_ != _VENDOR_SPECIFIC:
        return None
    text = strip_field(data)
    return text if text and text.isascii() and text.isprintable() else None


# Plain numbers: comparing with an IntEnum's members costs more than the rest of reading an identifier.
_BINARY, _VENDOR_SPECIFIC, _T10 = (
    int(CodeSet.BINARY),
    int(IdentifierType.VENDOR_SPECIFIC),
    int(IdentifierType.T10),
)


class IdentifierForm(Enum):
    """Which identifier a library reports for a drive under DVCID=1; the value is its usual length in bytes."""

    NONE = ("none", 0)
    SERIAL = ("serial", 16)
    T10 = ("vendor, product and serial", 34)
    VENDOR_SERIAL = ("vendor and serial", 32)
    NAA = ("world wide name", 8)

    @property
    def room(self) -> int:
        """Bytes that the identifier itself takes, without its 4-byte header."""
        return self.value[1]

    def identify(self, vendor: str, product: str, serial: str, name: bytes = b"") -> Identifier | None:
        """Return a drive's identifier in this form. Raises EncodeError if a part is too long."""
        if self is IdentifierForm.NONE:
            return None
        if self is IdentifierForm.SERIAL:
            return Identifier.serial_number(serial, max(self.room, len(serial)))
        if self is IdentifierForm.T10:
            return Identifier.t10(vendor, product, serial, max(10, len(serial)))
        if self is IdentifierForm.VENDOR_SERIAL:
            return Identifier.vendor_and_serial(vendor, serial)
        return Identifier.naa(name)


class ScsiAddress(NamedTuple):
    """A drive's place on a parallel bus (descriptor bytes 6-7, obsolete since SMC-2)."""

    bus: int | None
    """Target id, None unless IDValid."""
    lun: int | None
    """Logical unit, None unless LUValid."""
    other_bus: bool = False
    """NotBus: the drive hangs on another bus than the changer."""


class Element(NamedTuple):
    """One element as reported (SMC-3 element descriptor; scsi.md §1.5).

    A field that a cut or old short descriptor does not hold is None. `exception` is (ASC, ASCQ) if Except=1.
    """

    address: int
    kind: ElementKind
    full: bool = False
    access: bool | None = None
    exception: tuple[int, int] | None = None
    source: int | None = None
    inverted: bool | None = False
    disabled: bool | None = False
    medium_type: int | None = 0
    volume_tag: str | None = None
    alternate_tag: str | None = None
    identifier: Identifier | None = None
    imported: bool = False
    """ImpExp: the medium in an import/export element was put there by hand."""
    export_enabled: bool = False
    import_enabled: bool = False
    connected_changer: bool = False
    """CMC (SMC-3): the import/export element leads to another changer."""
    operator_needed: bool = False
    """OIR (SMC-3): an operator must act before the import/export element can be used."""
    scsi_address: ScsiAddress | None = None
    volume_sequence: int = 0
    alternate_sequence: int = 0
    vendor: bytes = b""
    """Vendor bytes after the last standard field (Oracle SL500/150: media domain and type)."""


class OddityKind(Enum):
    """What a reply got wrong; the value is the sentence, with the oddity's own fields to fill in."""

    SHORT_REPLY = "the reply ends after {found} of the {declared} bytes that its header announces"
    COUNT_DIFFERS = "the header counts {declared} elements, the pages hold {found}"
    CUT_PAGE_HEADER = "an element status page header ends after {found} of {declared} bytes"
    UNKNOWN_ELEMENT_TYPE = "a page of element type {found} was skipped"
    ZERO_DESCRIPTOR_LENGTH = "a page gives its descriptor length as 0 and cannot be read"
    TINY_DESCRIPTOR_LENGTH = "a page gives its descriptor length as {declared}, too few to hold an element"
    ZERO_PAGE_BYTE_COUNT = "a page gives its byte count as 0; {found} was taken from the reply's header"
    PAGE_REMAINDER = "a page's byte count leaves {found} bytes over after its last whole descriptor"
    PAGE_OVERRUN = "a page announces {declared} bytes, the reply's header leaves it {found}"
    FALSE_DESCRIPTOR_LENGTH = "a page declares descriptors of {declared} bytes, they are {found} long"
    PRIMARY_TAG_MISSING = "a page announces primary volume tags, its descriptors of {found} bytes hold none"
    ALTERNATE_TAG_MISSING = "a page announces alternate volume tags, its descriptors hold none"
    CUT_DESCRIPTOR = "element {address}: its descriptor ends after {found} of {declared} bytes"
    LOST_DESCRIPTOR = "a descriptor ends after {found} of {declared} bytes, too few to keep the element"
    CUT_IDENTIFIER = (
        "element {address}: its identifier ends after {found} of {declared} bytes and was dropped"
    )
    UNFILLED_IDENTIFIER = "element {address}: the last {found} bytes of its identifier were never sent"


class Oddity(NamedTuple):
    """One thing about a reply that is not as it should be, and was read around; prints as a sentence."""

    kind: OddityKind
    address: int | None = None
    declared: int | None = None
    found: int | None = None

    def __str__(self) -> str:
        address = "?" if self.address is None else f"{self.address} ({self.address:04X}h)"
        return self.kind.value.format(address=address, declared=self.declared, found=self.found)


class ElementStatus(NamedTuple):
    """A whole READ ELEMENT STATUS reply: what its header declares, and the elements it holds."""

    first_address: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of a reply
    """Elements available, as declared; an allocation length may have left some of them out."""
    byte_count: int
    """Bytes of report available after the 8-byte header, as declared."""
    elements: tuple[Element, ...] = ()
    warnings: tuple[Oddity, ...] = ()
