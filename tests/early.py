"""A plugin that pytest loads before all others: without the grammar of web addresses, what they import takes 2 s less.

jsonschema builds it, which nbformat imports, as nbval does.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
