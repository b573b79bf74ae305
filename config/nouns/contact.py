"""Contact: who is on duty at a site."""

from __future__ import annotations

from config.fields import Id, ShortText
from config.nouns.item import Item


class Contact(Item):
    """Somebody on duty at a site; the phone number is encrypted and never pushed or logged."""

    site: Id
    duty: ShortText
    name: ShortText
    phone: ShortText | None = None
