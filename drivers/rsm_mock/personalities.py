"""The libraries that can be simulated, one row each; what a row does not name is as in `rsm_mock.traits`.

"Like" is meant: a row reproduces what scsi.md §1 and §3 know of a device, no more. Times are from field.md
§5.2 where it has them; every other time is a guess and says so.
"""

from __future__ import annotations

from rsm.errors import InvalidRequest
from rsm_mock.traits import (
    Addresses,
    Beyond,
    BlockDescriptors,
    Code,
    Designation,
    DriveIdentifier,
    HandTraits,
    IdentityTraits,
    Initialising,
    ModeTraits,
    MotionTraits,
    Personality,
    ReportTraits,
    SerialForm,
    Size,
    SourceMemory,
    Timings,
    WhileMoving,
)

_MIDRANGE = Timings(move=12.0)
"""A guess: field.md found no citable figure for midrange libraries and names 8-20 s."""

_OLD_INITIALISE = frozenset({0x07})
_VENDOR_INITIALISE = frozenset({0x07, 0xE7})

_TABLE = (
    Personality(
        name="generic",
        description="a plain SMC-3 library that does what it says, with a mail slot",
        identity=IdentityTraits(vendor="RSM", product="SIMULATED LIB", revision="0100", serial="RSMLIB"),
        addresses=Addresses(0x02F0, 0x0400, 0x0300, 0x0001),
        mode=ModeTraits(extended=True),
        motion=MotionTraits(
            exchanges=True, searches_tags=True, reports_information=True, persistent_reserves=True
        ),
    ),
    Personality(
        name="ibm-ts4500",
        description="like an IBM TS4500: two accessors, DVCID voids a drive's status bits, Access lags",
        identity=IdentityTraits(vendor="IBM", product="03584L32", revision="1112", serial="78AB"),
        addresses=Addresses(0x0001, 0x0400, 0x0300, 0x0101),
        size=Size(slots=40, drives=4, ports=4, transports=2),
        timings=Timings(move=3.0, load=15.0, unload=17.0, scan=0.7, start=300.0),
        access_lag=3.0,
        report=ReportTraits(identifier_voids_status=True),
        motion=MotionTraits(
            exchanges=True,
            searches_tags=True,
            initialise_opcodes=_VENDOR_INITIALISE,
            while_moving=WhileMoving.CACHED,
        ),
    ),
    Personality(
        name="hpe-msl",
        description="like an HPE MSL: serial numbers only, claims alternate tags that are not there, magazines",
        identity=IdentityTraits(
            vendor="HP", product="MSL G3 Series", revision="9.50", serial="DEC3", drive_vendor="HP",
            drive_product="Ultrium 9-SCSI", drive_serial="HU19",
        ),
        addresses=Addresses(0x0001, 0x0020, 0x01C0, 0x01E0),
        size=Size(slots=24, drives=2, ports=3, magazine=12),
        timings=_MIDRANGE,
        report=ReportTraits(identifier=DriveIdentifier.SERIAL, claims_alternate_tags=True),
        motion=MotionTraits(source=SourceMemory.LAST, loaded_refusal=Code(0x05, 0x53, 0x01)),
    ),
    Personality(
        name="hp-esl",
        description="like an HP ESL: wants 07h after a door was open, refuses DBD, drives in reverse order",
        identity=IdentityTraits(
            vendor="HP", product="ESL9000", revision="4.20", serial="ESL0", drive_vendor="HP",
            drive_product="Ultrium 2-SCSI", drive_serial="HUL2",
        ),
        addresses=Addresses(0x0000, 0x0020, 0x0010, 0x0001),
        size=Size(slots=30, drives=4, ports=4),
        timings=_MIDRANGE,
        suffix="L2",
        report=ReportTraits(drives_reversed=True, identifier=DriveIdentifier.NAA),
        mode=ModeTraits(descriptors=BlockDescriptors.REFUSED),
        motion=MotionTraits(initialise_opcodes=_OLD_INITIALISE),
        hand=HandTraits(rescans=False, demands_initialise=Code(0x02, 0x04, 0x02)),
    ),
    Personality(
        name="quantum-scalar",
        description="like a Quantum Scalar i6: BUSY while moving, identifiers in 64 bytes, 07h does nothing",
        identity=IdentityTraits(
            vendor="QUANTUM", product="Scalar i3-i6", revision="240G", serial="D0H012",
            serial_form=SerialForm.VENDOR_FIRST, designation=Designation.T10,
        ),
        addresses=Addresses(0x0001, 0x1000, 0x0010, 0x0100),
        size=Size(slots=25, drives=3, ports=5, magazine=5),
        timings=_MIDRANGE,
        report=ReportTraits(identifier_room=64, identifier_upper_bits=True),
        mode=ModeTraits(extended=True, phantom_slots=5),
        motion=MotionTraits(
            exchange_order_smc3=True,
            initialise_opcodes=frozenset({0x07, 0x37, 0xE7}),
            initialising=Initialising.NOTHING,
            same_element=None,
            while_moving=WhileMoving.BUSY,
            reports_information=True,
            persistent_reserves=True,
            opens_ports=False,
            loaded_refusal=Code(0x05, 0x53, 0x01),
        ),
        hand=HandTraits(drive_absent=(0x83, 0x04)),
    ),
    Personality(
        name="spectra",
        description="like a Spectra T series: Access always 1, the source is the last drive, AVolTag lies",
        identity=IdentityTraits(vendor="SPECTRA", product="PYTHON", revision="2000", serial="9116"),
        size=Size(slots=30, drives=2, ports=3, magazine=10),
        timings=_MIDRANGE,
        report=ReportTraits(
            access_always=True, identifier=DriveIdentifier.T10_SHORT, claims_alternate_tags=True
        ),
        motion=MotionTraits(source=SourceMemory.LAST_DRIVE),
        hand=HandTraits(unreadable=None),
    ),
    Personality(
        name="autoloader",
        description="like a small autoloader: no bar code reader, no port, no transport reported, eject first",
        identity=IdentityTraits(
            vendor="SEAGATE", product="DAT    AUTOLOAD", revision="0509", serial="AL",
            designation=Designation.ABSENT, inquiry_length=36, drive_vendor="SEAGATE",
            drive_product="DAT", drive_serial="GV00",
        ),
        addresses=Addresses(0x0000, 0x0002, 0x0080, 0x0001),
        size=Size(slots=6, drives=1, ports=0, magazine=6),
        timings=Timings(move=45.0, load=20.0, unload=20.0, scan=3.5, start=60.0),
        reader=False,
        suffix="",
        report=ReportTraits(
            volume_tags=False, identifier=DriveIdentifier.REFUSED, current_data=False,
            transport_reported=False, medium_types=False,
        ),
        mode=ModeTraits(geometry=False, capabilities=False, ten=False),
        motion=MotionTraits(
            loaded_refusal=Code(0x05, 0x3A, 0x00),
            positions=False, opens_ports=False, locks=False, reserves=False, reports_log=False,
            initialise_opcodes=_OLD_INITIALISE,
        ),
    ),
    Personality(
        name="optical-jukebox",
        description="like a magneto-optical jukebox: two-sided media that it turns over, exchange, one mail slot",
        identity=IdentityTraits(
            vendor="HP", product="C1170J", revision="3.10", serial="OJ", drive_vendor="HP",
            drive_product="C1113F", drive_revision="1.11", drive_serial="MO", drive_type=0x07,
        ),
        addresses=Addresses(0x0000, 0x000B, 0x000A, 0x0001),
        size=Size(slots=16, drives=2, ports=1),
        timings=Timings(move=7.0, load=4.0, unload=3.0, scan=4.0, start=60.0),  # guesses for a 5.25" jukebox
        suffix="",
        report=ReportTraits(identifier=DriveIdentifier.REFUSED, alternate_tags=True),
        mode=ModeTraits(ten=False),
        motion=MotionTraits(exchanges=True, rotates=True, initialise_opcodes=_OLD_INITIALISE),
    ),
    Personality(
        name="standalone-drive",
        description="a single drive without a changer; a person puts the media in",
        identity=IdentityTraits(vendor="IBM", product="ULT3580-TD9", revision="R3G3", serial="10WT00"),
        addresses=Addresses(0x0001, 0x0400, 0x0010, 0x0100),
        size=Size(slots=0, drives=1, ports=0, transports=0),
        stand_alone=True,
    ),
    Personality(
        name="tgt",
        description="like the iSCSI target tgt: 8 bytes short, element count ignored, residual without meaning",
        identity=IdentityTraits(
            vendor="VTL", product="CHANGER", revision="1", serial="VTLCHG", serial_form=SerialForm.LEFT_PADDED,
            drive_vendor="VTL", drive_product="TAPE", drive_revision="1", drive_serial="VTLDRV",
        ),
        addresses=Addresses(0x0001, 0x0400, 0x0010, 0x0100),
        timings=Timings(move=0.004, load=0.0, unload=0.0, scan=0.0, start=0.0),
        fills_buffer=True,
        suffix="L8",
        report=ReportTraits(
            count_ignored=True, short_by=8, cuts_descriptors=True, access_never=True, medium_types=False, no_all_types=True
        ),
        mode=ModeTraits(descriptors=BlockDescriptors.IGNORED),
        motion=MotionTraits(
            ignores_invert=True,
            positions=False, opens_ports=False, locks=False, reserves=False, reports_log=False,
            initialising=Initialising.NOTHING,
            drive_prevents=Code(0x05, 0x53, 0x02),
            unknown_element=Code(0x05, 0x24, 0x00),
            transport_destination=True,
            checks_transport=False,
            source=SourceMemory.LAST,
            drive_attention=False,
        ),
    ),
    Personality(
        name="stk-l700",
        description="like mhvtl's STK L700: no page 83h data, NUL-padded tags, 05/24/00 beyond the last element",
        identity=IdentityTraits(
            vendor="STK", product="L700", revision="0107", serial="XYZ",
            serial_form=SerialForm.NUL_TAIL, designation=Designation.NO_DATA, drive_vendor="STK",
            drive_product="T9840B", drive_revision="1.35", drive_serial="3310",
        ),
        addresses=Addresses(0x0001, 0x03E8, 0x000A, 0x01F4),
        size=Size(slots=30, drives=4, ports=5, magazine=10),
        timings=_MIDRANGE,
        suffix="V1",
        report=ReportTraits(cuts_descriptors=True, nul_padded_tags=True, beyond=Beyond.FIELD, empty_import_flag=True),
        motion=MotionTraits(
            positions=False, source=SourceMemory.LAST, initialise_opcodes=_VENDOR_INITIALISE
        ),
        hand=HandTraits(
            element_absent=(0x83, 0x02), drive_absent=(0x83, 0x04), unreadable=(0x83, 0x09),
            door_open=Code(0x02, 0x3A, 0x02),
        ),
    ),
    Personality(
        name="adic-short",
        description="like mhvtl's ADIC: declares descriptors two bytes shorter than they are",
        identity=IdentityTraits(
            vendor="ADIC", product="Scalar 24", revision="310A", serial="ADIC", drive_serial="1310"
        ),
        timings=_MIDRANGE,
        suffix="L4",
        report=ReportTraits(declared_short=2),
        motion=MotionTraits(initialise_opcodes=_VENDOR_INITIALISE),
    ),
    Personality(
        name="adic-dat",
        description="like an ADIC DAT loader: page byte count 0, 12-byte descriptors, no page 1Dh",
        identity=IdentityTraits(
            vendor="ADIC", product="FastStor DAT", revision="A1", serial="AD", designation=Designation.ABSENT,
            inquiry_length=36, drive_vendor="ADIC", drive_product="DAT", drive_serial="DT",
        ),
        addresses=Addresses(0x0000, 0x0002, 0x0080, 0x0001),
        size=Size(slots=12, drives=1, ports=0, magazine=12),
        timings=Timings(move=45.0, load=20.0, unload=20.0, scan=3.5, start=60.0),
        reader=False,
        suffix="",
        report=ReportTraits(
            volume_tags=False, identifier=DriveIdentifier.REFUSED, page_byte_count_zero=True, bare=True,
            medium_types=False,
        ),
        mode=ModeTraits(assignment=False, geometry=False, capabilities=False),
        motion=MotionTraits(
            loaded_refusal=Code(0x05, 0x3A, 0x00), source=SourceMemory.NEVER, positions=False,
            opens_ports=False, locks=False, reserves=False, reports_log=False, initialise_opcodes=_OLD_INITIALISE,
        ),
    ),
    Personality(
        name="qualstar",
        description="like a Qualstar: no drive identifiers, a block descriptor in spite of DBD",
        identity=IdentityTraits(vendor="QUALSTAR", product="TLS-8211", revision="2.30", serial="QS"),
        timings=_MIDRANGE,
        suffix="L6",
        report=ReportTraits(identifier=DriveIdentifier.REFUSED),
        mode=ModeTraits(descriptors=BlockDescriptors.IGNORED),
    ),
    Personality(
        name="oracle-sl150",
        description="like an Oracle SL150: serials in 32 bytes, 4 vendor bytes behind every descriptor",
        identity=IdentityTraits(
            vendor="STK", product="SL150", revision="0227", serial="46415", drive_vendor="HP",
            drive_product="Ultrium 6-SCSI", drive_serial="HU13",
        ),
        size=Size(slots=30, drives=2, ports=4, magazine=15),
        timings=_MIDRANGE,
        suffix="L6",
        report=ReportTraits(
            identifier=DriveIdentifier.SERIAL, identifier_room=32, tail=bytes((0x00, 0x06, 0x00, 0x06)),
            beyond=Beyond.ADDRESS,
        ),
    ),
    Personality(
        name="superloader",
        description="like a Quantum SuperLoader 3: two magazines, serials in 16 bytes, 1Bh is LOAD UNLOAD",
        identity=IdentityTraits(
            vendor="QUANTUM", product="UHDL", revision="0095", serial="SL3", drive_product="ULTRIUM-TD4",
        ),
        addresses=Addresses(0x0000, 0x0001, 0x0080, 0x0100),
        size=Size(slots=16, drives=1, ports=0, magazine=8),
        timings=Timings(move=45.0, load=20.0, unload=20.0, scan=2.6, start=90.0),
        suffix="L4",
        report=ReportTraits(identifier=DriveIdentifier.SERIAL, identifier_room=16),
        motion=MotionTraits(opens_ports=False, port_opcode_loads=True),
        hand=HandTraits(rescans=False),
    ),
    Personality(
        name="dell-tl2000",
        description="like a Dell TL2000: cleaning media as element state 30/03, door open is 04/83",
        identity=IdentityTraits(vendor="DELL", product="TL2000", revision="B.70", serial="GB3T"),
        size=Size(slots=23, drives=2, ports=1, magazine=12),
        timings=_MIDRANGE,
        suffix="L5",
        motion=MotionTraits(searches_tags=True, persistent_reserves=True),
        hand=HandTraits(door_open=Code(0x02, 0x04, 0x83), cleaning=(0x30, 0x03)),
    ),
    Personality(
        name="exabyte",
        description="like an Exabyte 1x7: absent elements 83/02, a drive must give up its tape first (3B/90)",
        identity=IdentityTraits(
            vendor="EXABYTE", product="Magnum 1x7", revision="1.40", serial="EX", drive_vendor="IBM",
        ),
        size=Size(slots=7, drives=1, ports=1, magazine=7),
        timings=Timings(move=13.0, load=20.0, unload=20.0, scan=5.0, start=60.0),
        suffix="L3",
        report=ReportTraits(current_data=False),
        motion=MotionTraits(loaded_refusal=Code(0x05, 0x3B, 0x90), positions=False),
        hand=HandTraits(
            door_open=Code(0x02, 0x04, 0x83), element_absent=(0x83, 0x02), drive_absent=(0x83, 0x04)
        ),
    ),
    Personality(
        name="ibm-ts3400",
        description="like an IBM TS3400: a drive that has not ejected is 3B/83, an open door 3A/02",
        identity=IdentityTraits(
            vendor="IBM", product="3577L5U", revision="0032", serial="TS34", drive_product="03592E05",
        ),
        size=Size(slots=18, drives=2, ports=2, magazine=9),
        timings=Timings(move=12.0, scan=2.2),
        suffix="JA",
        report=ReportTraits(access_always=True),
        motion=MotionTraits(loaded_refusal=Code(0x05, 0x3B, 0x83)),
        hand=HandTraits(door_open=Code(0x02, 0x3A, 0x02), cleaning=(0x30, 0x03)),
    ),
    Personality(
        name="pedantic",
        description="a strict loader: exact allocation lengths, VOLTAG and DVCID one at a time, descriptor sense",
        identity=IdentityTraits(vendor="OVERLAND", product="LXB", revision="0525", serial="PED"),
        timings=_MIDRANGE,
        sense_descriptors=True,
        loads_itself=False,
        report=ReportTraits(pedantic=True, identifier_with_tags=False, current_data=False),
        mode=ModeTraits(descriptors=BlockDescriptors.REFUSED),
    ),
    Personality(
        name="low-word",
        description="a library that sees 16 bits of the allocation length, and never gives 20 elements at once",
        identity=IdentityTraits(vendor="BDT", product="FlexStor II", revision="4.20", serial="BDT"),
        size=Size(slots=48, drives=2, ports=2),
        timings=_MIDRANGE,
        report=ReportTraits(allocation_mask=0xFFFF, count_cap=19),
    ),
    Personality(
        name="all-types",
        description="like a FireWire XL1B2: element status of all types together only",
        identity=IdentityTraits(vendor="SONY", product="VGP-XL1B", revision="0001", serial="XL"),
        size=Size(slots=20, drives=1, ports=0),
        timings=_MIDRANGE,
        reader=False,
        suffix="",
        report=ReportTraits(
            only_all_types=True, volume_tags=False, identifier=DriveIdentifier.REFUSED, medium_types=False
        ),
        mode=ModeTraits(geometry=False, capabilities=False),
        motion=MotionTraits(opens_ports=False, initialise_opcodes=_OLD_INITIALISE),
    ),
)

PERSONALITIES = {personality.name: personality for personality in _TABLE}
"""Every personality by its name."""


def personality_named(name: str) -> Personality:
    """Give a personality; raises `InvalidRequest` that lists the names there are."""
    try:
        return PERSONALITIES[name]
    except KeyError:
        raise InvalidRequest(
            f"there is no personality {name!r}", hint=f"one of {', '.join(sorted(PERSONALITIES))}"
        ) from None
