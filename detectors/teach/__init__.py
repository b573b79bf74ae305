"""Conditions taught on site: examples of one region become one small model, with its figures and versions."""
