"""Removable Storage Manager for Linux: the manager, which knows no device."""

__version__ = "0.1.0.dev0"
