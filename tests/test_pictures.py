"""Pictures that people send: what becomes of good ones, and that no bad one gets through or does harm."""

import asyncio
import struct
from pathlib import Path

import picture_files as files
import pytest
from PIL import Image

from roomd import picture_worker
from roomd.domain.refusals import Invalid, Limited
from roomd.picture_worker import MAX_PIXELS, webp_size
from roomd.pictures import MAX_BYTES, WAITING, Pictures


async def refusal_of(data: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        await Pictures().avatar(data)
    return caught.value


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
async def test_every_form_becomes_a_square_webp(form: str) -> None:
    made = files.opened(await Pictures().avatar(files.written(files.halves(900, 600), form)))
    assert (made.format, made.size) == ("WEBP", (512, 512))
    assert files.near(made.getpixel((20, 256)), files.RED)
    assert files.near(made.getpixel((490, 256)), files.BLUE)


@pytest.mark.gen_test(timeout=60)
async def test_covers_keep_their_proportions_and_small_pictures_their_size() -> None:
    pictures = Pictures()
    assert files.opened(await pictures.cover(files.written(files.halves(3_000, 1_500)))).size == (1_000, 500)
    assert files.opened(await pictures.cover(files.written(files.halves(90, 60)))).size == (90, 60)
    assert files.opened(await pictures.avatar(files.written(files.halves(90, 60)))).size == (60, 60)
    assert files.opened(await pictures.cover(files.written(Image.new("RGB", (1, 65_000), files.RED)))).size == (
        1,
        1_000,
    )
    assert files.opened(await pictures.avatar(files.written(Image.new("RGB", (30_000, 1), files.RED)))).size == (1, 1)


#: Where the red half of a picture lies that was stored as the camera was held: x and y as shares.
HELD = {1: (0, 0.5), 2: (1, 0.5), 3: (1, 0.5), 4: (0, 0.5), 5: (0.5, 0), 6: (0.5, 0), 7: (0.5, 1), 8: (0.5, 1)}


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize("orientation", HELD)
async def test_pictures_stand_upright_and_say_nothing_of_their_maker(orientation: int) -> None:
    sent = files.held(orientation, files.halves(1_600, 800))
    assert b"Alice Example" in sent
    made = files.opened(await Pictures().cover(sent))
    assert made.size == ((1_000, 500) if orientation < 5 else (500, 1_000))
    x, y = HELD[orientation]
    place = (round(x * (made.width - 41)) + 20, round(y * (made.height - 41)) + 20)
    assert files.near(made.getpixel(place), files.RED), made.getpixel(place)
    assert not made.getexif() and "exif" not in made.info and "icc_profile" not in made.info and "xmp" not in made.info


@pytest.mark.gen_test(timeout=60)
async def test_colours_are_those_that_the_profile_means() -> None:
    profile = files.swapped_profile()
    for form in ("PNG", "JPEG"):
        made = files.opened(await Pictures().avatar(files.written(files.halves(), form, icc_profile=profile)))
        red, green, _ = made.getpixel((5, 20))  # type: ignore[misc]
        assert green > 150 > red, form
    clear = files.halves(60, 40, (220, 20, 20, 255), (20, 20, 220, 0))
    made = files.opened(await Pictures().avatar(files.written(clear, icc_profile=profile)))
    assert made.mode == "RGBA"
    assert made.getpixel((35, 20))[3] == 0  # type: ignore[index]
    plain = files.opened(await Pictures().avatar(files.written(files.halves(), icc_profile=b"no profile at all")))
    assert files.near(plain.getpixel((5, 20)), files.RED)


@pytest.mark.gen_test(timeout=60)
async def test_unusual_modes() -> None:
    pictures = Pictures()
    grey = files.opened(await pictures.avatar(files.grey_sixteen()))
    assert files.near(grey.getpixel((10, 10)), (128, 128, 128), 4)
    cmyk = files.opened(await pictures.avatar(files.written(files.halves().convert("CMYK"), "JPEG")))
    assert files.near(cmyk.getpixel((5, 20)), files.RED, 45)
    palette = files.halves().convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    seen = files.opened(await pictures.avatar(files.written(palette, transparency=palette.getpixel((50, 20)))))
    assert seen.mode == "RGBA"
    assert seen.getpixel((35, 20))[3] == 0  # type: ignore[index]
    one = files.opened(await pictures.avatar(files.written(Image.new("1", (30, 30), 1))))
    assert files.near(one.getpixel((10, 10)), files.WHITE)


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
async def test_of_a_film_the_first_frame_is_taken(form: str) -> None:
    made = files.opened(await Pictures().avatar(files.animated(300, form)))
    assert getattr(made, "n_frames", 1) == 1
    assert files.near(made.getpixel((20, 20)), files.RED)


SIDE = 8_000
assert SIDE * SIDE > MAX_PIXELS


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize(
    "bomb",
    [
        files.png_bomb(SIDE, SIDE),
        files.png_claiming(2_000_000_000, 2_000_000_000),
        files.gif_claiming(65_535, 65_535),
        files.webp_claiming(16_383, 16_383),
        files.webp_claiming(1 << 24, 1 << 24),
        files.jpeg_claiming(65_000, 65_000),
    ],
    ids=["png", "png claims", "gif claims", "webp claims", "webp claims more", "jpeg claims"],
)
async def test_more_pixels_than_can_be_are_refused_before_decoding(
    bomb: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(bomb) < 300_000
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(picture_worker.Refused) as caught:
        # In this process: had it been decoded, the memory would be ours.
        picture_worker.convert(bomb, "square", 512)
    assert caught.value.code in {"too_large", "not_a_picture"}
    refusal = await refusal_of(bomb)
    assert (refusal.code, refusal.message) == (caught.value.code, str(caught.value))


def test_a_webp_is_measured_before_pillow_makes_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("that would have allocated 2 GB"))
    with pytest.raises(picture_worker.Refused) as caught:
        picture_worker.convert(files.webp_claiming(16_383, 16_383), "square", 512)
    assert caught.value.code == "too_large"


def test_what_pictures_claim_is_read_from_their_headers() -> None:
    assert webp_size(files.webp_claiming(16_383, 9_000)) == (16_383, 9_000)
    assert webp_size(files.written(files.halves(61, 43), "WEBP")) == (61, 43)
    assert webp_size(files.written(files.halves(61, 43), "WEBP", lossless=True)) == (61, 43)
    assert webp_size(files.written(files.halves(), "PNG")) is None
    assert webp_size(b"RIFF....WEBPVP8 ") is None


@pytest.mark.gen_test(timeout=60)
async def test_what_is_no_picture_is_called_so() -> None:
    whole = files.written(files.halves(900, 900), "JPEG", quality=95)
    png = files.written(Image.effect_noise((300, 300), 60))
    for lie in (
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"GIF89a",
        whole[:200],
        whole[: len(whole) // 2],
        png[: len(png) // 2],
        files.written(files.halves(), "TIFF"),
        files.written(files.halves(), "BMP"),
        files.written(files.halves(), "ICO"),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0xFFFFFFF0) + b"IHDR",
        files.png_claiming(0, 10),
        files.png_claiming(100, 100, b"\0" * 50),
    ):
        refusal = await refusal_of(lie)
        assert refusal.code == "not_a_picture", (lie[:20], refusal.message)
    assert (await refusal_of(bytes(MAX_BYTES + 1))).code == "too_large"


@pytest.mark.gen_test(timeout=60)
async def test_a_decoder_that_dies_takes_nobody_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its place a program that ends as one does that used up its time, memory, or luck."""
    fatal = tmp_path / "worker.py"
    fatal.write_text("import os, signal, sys; sys.stdin.buffer.read(); os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr("roomd.pictures._WORKER", str(fatal))
    assert (await refusal_of(files.written(files.halves()))).code == "not_a_picture"
    fatal.write_text("import time; time.sleep(60)")
    monkeypatch.setattr("roomd.pictures.PATIENCE_S", 0.3)
    with pytest.raises(Exception, match="takes too long") as caught:
        await Pictures().avatar(files.written(files.halves()))
    assert getattr(caught.value, "code", "") == "unavailable"


@pytest.mark.gen_test(timeout=60)
async def test_the_decoder_knows_no_secrets_and_has_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    looking = tmp_path / "worker.py"
    looking.write_text(
        "import os, sys; sys.stdin.buffer.read(); "
        "sys.stdout.write('webp\\n' + ' '.join(sorted(k for k in os.environ if not k.startswith('LC_'))))"
    )
    monkeypatch.setattr("roomd.pictures._WORKER", str(looking))
    assert await Pictures().avatar(b"") == b"PYTHONPATH"


@pytest.mark.gen_test(timeout=60)
async def test_one_at_a_time_and_only_so_many_wait() -> None:
    pictures, picture = Pictures(), files.written(files.halves())
    came = await asyncio.gather(*(pictures.avatar(picture) for _ in range(WAITING + 3)), return_exceptions=True)
    refused = [each for each in came if isinstance(each, Limited)]
    assert (len(refused), {each.code for each in refused}) == (2, {"busy"})
    assert sum(isinstance(each, bytes) for each in came) == WAITING + 1
    assert isinstance(await pictures.avatar(picture), bytes)
