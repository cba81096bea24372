"""The steps by which a database of studies becomes one of this release."""
