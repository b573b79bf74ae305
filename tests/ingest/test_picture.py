"""Uploaded photos: what comes out is a picture of ours, and what is hostile does not come in."""

from __future__ import annotations

import io
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ingest import picture
from ingest.errors import HubError, InvalidInput, TooLarge
from ingest.picture import clean


def scene(width: int = 120, height: int = 80) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    """As a file of this kind."""
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def pixels(jpeg: bytes) -> NDArray[np.uint8]:
    """Decoded by another library than the one that made it, as RGB."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG that says it is so large."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def with_exif(orientation: int) -> bytes:
    """A telephone's photo: turned, with place, time and make."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRET-MAKE"
    exif[0x0132] = "2026:11:22 08:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 45.0, 50.0), 3: "E", 4: (116.0, 48.0, 21.0)})
    profile = b"SECRET-PROFILE" * 20
    return saved(scene(), "JPEG", quality=95, exif=exif, icc_profile=profile, comment=b"SECRET-COMMENT")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_becomes_a_jpeg(kind: str) -> None:
    """The same picture, of the same size."""
    found = clean(saved(scene(), kind))
    assert (found.width, found.height) == (120, 80)
    image = pixels(found.jpeg)
    assert image.shape == (80, 120, 3)
    assert image[40, 20][0] > 180 > image[40, 20][2]
    assert image[40, 100][2] > 180 > image[40, 100][0]


def test_nothing_but_pixels_is_left() -> None:
    """Place, time, make, comment and colour profile are gone; the telephone's turn is in the pixels."""
    given = with_exif(6)  # turned by 90 degrees
    assert b"SECRET-MAKE" in given
    assert b"Exif" in given
    found = clean(given)
    for word in (b"Exif", b"SECRET", b"ICC", b"2026:11"):
        assert word not in found.jpeg, word
    image = Image.open(io.BytesIO(found.jpeg))
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (found.width, found.height) == (80, 120)
    turned = pixels(found.jpeg)
    assert turned[20, 40][0] > 180, "what was on the left is above"
    assert turned[100, 40][2] > 180


def test_texts_of_a_png_are_gone() -> None:
    """Also those that are packed."""
    body = zlib.compress(b"".join(b"\0" + bytes((9, 99, 199)) * 8 for _ in range(8)))
    text = chunk(b"tEXt", b"Author\0SECRET") + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"SECRET" * 9))
    given = png(8, 8, text, chunk(b"IDAT", body), chunk(b"eXIf", b"SECRET"))
    assert b"SECRET" not in clean(given).jpeg


def test_what_hides_behind_a_picture_is_gone() -> None:
    """A zip, a script or a second picture behind the end is in no way part of what is kept."""
    for kind in ("JPEG", "PNG", "WEBP"):
        given = saved(scene(), kind) + b"PK\x03\x04<script>alert(1)</script>" + saved(scene(), "JPEG")
        found = clean(given)
        assert b"script" not in found.jpeg
        assert found.jpeg.count(b"\xff\xd8\xff") == 1
    inside = saved(scene(), "JPEG", comment=b"*/=1;alert(1);/*<?php system($_GET[0]); ?>")
    assert b"php" in inside
    assert b"php" not in clean(inside).jpeg


def test_a_large_photo_becomes_smaller() -> None:
    """The longer side is at most LONGEST pixels."""
    wide = np.full((60, 9000, 3), 127, np.uint8)
    done, content = cv2.imencode(".jpg", wide)
    assert done
    found = clean(content.tobytes())
    assert found.width == picture.LONGEST
    assert 20 <= found.height <= 32


def bomb() -> bytes:
    """A few kilobytes that unfold to 30,000 × 30,000 pixels."""
    packed = zlib.compressobj(9)
    body = b"".join(packed.compress(bytes(1_000_000)) for _ in range(90)) + packed.flush()
    return png(30_000, 30_000, chunk(b"IDAT", body))


def huge_jpeg() -> bytes:
    """A JPEG whose header says 65,000 × 65,000."""
    given = saved(scene(), "JPEG")
    at = given.index(b"\xff\xc0")
    return given[: at + 5] + struct.pack(">HH", 65_000, 65_000) + given[at + 9 :]


def huge_webp() -> bytes:
    """A WebP whose extended header says 16,384 × 16,384."""
    body = saved(scene(), "WEBP")[12:]
    head = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16383).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(body)) + b"WEBP" + head + body


def scans() -> bytes:
    """A progressive JPEG of very many scans."""
    given = saved(scene(), "JPEG", progressive=True)
    at = given.rindex(b"\xff\xda")
    return given[:-2] + given[at:-2] * 200 + b"\xff\xd9"


MOVING = saved(scene(), "WEBP", save_all=True, append_images=[scene(), Image.new("RGB", (120, 80))])


@pytest.mark.parametrize(
    ("content", "cause", "told"),
    [
        (b"", InvalidInput, "empty"),
        (b"GIF89a" + bytes(100), InvalidInput, "neither JPEG, PNG nor WebP"),
        (b"<svg onload='x()'/>", InvalidInput, "neither JPEG, PNG nor WebP"),
        (b"PK\x03\x04" + bytes(100), InvalidInput, "neither JPEG, PNG nor WebP"),
        (b"\x00" * 1000, InvalidInput, "neither JPEG, PNG nor WebP"),
        (saved(scene(), "JPEG")[:-200], InvalidInput, "cut off"),
        (saved(scene(), "JPEG")[:40], InvalidInput, "cut off"),
        (b"\xff\xd8\xff", InvalidInput, "cut off"),
        (saved(scene(), "PNG")[:-30], InvalidInput, "cut off"),
        (saved(scene(), "WEBP")[:-30], InvalidInput, "cut off"),
        (b"\xff\xd8" + bytes(100), InvalidInput, "not a JPEG"),
        (b"\xff\xd8\xff\xd9", InvalidInput, "no size"),
        (png(8, 8), InvalidInput, "cannot be decoded"),
        (png(0, 8, chunk(b"IDAT", b"")), InvalidInput, "no size"),
        (png(8, 8, chunk(b"IHDR", bytes(13))), InvalidInput, "not a PNG"),
        (b"RIFF\x08\0\0\0WEBPVP8 ", InvalidInput, "no size"),
        (b"RIFF\x04\0\0\0WEBP", InvalidInput, "no size"),
        (MOVING, InvalidInput, "moving"),
        (scans(), InvalidInput, "scans"),
        (bomb(), TooLarge, "30000 × 30000"),
        (huge_jpeg(), TooLarge, "65000 × 65000"),
        (huge_webp(), TooLarge, "16384 × 16384"),
        (bytes(picture.MOST_BYTES + 1), TooLarge, "bytes"),
    ],
    ids=[
        "empty", "gif", "svg", "zip", "zeros", "cut jpeg", "cut in the head", "three bytes", "cut png", "cut webp",
        "no jpeg", "no frame", "png without data", "png without width", "two headers", "webp without data",
        "empty webp", "animated", "scan bomb", "png bomb", "huge jpeg", "huge webp", "too many bytes",
    ],
)  # fmt: skip
def test_what_is_refused(content: bytes, cause: type[HubError], told: str) -> None:
    """Each at once, by its cause, before anything is unfolded."""
    began = time.process_time()
    with pytest.raises(cause) as caught:
        clean(content)
    print(f"{time.process_time() - began:.3f} s")
    assert type(caught.value) is cause
    assert told in caught.value.message
    assert caught.value.where == "photo"


def test_a_small_picture_with_endless_data_stays_small() -> None:
    """A PNG of 8 × 8 whose data unfolds to sixty megabytes is read as far as the picture goes, or refused."""
    packed = zlib.compressobj(9)
    body = b"".join(packed.compress(bytes(1_000_000)) for _ in range(60)) + packed.flush()
    try:
        found = clean(png(8, 8, chunk(b"IDAT", body)))
    except InvalidInput:
        return
    assert (found.width, found.height) == (8, 8)


def test_garbage_never_breaks_out() -> None:
    """Bytes changed at random give a picture or one of the two refusals."""
    random = np.random.default_rng(7)
    for kind in ("JPEG", "PNG", "WEBP"):
        given = saved(scene(), kind)
        for _ in range(150):
            wrong = bytearray(given)
            for at in random.integers(0, len(wrong), 6):
                wrong[at] = int(random.integers(0, 256))
            try:
                found = clean(bytes(wrong))
            except (InvalidInput, TooLarge):
                continue
            assert found.width * found.height <= picture.MOST_PIXELS
