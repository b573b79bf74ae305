"""API: HTTP and websockets; one router per noun, rights in one place, deny by default."""
