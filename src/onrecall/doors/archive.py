"""All of memory as a folder: one JSON-lines file a table and a manifest; read back, it gives the same store."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from onrecall import __version__
from onrecall.errors import Conflict, Invalid, Rejected
from onrecall.line.bring import Brought
from onrecall.store import Store

MANIFEST = "onrecall.json"
FORMAT = 1
