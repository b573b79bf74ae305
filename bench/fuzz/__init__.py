"""Fuzz: payloads of enemies and of broken devices through a real broker into a real hub, and what came of them."""
