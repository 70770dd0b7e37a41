"""What decides: one file per family of verbs. Everything that decides is a transaction in the store."""
