"""Intervention studies: a protocol, its participants' logs in a database, and what comes of them."""
