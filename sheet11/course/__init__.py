"""Running, re-running, releasing and grading notebooks: any that have a parameters cell and records."""

import sys
from importlib.metadata import version
from typing import Any

VERSION = version("sheet11")  # results of another version are made anew

# jsonschema, which nbformat imports, would spend two seconds on building a package's grammar of web addresses.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("rfc3987_syntax", None)
