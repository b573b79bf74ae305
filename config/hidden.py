"""Hidden: which keys of an item are secrets, and when a stored one may stay."""

from __future__ import annotations

from pydantic import BaseModel

from alerts.channel import ChannelParams
from config.nouns.contact import Contact
from config.nouns.device import Camera
from config.nouns.user import User


def secret_keys(item: BaseModel) -> frozenset[str]:
    """The keys of an item that are stored as secrets."""
    if isinstance(item, Camera):
        return item.secret_keys()
    if isinstance(item, ChannelParams):
        return item.SECRETS
    if isinstance(item, Contact):
        return frozenset({"phone"})
    if isinstance(item, User):
        return frozenset({"password"})
    return frozenset()


def keeps_place(item: BaseModel, stored: BaseModel) -> bool:
    """Whether a stored secret may stay with this item.

    The password of a camera or channel never follows it to another host or user: whoever may change the address
    could otherwise have the password sent to a machine of his own.
    """
    if isinstance(item, Camera) and isinstance(stored, Camera):
        return (item.host(), item.user) == (stored.host(), stored.user)
    if isinstance(item, ChannelParams) and isinstance(stored, ChannelParams):
        return (item.kind, item.place()) == (stored.kind, stored.place())
    if isinstance(item, Contact) and isinstance(stored, Contact):
        return item.name == stored.name
    return True
