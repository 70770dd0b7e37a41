"""What the manager talks about: frozen values and enumerations, nothing of the standard library but types."""
