"""Where the manager meets hardware: the contract that drivers fill, the registry of drivers, the lease."""
