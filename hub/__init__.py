"""Hub: the commands, and the one composition root that wires everything together."""
