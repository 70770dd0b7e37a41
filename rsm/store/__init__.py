"""The store: what was last seen, what was decided, and what is under way.

`location` says where it is, `gate` lets writers in one at a time, `sqlite` opens it, `migrations` brings it
up to date, `statements/*.sql` holds every statement by name, `rows` turns rows into the model's values, and
`listing` streams rows to people without the model.
"""
