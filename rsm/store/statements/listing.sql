What people list. Each statement streams in the order of an index, so that a million rows need no sorting;
`/*where*/` is replaced by the conditions of the filters that were given (rsm.store.listing).

-- name: media
SELECT m.barcode,
       m.media_type,
       p.path,
       (SELECT group_concat(s.word, ',')
          FROM (SELECT CASE state WHEN 0 THEN 'unknown' WHEN 1 THEN 'unprepared' WHEN 2 THEN 'incompatible'
                       WHEN 3 THEN 'decommissioned' WHEN 4 THEN 'available' WHEN 5 THEN 'allocated'
                       WHEN 6 THEN 'complete' WHEN 7 THEN 'unrecognized' WHEN 8 THEN 'import'
                       WHEN 9 THEN 'reserved' END AS word
                  FROM side WHERE medium = m.id ORDER BY number) AS s),
       l.name,
       CASE at.kind WHEN 2 THEN 'changer ' WHEN 5 THEN 'drive ' WHEN 8 THEN 'port ' WHEN 16 THEN 'slot ' END
           || at.number,
       CASE home.kind WHEN 5 THEN 'drive ' WHEN 8 THEN 'port ' WHEN 16 THEN 'slot ' END || home.number,
       CASE m.barcode_state WHEN 1 THEN CASE m.enabled WHEN 1 THEN '' ELSE 'disabled' END
            WHEN 2 THEN 'label unreadable' WHEN 100 THEN 'no label' WHEN 101 THEN 'duplicate label' END,
       m.id
  FROM medium AS m
  JOIN pool AS p ON p.id = m.pool
  JOIN library AS l ON l.id = m.library
  LEFT JOIN place AS at ON at.id = m.place
  LEFT JOIN place AS home ON home.id = m.home
/*where*/
 ORDER BY m.barcode, m.id

-- name: libraries
SELECT l.name,
       CASE l.kind WHEN 1 THEN 'offline' WHEN 2 THEN 'online' WHEN 3 THEN 'standalone' ELSE 'unknown' END,
       l.device,
       l.vendor,
       l.product,
       l.serial,
       (SELECT count(*) FROM place WHERE library = l.id AND kind = 5),
       (SELECT count(*) FROM place WHERE library = l.id AND kind = 16),
       (SELECT count(*) FROM place WHERE library = l.id AND kind = 8),
       (SELECT count(*) FROM medium WHERE library = l.id),
       l.new_media,
       CASE WHEN l.kind = 1 THEN '' WHEN l.enabled = 0 THEN 'disabled'
            WHEN l.inventoried IS NULL THEN 'no inventory yet' WHEN l.stale = 1 THEN 'inventory stale'
            ELSE 'ready' END,
       l.inventoried,
       l.id
  FROM library AS l
/*where*/
 ORDER BY l.name

-- name: drives
SELECT l.name,
       d.number,
       CASE WHEN d.present = 0 THEN 'absent' WHEN d.enabled = 0 THEN 'disabled'
            WHEN d.mounted_side IS NOT NULL THEN 'mounted' WHEN m.id IS NOT NULL THEN 'loaded'
            WHEN d.full_seen IS NULL THEN 'unknown' ELSE 'empty' END,
       m.barcode,
       s.number,
       d.node,
       d.serial,
       d.address,
       d.mount_count,
       d.condition,
       m.id,
       d.id
  FROM place AS d
  JOIN library AS l ON l.id = d.library
  LEFT JOIN medium AS m ON m.place = d.id
  LEFT JOIN side AS s ON s.id = d.mounted_side
/*where*/
 ORDER BY l.name, d.number

-- name: pools
SELECT p.path,
       CASE p.kind WHEN 1 THEN 'free' WHEN 2 THEN 'unrecognized' WHEN 3 THEN 'import' ELSE 'application' END,
       p.media_type,
       CASE WHEN p.media_type IS NULL THEN NULL ELSE (SELECT count(*) FROM medium WHERE pool = p.id) END,
       CASE WHEN p.media_type IS NULL THEN NULL
            ELSE (SELECT count(*) FROM side WHERE pool = p.id AND state = 4) END,
       CASE WHEN p.media_type IS NULL THEN NULL
            ELSE (SELECT count(*) FROM side WHERE pool = p.id AND state IN (5, 6)) END,
       p.draws_from_free,
       p.returns_to_free,
       p.max_allocates,
       p.id
  FROM pool AS p
/*where*/
 ORDER BY p.path

-- name: events
SELECT e.number, e.at, e.kind, l.name, m.barcode, e.text, e.actor
  FROM event AS e
  LEFT JOIN library AS l ON l.id = e.library
  LEFT JOIN medium AS m ON m.id = e.medium
/*where*/
 ORDER BY e.number

-- name: types
SELECT t.name, t.ntms_code, t.sides,
       CASE t.read_write WHEN 1 THEN 'rewritable' WHEN 2 THEN 'write once' WHEN 3 THEN 'read only' ELSE '' END,
       CASE t.device_type WHEN 2 THEN 'cd' WHEN 7 THEN 'disk' WHEN 31 THEN 'tape' WHEN 51 THEN 'dvd' ELSE '' END,
       t.cleaning,
       t.id
  FROM media_type AS t
/*where*/
 ORDER BY t.name
