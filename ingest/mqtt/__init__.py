"""MQTT: messages come in, and are acknowledged after their effect is committed; only here is paho touched."""
