"""Checks: one file per noun; each looks for what must never be in the rows of its noun, and names it."""
