"""What can differ between one vendor's library and another's, as data that the simulated target reads.

A `Personality` is one row of the table in `rsm_mock.personalities`. Every field has the value of a plain,
well-behaved SMC-3 changer as its default, so that a row names only what its device does otherwise; the
row numbers in the comments are those of scsi.md §3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Code(NamedTuple):
    """Sense key, additional sense code and its qualifier."""

    key: int
    asc: int
    ascq: int


class Addresses(NamedTuple):
    """First element address of each kind, in the order of the mode page 1Dh."""

    transport: int
    storage: int
    import_export: int
    data_transfer: int


class Timings(NamedTuple):
    """Seconds that things take in life; the state file's pace multiplies them (field.md §5.2)."""

    move: float = 10.0
    load: float = 15.0
    unload: float = 15.0
    scan: float = 1.0
    """For each element when the library looks at its elements anew."""

    start: float = 120.0
    """From power on until the changer is ready."""

    clean: float = 120.0


class WhileMoving(Enum):
    """What a changer does with a command that arrives while its robot is under way."""

    WAIT = "wait"
    """It answers when the robot has stopped (mhvtl, most iSCSI targets)."""
    BUSY = "busy"
    """It answers BUSY to all but INQUIRY (Quantum)."""
    CACHED = "cached"
    """It answers reads at once, from before the move, and lets a second move wait."""


class SourceMemory(Enum):
    """What a changer gives as the source element of a medium (row 31)."""

    SLOT = "slot"
    """The last storage or import/export element."""
    LAST = "last"
    """The last element of any kind (mhvtl, tgt)."""
    LAST_DRIVE = "last drive"
    """The last drive, if there was one (Spectra 10000)."""
    NEVER = "never"
    """SValid is always 0."""


class BlockDescriptors(Enum):
    """What DBD=1 does in MODE SENSE (scsi.md §1.3)."""

    HONOURED = "honoured"
    """A block descriptor of 8 bytes comes with DBD=0 only."""
    IGNORED = "ignored"
    """It comes all the same."""
    REFUSED = "refused"
    """05/24/00, field pointer to the bit."""


class DriveIdentifier(Enum):
    """What DVCID=1 puts into a drive's descriptor (rows 5, 7)."""

    REFUSED = "refused"
    """05/24/00, field pointer to the bit."""
    T10 = "t10"
    """Type 1: vendor (8), product (16), serial number (10)."""
    T10_SHORT = "t10 without product"
    """Type 1: vendor (8) and serial number (24)."""
    SERIAL = "serial"
    """Type 0: the serial number, perhaps in a longer field."""
    NAA = "naa"
    """Type 3, binary, equal to the drive's VPD page 83h."""


class SerialForm(Enum):
    """How the unit serial number stands in VPD page 80h (scsi.md §1.1)."""

    PLAIN = "plain"
    VENDOR_FIRST = "vendor first"
    """Vendor, blank, serial number, padded to 24 (Quantum Scalar)."""
    LEFT_PADDED = "left padded"
    """36 characters, blanks in front (tgt)."""
    NUL_TAIL = "nul tail"
    """18 characters: serial number, blanks, then NULs (mhvtl's STK)."""


class Designation(Enum):
    """What VPD page 83h holds."""

    BOTH = "t10 and naa"
    T10 = "t10"
    NO_DATA = "no data"
    """GOOD without a byte (mhvtl's STK)."""
    ABSENT = "absent"
    """05/24/00."""


class Beyond(Enum):
    """The answer when no element matches a READ ELEMENT STATUS."""

    EMPTY = "empty"
    ADDRESS = "address"
    """05/21/01."""
    OVERCOUNTED = "overcounted"
    """No elements, and a byte count of 8 for nothing (tgt)."""
    FIELD = "field"
    """05/24/00 (mhvtl)."""


class Initialising(Enum):
    """What INITIALIZE ELEMENT STATUS does."""

    SCANS = "scans"
    NOTHING = "nothing"
    """GOOD at once, without looking (Quantum, tgt)."""


NO_TAIL = b""
NOT_READY_DOOR = Code(0x02, 0x04, 0x18)
DESTINATION_FULL = Code(0x05, 0x3B, 0x0D)
MAGAZINE_REMOVED = Code(0x05, 0x3B, 0x12)
PREVENTED_BY_DRIVE = Code(0x05, 0x53, 0x03)
MAY_HAVE_CHANGED = Code(0x06, 0x28, 0x00)
IMPORT_EXPORT_ACCESSED = Code(0x06, 0x28, 0x01)
INVALID_ADDRESS = Code(0x05, 0x21, 0x01)
INVALID_FIELD = Code(0x05, 0x24, 0x00)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTraits:
    """How READ ELEMENT STATUS is answered."""

    allocation_mask: int = 0xFFFFFF
    """Which bits of the allocation length the device looks at (row 1)."""
    pedantic: bool = False
    """An allocation length above what there is to send is refused with field pointer 7 (row 3)."""
    count_cap: int | None = None
    """The most elements in one reply (row 2)."""
    count_ignored: bool = False
    """The number of elements asked for is ignored (tgt)."""
    only_all_types: bool = False
    """A single type is refused, type 0 works (row 37)."""
    no_all_types: bool = False
    """Type 0 gives a reply whose header counts only the first page (tgt's is broken beyond that)."""
    beyond: Beyond = Beyond.EMPTY
    volume_tags: bool = True
    """False: VOLTAG=1 is refused (row 17)."""
    current_data: bool = True
    """False: CURDATA=1 is refused."""
    identifier: DriveIdentifier = DriveIdentifier.T10
    identifier_room: int | None = None
    """Bytes of the identifier field, if more than the identifier has (row 7)."""
    identifier_with_tags: bool = True
    """False: VOLTAG and DVCID together are refused (row 6)."""
    identifier_voids_status: bool = False
    """With DVCID=1 a drive reads Access=0, Full=0, Except=1 whatever it holds (IBM)."""
    identifier_upper_bits: bool = False
    """The upper halves of the identifier header are filled as in VPD page 83h (Quantum)."""
    alternate_tags: bool = False
    claims_alternate_tags: bool = False
    """AVolTag is set, with DVCID=1, and no alternate tag is there (row 9)."""
    declared_short: int = 0
    """With DVCID=1 the page header declares a descriptor length that is this much too small (row 8)."""
    page_byte_count_zero: bool = False
    """Row 10."""
    bare: bool = False
    """12-byte descriptors, nothing after the source address but tags (row 11)."""
    nul_padded_tags: bool = False
    tail: bytes = NO_TAIL
    """Vendor bytes at the end of each descriptor."""
    cuts_descriptors: bool = False
    """What does not fit the allocation length is cut anywhere, not between two descriptors (mhvtl, tgt)."""
    short_by: int = 0
    """Bytes that are declared and never sent (tgt: 8)."""
    access_always: bool = False
    """Access=1 also while the drive holds on to its medium (row 27)."""
    access_never: bool = False
    """Access, Except and the import/export bits are always 0 (tgt)."""
    medium_types: bool = True
    """False: byte 9 never gives a medium type."""
    transport_reported: bool = True
    """False: neither page 1Dh nor READ ELEMENT STATUS knows a transport element (row 12)."""
    drives_reversed: bool = False
    """Drives are reported from the highest address down (row 36)."""
    empty_import_flag: bool = False
    """ImpExp is set on empty import/export elements as well (mhvtl)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeTraits:
    """How MODE SENSE is answered."""

    assignment: bool = True
    geometry: bool = True
    capabilities: bool = True
    extended: bool = False
    """Page 1Fh subpage 41h is there."""
    ten: bool = True
    """False: MODE SENSE(10) is 05/20/00."""
    descriptors: BlockDescriptors = BlockDescriptors.HONOURED
    boasts: bool = False
    """Page 1Fh claims every move and exchange there could be, whatever the device can (tgt)."""
    phantom_slots: int = 0
    """Storage elements that page 1Dh counts and READ ELEMENT STATUS does not give (row 14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionTraits:
    """What the robot does, and how it refuses."""

    exchanges: bool = False
    exchange_order_smc3: bool = False
    """INV1 is bit 1 and INV2 bit 0 of byte 10 (scsi.md §1.13); else the SCSI-2 order."""
    rotates: bool = False
    ignores_invert: bool = False
    """INVERT is accepted and does nothing (tgt); else 05/24/00 where nothing rotates."""
    positions: bool = True
    opens_ports: bool = True
    port_opcode_loads: bool = False
    """1Bh is LOAD UNLOAD on the changer too, and needs no element (SuperLoader 3)."""
    locks: bool = True
    """PREVENT/ALLOW is known; moves to import/export are then refused while it is set."""
    searches_tags: bool = False
    """SEND VOLUME TAG and REQUEST VOLUME ELEMENT ADDRESS are known."""
    reports_information: bool = False
    """REPORT ELEMENT INFORMATION is known."""
    reserves: bool = True
    persistent_reserves: bool = False
    reports_log: bool = True
    """LOG SENSE is known, with the TapeAlert pages."""
    initialise_opcodes: frozenset[int] = frozenset({0x07, 0x37})
    initialising: Initialising = Initialising.SCANS
    loaded_refusal: Code | None = None
    """The answer to a move out of a drive that has not ejected; None: the library unloads it itself (row 25)."""
    drive_prevents: Code = PREVENTED_BY_DRIVE
    """The answer to a move out of a drive whose host prevents removal."""
    same_element: Code | None = DESTINATION_FULL
    """The answer to source = destination; None: GOOD after a full get and put (Quantum)."""
    unknown_element: Code = INVALID_ADDRESS
    transport_destination: bool = False
    """A medium may be moved onto the transport and left there (tgt)."""
    checks_transport: bool = True
    """False: any transport address will do (tgt)."""
    source: SourceMemory = SourceMemory.SLOT
    forgets_sources: bool = True
    """A power cycle clears SValid everywhere."""
    while_moving: WhileMoving = WhileMoving.WAIT
    drive_attention: bool = True
    """A drive queues 28/00 when it was given a medium (tgt does not)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTraits:
    """What the library answers to what a person does to it."""

    door_open: Code = NOT_READY_DOOR
    door_closed: Code = MAY_HAVE_CHANGED
    rescans: bool = True
    """The library looks at its elements itself when a door closes; else they read 83/00 until it is told to."""
    demands_initialise: Code | None = None
    """Not ready, with this, from the closing of a door until 07h (HP ESL)."""
    port_accessed: Code = IMPORT_EXPORT_ACCESSED
    magazine_out: Code = MAGAZINE_REMOVED
    """For a move from or to an element whose magazine is out."""
    element_absent: tuple[int, int] = (0x3B, 0x12)
    """Element-level ASC/ASCQ of a storage element whose magazine is out (row 15)."""
    drive_absent: tuple[int, int] = (0x3B, 0x1A)
    unreadable: tuple[int, int] | None = (0x83, 0x00)
    """Element-level ASC/ASCQ of a medium whose label cannot be read; None: no tag and no exception."""
    cleaning: tuple[int, int] | None = None
    """Element-level ASC/ASCQ of a cleaning medium (Dell: 30/03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityTraits:
    """Who the changer and its drives say they are."""

    vendor: str
    product: str
    revision: str
    serial: str
    """The changer's serial number; a created library appends a few digits of its own."""
    serial_form: SerialForm = SerialForm.PLAIN
    designation: Designation = Designation.BOTH
    inquiry_length: int = 56
    """Bytes of standard inquiry data; the bar code bit is byte 55."""
    reader_bit: bool = True
    """Byte 55 says whether there is a reader; else the bit stays 0."""
    attached: bool = False
    """MChanger is set; on a device of type 08h it lies (row 38)."""
    device_type: int = 0x08
    """Peripheral device type of the changer; 01h for one that is attached to a drive (scsi.md §1.12)."""
    drive_vendor: str = "IBM"
    drive_product: str = "ULT3580-TD9"
    drive_revision: str = "R3G3"
    drive_serial: str = "10WT"
    """Beginning of the drives' serial numbers, completed to 10 characters."""
    drive_type: int = 0x01
    """Peripheral device type of the drives: 01h sequential access, 07h optical memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a library is made when nobody says otherwise."""

    slots: int = 20
    drives: int = 2
    ports: int = 2
    magazine: int | None = None
    """Storage elements in one magazine; None: the slots are fixed."""
    transports: int = 1


USUAL_ADDRESSES = Addresses(transport=0x0001, storage=0x1000, import_export=0x0010, data_transfer=0x0100)
"""IBM TS3100, Quantum Scalar, Spectra T and many others."""

USUAL_TIMINGS = Timings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """One model of library as the simulated target plays it."""

    name: str
    description: str
    identity: IdentityTraits
    addresses: Addresses = USUAL_ADDRESSES
    size: Size = field(default_factory=Size)
    timings: Timings = USUAL_TIMINGS
    reader: bool = True
    """A bar code reader is fitted."""
    stand_alone: bool = False
    """A single drive without a changer."""
    sense_descriptors: bool = False
    """Sense data come in descriptor format (72h)."""
    fills_buffer: bool = False
    """What the device did not send is zero in the host's buffer, and nothing says where it begins (tgt)."""
    access_lag: float = 0.0
    """Seconds until Access follows an eject (IBM, row 26)."""
    loads_itself: bool = True
    """A drive threads what it is given; else it wants LOAD (02/04/02)."""
    suffix: str = "L9"
    """What a bar code made by `rsm mock create` ends with."""
    report: ReportTraits = field(default_factory=ReportTraits)
    mode: ModeTraits = field(default_factory=ModeTraits)
    motion: MotionTraits = field(default_factory=MotionTraits)
    hand: HandTraits = field(default_factory=HandTraits)
