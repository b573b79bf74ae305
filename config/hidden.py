"""Hidden: which keys of an item are secrets, and when a stored one may stay."""

from __future__ import annotations

from pydantic import BaseModel

from config.nouns.contact import Contact
from config.nouns.device import Camera
from config.nouns.user import User


def secret_keys(item: BaseModel) -> frozenset[str]:
    """The keys of an item that are stored as secrets."""
    if isinstance(item, Camera):
        return item.secret_keys()
    if isinstance(item, Contact):
        return frozenset({"phone"})
    if isinstance(item, User):
        return frozenset({"password"})
    return frozenset()


def keeps_place(item: BaseModel, stored: BaseModel) -> bool:
    """Whether a stored secret may stay with this item.

    A camera's password never follows the camera to another host or user: whoever may change the address could
    otherwise have the password sent to a machine of his own.
    """
    if isinstance(item, Camera) and isinstance(stored, Camera):
        return (item.host(), item.user) == (stored.host(), stored.user)
    if isinstance(item, Contact) and isinstance(stored, Contact):
        return item.name == stored.name
    return True
