"""Suites that ship with rsm: what every changer must do, for the authors of drivers."""
