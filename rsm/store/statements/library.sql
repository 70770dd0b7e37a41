Libraries and their places.

-- name: by_name
SELECT * FROM library WHERE name = :name

-- name: by_id
SELECT * FROM library WHERE id = :id

-- name: by_prefix
SELECT * FROM library WHERE id >= :low AND id < :high

-- name: by_robot
SELECT * FROM library WHERE serial = :serial AND serial <> '' AND vendor = :vendor AND product = :product

-- name: by_device
SELECT * FROM library WHERE device = :device

-- name: names
SELECT name FROM library WHERE kind <> 1 ORDER BY name

-- name: shelf
SELECT id FROM library WHERE kind = 1

-- name: add
INSERT INTO library (id, name, kind, device, vendor, product, revision, serial, new_media, default_type,
                     reads_volume_tags, rotates, created)
VALUES (:id, :name, :kind, :device, :vendor, :product, :revision, :serial, :new_media, :default_type,
        :reads_volume_tags, :rotates, :created)

-- name: remove
DELETE FROM library WHERE id = :id

-- name: set_device
UPDATE library SET device = :device WHERE id = :id

-- name: set_stale
UPDATE library SET stale = :stale WHERE id = :id AND stale <> :stale

-- name: set_inventoried
UPDATE library SET inventoried = :at, stale = 0, device = :device, revision = :revision,
                   reads_volume_tags = :reads_volume_tags, rotates = :rotates
 WHERE id = :id

-- name: places
SELECT * FROM place WHERE library = :library ORDER BY kind, address

-- name: place_by_id
SELECT * FROM place WHERE id = :id

-- name: place_at
SELECT * FROM place WHERE library = :library AND kind = :kind AND address = :address

-- name: unknown
SELECT address FROM place WHERE library = :library AND full_seen IS NULL AND present = 1

-- name: numbers
SELECT kind, count(*) AS places FROM place WHERE library = :library GROUP BY kind

-- name: drives
SELECT d.*, m.id AS medium, m.barcode AS medium_barcode
  FROM place AS d LEFT JOIN medium AS m ON m.place = d.id
 WHERE d.library = :library AND d.kind = 5 ORDER BY d.mount_count, d.number

-- name: free_slots
SELECT s.* FROM place AS s
 WHERE s.library = :library AND s.kind = 16 AND s.present = 1 AND s.enabled = 1 AND s.full_seen = 0
   AND NOT EXISTS (SELECT 1 FROM medium WHERE place = s.id)
 ORDER BY EXISTS (SELECT 1 FROM medium WHERE home = s.id AND library = s.library AND id <> :medium), s.number

-- name: add_place
INSERT INTO place (id, library, kind, address, number, present, accessible, full_seen, condition, disputed, serial,
                   state)
VALUES (:id, :library, :kind, :address, :number, :present, :accessible, :full_seen, :condition, :disputed, :serial,
        :state)

-- name: set_place
UPDATE place SET present = :present, accessible = :accessible, full_seen = :full_seen, condition = :condition,
                 disputed = :disputed, serial = :serial
 WHERE id = :id

-- name: set_mounted
UPDATE place SET mounted_side = :side, state = :state, mount_count = mount_count + 1 WHERE id = :id

-- name: set_node
UPDATE place SET node = :node WHERE id = :id

-- name: set_dismounting
UPDATE place SET mounted_side = NULL, state = 7 WHERE id = :id

-- name: set_mounted_again
UPDATE place SET mounted_side = :side, state = 1
 WHERE id = :id AND state = 7 AND mounted_side IS NULL
   AND EXISTS (SELECT 1 FROM medium JOIN side ON side.medium = medium.id
                WHERE medium.place = place.id AND side.id = :side)

-- name: set_unmounted
UPDATE place SET mounted_side = NULL, state = 0 WHERE id = :id

-- name: set_kept
UPDATE place SET state = 0 WHERE id = :id AND state = 7

-- name: dismount_emptied
UPDATE place SET mounted_side = NULL, state = 0
 WHERE library = :library AND kind = 5 AND (mounted_side IS NOT NULL OR state <> 0)
   AND NOT EXISTS (SELECT 1 FROM medium WHERE medium.place = place.id
                      AND (place.mounted_side IS NULL
                           OR medium.id = (SELECT side.medium FROM side WHERE side.id = place.mounted_side)))

-- name: forget_homes
UPDATE medium SET home = NULL WHERE home IN (SELECT id FROM place WHERE library = :library)

-- name: held_media
SELECT count(*) FROM place AS d WHERE d.library = :library AND d.mounted_side IS NOT NULL
