"""All tests: hypothesis judges answers, never how long they took; `make check` tries fewer examples."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("whole", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("whole")
