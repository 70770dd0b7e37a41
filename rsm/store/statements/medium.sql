Physical media, their sides, and logical media. `pool_path` and `library_name` stand beside the ids so that a
row can be shown as it is.

-- name: by_id
SELECT m.*, p.path AS pool_path, l.name AS library_name, l.inventoried AS inventoried
  FROM medium AS m JOIN pool AS p ON p.id = m.pool JOIN library AS l ON l.id = m.library WHERE m.id = :id

-- name: by_barcode
SELECT m.*, p.path AS pool_path, l.name AS library_name, l.inventoried AS inventoried
  FROM medium AS m JOIN pool AS p ON p.id = m.pool JOIN library AS l ON l.id = m.library
 WHERE m.barcode = :barcode ORDER BY m.id

-- name: by_prefix
SELECT m.*, p.path AS pool_path, l.name AS library_name, l.inventoried AS inventoried
  FROM medium AS m JOIN pool AS p ON p.id = m.pool JOIN library AS l ON l.id = m.library
 WHERE m.id >= :low AND m.id < :high ORDER BY m.id LIMIT 5

-- name: by_place
SELECT m.*, p.path AS pool_path, l.name AS library_name, l.inventoried AS inventoried
  FROM medium AS m JOIN pool AS p ON p.id = m.pool JOIN library AS l ON l.id = m.library
 WHERE m.place = :place

-- name: of_library
SELECT m.*, p.path AS pool_path, l.name AS library_name, l.inventoried AS inventoried
  FROM medium AS m JOIN pool AS p ON p.id = m.pool JOIN library AS l ON l.id = m.library
 WHERE m.library = :library

-- name: sides_of_library
SELECT s.*, lm.id AS logical_medium
  FROM side AS s JOIN medium AS m ON m.id = s.medium LEFT JOIN logical_medium AS lm ON lm.side = s.id
 WHERE m.library = :library ORDER BY s.medium, s.number

-- name: brief_of_library
SELECT id, barcode, barcode_state, identity, library, place, home, turned, NULL AS inventoried FROM medium WHERE library = :library

-- name: brief_by_barcode
SELECT m.id, m.barcode, m.barcode_state, m.identity, m.library, m.place, m.home, m.turned, l.inventoried
  FROM medium AS m JOIN library AS l ON l.id = m.library WHERE m.barcode = :barcode ORDER BY m.id

-- name: brief_astray
SELECT m.id, m.barcode, m.barcode_state, m.identity, m.library, m.place, m.home, m.turned, NULL AS inventoried
  FROM place AS p CROSS JOIN medium AS m
 WHERE p.library = :library AND m.home = p.id AND m.place IS NULL AND m.barcode IS NULL

-- name: brief_astray_from
SELECT id, barcode, barcode_state, identity, library, place, home, turned, NULL AS inventoried
  FROM medium WHERE home = :place AND place IS NULL AND barcode IS NULL

-- name: brief_at
SELECT id, barcode, barcode_state, identity, library, place, home, turned, NULL AS inventoried FROM medium WHERE place = :place


-- name: sides
SELECT s.*, lm.id AS logical_medium
  FROM side AS s LEFT JOIN logical_medium AS lm ON lm.side = s.id WHERE s.medium = :medium ORDER BY s.number

-- name: side_by_id
SELECT s.*, lm.id AS logical_medium
  FROM side AS s LEFT JOIN logical_medium AS lm ON lm.side = s.id WHERE s.id = :id

-- name: sides_by_prefix
SELECT s.*, lm.id AS logical_medium
  FROM side AS s LEFT JOIN logical_medium AS lm ON lm.side = s.id
 WHERE s.id >= :low AND s.id < :high ORDER BY s.id LIMIT 5

-- name: logical_by_prefix
SELECT * FROM logical_medium WHERE id >= :low AND id < :high ORDER BY id LIMIT 5

-- name: add
INSERT INTO medium (id, barcode, barcode_state, identity, media_type, pool, library, place, home, state, turned,
                    seen, created)
VALUES (:id, :barcode, :barcode_state, :identity, :media_type, :pool, :library, :place, :home, :state, :turned,
        :at, :at)

-- name: add_side
INSERT INTO side (id, medium, number, state, pool, barcode) VALUES (:id, :medium, :number, :state, :pool, :barcode)

-- name: lift
UPDATE medium SET place = NULL WHERE id = :id

-- name: put
UPDATE medium SET library = :library, place = :place, home = :home, state = :state, barcode = :barcode,
                  barcode_state = :barcode_state, identity = :identity, turned = :turned, seen = :at,
                  missing_since = NULL
 WHERE id = :id

-- name: lose
UPDATE medium SET library = :library, place = NULL, state = 0,
                  missing_since = coalesce(missing_since, :at),
                  seen = coalesce((SELECT max(medium.seen, l.inventoried) FROM library AS l
                                    WHERE l.id = medium.library AND medium.place IS NOT NULL), seen)
 WHERE id = :id

-- name: set_pool
UPDATE medium SET pool = :pool WHERE id = :id

-- name: set_type
UPDATE medium SET media_type = :media_type, pool = :pool WHERE id = :id

-- name: remove_side
DELETE FROM side WHERE id = :id AND allocate_count = 0 AND mount_count = 0

-- name: in_flight
SELECT 1 FROM intent WHERE medium = :medium AND closed IS NULL

-- name: set_chip_serial
UPDATE medium SET chip_serial = :serial WHERE id = :id

-- name: set_side_state
UPDATE side SET state = :state WHERE id = :id

-- name: set_allocated
UPDATE side SET state = 5, allocate_count = allocate_count + 1, last_used = :at WHERE id = :id

-- name: set_used
UPDATE side SET mount_count = mount_count + 1, last_used = :at WHERE id = :id

-- name: add_logical
INSERT INTO logical_medium (id, side, pool, application, created) VALUES (:id, :side, :pool, :application, :at)

-- name: remove_logical
DELETE FROM logical_medium WHERE id = :id

-- name: rank
UPDATE side SET pool = m.pool, barcode = coalesce(m.barcode, ''),
       idle_in_drive = CASE WHEN p.kind = 5 AND p.mounted_side IS NULL AND p.state <> 7 THEN 1 ELSE 0 END,
       usable = CASE WHEN m.enabled = 1 AND m.barcode_state <> 101 AND l.enabled = 1 AND l.kind IN (2, 3)
                      AND p.id IS NOT NULL AND t.cleaning = 0
                      AND (p.mounted_side IS NULL OR p.mounted_side <> side.id)
                      AND NOT EXISTS (SELECT 1 FROM intent WHERE intent.medium = m.id AND intent.closed IS NULL)
                     THEN 1 ELSE 0 END
  FROM medium AS m
  JOIN library AS l ON l.id = m.library
  JOIN media_type AS t ON t.name = m.media_type
  LEFT JOIN place AS p ON p.id = m.place
 WHERE side.medium = m.id AND m.id = :medium

-- name: rank_library
UPDATE side SET pool = m.pool, barcode = coalesce(m.barcode, ''),
       idle_in_drive = CASE WHEN p.kind = 5 AND p.mounted_side IS NULL AND p.state <> 7 THEN 1 ELSE 0 END,
       usable = CASE WHEN m.enabled = 1 AND m.barcode_state <> 101 AND l.enabled = 1 AND l.kind IN (2, 3)
                      AND p.id IS NOT NULL AND t.cleaning = 0
                      AND (p.mounted_side IS NULL OR p.mounted_side <> side.id)
                      AND NOT EXISTS (SELECT 1 FROM intent WHERE intent.medium = m.id AND intent.closed IS NULL)
                     THEN 1 ELSE 0 END
  FROM medium AS m
  JOIN library AS l ON l.id = m.library
  JOIN media_type AS t ON t.name = m.media_type
  LEFT JOIN place AS p ON p.id = m.place
 WHERE side.medium = m.id AND m.library = :library
