"""Flood: many publishers of signals, and what the ledger must hold afterwards."""
