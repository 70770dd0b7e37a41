The move journal and the events.

-- name: open_intent
SELECT * FROM intent WHERE library = :library AND closed IS NULL

-- name: intend
INSERT INTO intent (id, library, medium, source, destination, inverted, reason, holder, sent, limit_ms)
VALUES (:id, :library, :medium, :source, :destination, :inverted, :reason, :holder, :sent, :limit_ms)

-- name: close
UPDATE intent SET closed = :at, outcome = :outcome WHERE id = :id AND closed IS NULL

-- name: event
INSERT INTO event (at, kind, library, medium, text, actor) VALUES (:at, :kind, :library, :medium, :text, :actor)
