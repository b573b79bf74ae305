"""Node: a village's loudspeaker node as a small process of its own; it speaks only MQTT."""
