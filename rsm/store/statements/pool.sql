Media pools and media types, and the pick.

-- name: by_path
SELECT * FROM pool WHERE path = :path

-- name: by_id
SELECT * FROM pool WHERE id = :id

-- name: by_prefix
SELECT * FROM pool WHERE id >= :low AND id < :high ORDER BY id LIMIT 5

-- name: system
SELECT * FROM pool WHERE kind = :kind AND media_type = :media_type

-- name: root
SELECT * FROM pool WHERE kind = :kind AND parent IS NULL

-- name: children
SELECT * FROM pool WHERE parent = :parent ORDER BY path

-- name: paths
SELECT path FROM pool WHERE kind = 1000 ORDER BY path

-- name: add
INSERT INTO pool (id, parent, path, kind, media_type, draws_from_free, returns_to_free, max_allocates)
VALUES (:id, :parent, :path, :kind, :media_type, :draws_from_free, :returns_to_free, :max_allocates)

-- name: change
UPDATE pool SET draws_from_free = :draws_from_free, returns_to_free = :returns_to_free,
                max_allocates = :max_allocates
 WHERE id = :id

-- name: rename
UPDATE pool SET path = :path || substr(path, length(:old) + 1)
 WHERE path = :old OR substr(path, 1, length(:old) + 1) = :old || '/'

-- name: remove
DELETE FROM pool WHERE id = :id

-- name: media_count
SELECT count(*) FROM medium WHERE pool = :pool

-- name: types
SELECT * FROM media_type ORDER BY name

-- name: pick
SELECT s.id, s.medium, s.number, s.state FROM side AS s
 WHERE s.pool = :pool AND s.state = 4 AND s.usable = 1
 ORDER BY s.idle_in_drive DESC, s.allocate_count, s.last_used, s.barcode, s.id
 LIMIT 1

-- name: pick_whole
SELECT s.id, s.medium, s.number, s.state FROM side AS s
 WHERE s.pool = :pool AND s.state = 4 AND s.usable = 1
   AND NOT EXISTS (SELECT 1 FROM side AS o WHERE o.medium = s.medium AND o.state <> 4)
 ORDER BY s.idle_in_drive DESC, s.allocate_count, s.last_used, s.barcode, s.id
 LIMIT 1

-- name: why_not
SELECT CASE WHEN s.state <> 4 THEN s.state END AS state,
       CASE WHEN s.state <> 4 THEN NULL
            WHEN s.usable = 1 THEN 'can be allocated'
            WHEN m.enabled = 0 THEN 'the medium is disabled'
            WHEN m.barcode_state = 101 THEN 'another medium bears the same bar code'
            WHEN t.cleaning = 1 THEN 'not for data'
            WHEN l.kind = 1 THEN 'off line: on the shelf'
            WHEN l.enabled = 0 THEN 'off line: library ' || l.name || ' is disabled'
            WHEN m.place IS NULL THEN 'off line: not found in library ' || l.name
            ELSE 'mounted, or being moved' END AS reason,
       count(*) AS sides
  FROM side AS s
  JOIN medium AS m ON m.id = s.medium
  JOIN library AS l ON l.id = m.library
  JOIN media_type AS t ON t.name = m.media_type
 WHERE s.pool = :pool
 GROUP BY 1, 2 ORDER BY 1, 2
