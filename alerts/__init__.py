"""Alerts: signals become incidents, incidents become cases, and people are told in time."""
