"""Pytest plugin, loaded before all others, that skips the grammar of web addresses to save 2 s of imports.

It is built by jsonschema, which nbval imports through nbformat.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
