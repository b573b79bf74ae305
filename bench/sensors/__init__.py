"""Sensors: from a published message to a stored reading and a websocket, beside others that do the same."""
