"""Routers: one file per noun; each exports `router`, and every route in it declares its right."""
