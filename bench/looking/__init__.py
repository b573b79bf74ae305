"""Looking: what the parts between a frame and its tracks cost, and what was chosen by it."""
