-- The first schema. Ids are UUIDs as text, times whole milliseconds since 1970-01-01 UTC, flags 0 or 1;
-- states are NTMS's numbers (rsm.model.states). The dialect is what SQLite and PostgreSQL share.

CREATE TABLE media_type (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    ntms_code INTEGER NOT NULL,
    sides INTEGER NOT NULL CHECK (sides >= 1),
    read_write INTEGER NOT NULL,
    device_type INTEGER NOT NULL,
    cleaning INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE library (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    device TEXT NOT NULL,
    vendor TEXT NOT NULL DEFAULT '',
    product TEXT NOT NULL DEFAULT '',
    revision TEXT NOT NULL DEFAULT '',
    serial TEXT NOT NULL DEFAULT '',
    new_media TEXT NOT NULL DEFAULT 'import',
    default_type TEXT REFERENCES media_type (name),
    enabled INTEGER NOT NULL DEFAULT 1,
    stale INTEGER NOT NULL DEFAULT 0,
    reads_volume_tags INTEGER NOT NULL DEFAULT 1,
    rotates INTEGER NOT NULL DEFAULT 0,
    inventoried BIGINT,
    created BIGINT NOT NULL
);
-- The same robot cannot be two libraries, by whatever path it is reached.
CREATE UNIQUE INDEX library_robot ON library (vendor, product, serial) WHERE serial <> '';
-- The fixed off-line library of NTMS: there is exactly one shelf.
CREATE UNIQUE INDEX library_shelf ON library (kind) WHERE kind = 1;

CREATE TABLE place (
    id TEXT PRIMARY KEY,
    library TEXT NOT NULL REFERENCES library (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    address INTEGER NOT NULL,
    number INTEGER NOT NULL,
    present INTEGER NOT NULL DEFAULT 1,
    enabled INTEGER NOT NULL DEFAULT 1,
    accessible INTEGER,
    full_seen INTEGER,
    condition TEXT,
    disputed TEXT,
    serial TEXT,
    state INTEGER,
    mounted_side TEXT UNIQUE REFERENCES side (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    node TEXT,
    mount_count INTEGER NOT NULL DEFAULT 0,
    UNIQUE (library, kind, address),
    UNIQUE (library, kind, number)
);

CREATE TABLE pool (
    id TEXT PRIMARY KEY,
    parent TEXT REFERENCES pool (id),
    path TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    media_type TEXT REFERENCES media_type (name),
    draws_from_free INTEGER NOT NULL DEFAULT 0,
    returns_to_free INTEGER NOT NULL DEFAULT 0,
    max_allocates INTEGER NOT NULL DEFAULT 0 CHECK (max_allocates >= 0)
);
CREATE INDEX pool_parent ON pool (parent);
CREATE UNIQUE INDEX pool_system ON pool (kind, media_type) WHERE kind <> 1000 AND media_type IS NOT NULL;

CREATE TABLE medium (
    id TEXT PRIMARY KEY,
    barcode TEXT CHECK (length(barcode) BETWEEN 1 AND 32),
    barcode_state INTEGER NOT NULL,
    identity TEXT NOT NULL,
    media_type TEXT NOT NULL REFERENCES media_type (name),
    pool TEXT NOT NULL REFERENCES pool (id),
    library TEXT NOT NULL REFERENCES library (id),
    place TEXT UNIQUE REFERENCES place (id),
    home TEXT REFERENCES place (id) ON DELETE SET NULL,
    state INTEGER NOT NULL DEFAULT 0,
    turned INTEGER NOT NULL DEFAULT 0,
    chip_serial TEXT,
    enabled INTEGER NOT NULL DEFAULT 1,
    missing_since BIGINT,
    seen BIGINT,
    created BIGINT NOT NULL
);
CREATE INDEX medium_barcode ON medium (barcode, id);
CREATE INDEX medium_pool ON medium (pool, barcode, id);
CREATE INDEX medium_library ON medium (library, barcode, id);
CREATE INDEX medium_home ON medium (home) WHERE home IS NOT NULL;
-- Unlabelled media that vanished, to be known again when they are back in their home.
CREATE INDEX medium_astray ON medium (home) WHERE place IS NULL AND barcode IS NULL AND home IS NOT NULL;
CREATE INDEX medium_placeless ON medium (library) WHERE place IS NULL;

CREATE TABLE side (
    id TEXT PRIMARY KEY,
    medium TEXT NOT NULL REFERENCES medium (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    state INTEGER NOT NULL,
    allocate_count INTEGER NOT NULL DEFAULT 0,
    mount_count INTEGER NOT NULL DEFAULT 0,
    last_used BIGINT NOT NULL DEFAULT 0,
    -- What the pick is ranked by stands on the side's own row, kept in step with medium, place and library in
    -- the same transaction (statement side_rank): a join at this point costs 78,000 us at a million media
    -- where the partial index costs 3.
    pool TEXT NOT NULL,
    barcode TEXT NOT NULL DEFAULT '',
    idle_in_drive INTEGER NOT NULL DEFAULT 0,
    usable INTEGER NOT NULL DEFAULT 0,
    UNIQUE (medium, number)
);
CREATE INDEX side_pick ON side (pool, idle_in_drive DESC, allocate_count, last_used, barcode, id)
    WHERE state = 4 AND usable = 1;
CREATE INDEX side_pool ON side (pool, state, usable);

CREATE TABLE logical_medium (
    id TEXT PRIMARY KEY,
    side TEXT NOT NULL UNIQUE REFERENCES side (id),
    pool TEXT NOT NULL REFERENCES pool (id),
    application TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX logical_medium_pool ON logical_medium (pool);

-- The move journal: the intent is committed before the command is sent, and closed only by what was seen.
CREATE TABLE intent (
    id TEXT PRIMARY KEY,
    library TEXT NOT NULL REFERENCES library (id) ON DELETE CASCADE,
    medium TEXT REFERENCES medium (id),
    source INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    inverted INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    holder TEXT NOT NULL,
    sent BIGINT NOT NULL,
    limit_ms BIGINT NOT NULL,
    closed BIGINT,
    outcome TEXT
);
-- One open move a robot, guaranteed by the database.
CREATE UNIQUE INDEX intent_open ON intent (library) WHERE closed IS NULL;
CREATE INDEX intent_medium ON intent (medium) WHERE closed IS NULL;

CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    library TEXT,
    medium TEXT,
    text TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX event_medium ON event (medium, number) WHERE medium IS NOT NULL;
CREATE INDEX event_library ON event (library, number) WHERE library IS NOT NULL;
