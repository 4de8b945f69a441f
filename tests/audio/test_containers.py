"""Audio that libsndfile does not read, against the original and against libsndfile."""

import itertools
import os
import sys
from contextlib import suppress
from pathlib import Path

import mutagen.apev2
import mutagen.mp4
import numpy as np
import pytest
import soundfile
from encoding import draw_sound, write
from scipy.signal import correlate

from tagspace.audio import containers, reading
from tagspace.errors import TagspaceError

SECONDS = 20.345
OFFSETS = (0.0, 0.5, 3.0, 7.7301, 14.1)
INSTALL = (
    "libsndfile does not know its format; m4a, wma and others need PyAV; install it with: "
    "pip install 'tagspace[formats]'"
)
LOSSLESS = {
    "alac, 16 bit.m4a": {"codec": "alac", "sample_format": "s16p"},
    "alac, 24 bit.m4a": {"codec": "alac", "sample_format": "s32p"},
    "flac.mp4": {"codec": "flac", "sample_format": "s16"},
    "wavpack, 16 bit.wv": {"codec": "wavpack", "sample_format": "s16p"},
    "wavpack, 32 bit.wv": {"codec": "wavpack", "sample_format": "s32p"},
    "wavpack, float.wv": {"codec": "wavpack", "sample_format": "fltp"},
    "tta, 16 bit.tta": {"codec": "tta", "sample_format": "s16"},
    "tta, 24 bit.tta": {"codec": "tta", "sample_format": "s32"},
}
# Number of samples by which a part may be shifted. FFmpeg's encoders of wma and aac add silence at
# the start that these files do not state; Matroska's times are rounded to milliseconds.
SHIFTED = {
    "aac.m4a": ({"codec": "aac"}, 0),
    "opus.mp4": ({"codec": "libopus", "rate": 48_000}, 0),
    "ac3.mp4": ({"codec": "ac3"}, 0),
    "aac.mka": ({"codec": "aac"}, 45),
    "opus.webm": ({"codec": "libopus", "rate": 48_000}, 49),
    "pcm.mka": ({"codec": "pcm_f64le"}, 45),
    "wma.wma": ({"codec": "wmav2", "container": "asf"}, 2048 + 45),
    "wma 1.wma": ({"codec": "wmav1", "container": "asf"}, 2048 + 45),
    "aac.aac": ({"codec": "aac", "container": "adts"}, 1024),
    "fragments.m4a": ({"codec": "aac", "container": "mp4", "movflags": "empty_moov"}, 1024),
}


def part_of(sound, offset, rate=44_100, seconds=6):
    return sound[round(offset * rate) :][: round(seconds * rate)]


def shift(clip, original, margin=4096):
    """Return by how many samples a part is later than another one, by correlation."""
    inner = clip[margin : len(original) - margin, 0]
    return margin - correlate(original[:, 0], inner, "valid").argmax()


def refusal_of(path, call=reading.read_excerpts):
    with pytest.raises(TagspaceError) as caught:
        call(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: cannot be read: ")


@pytest.fixture
def without_pyav(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        (name, channels)
        for name, channels in itertools.product(LOSSLESS, [1, 2, 6])
        if channels < 6 or not name.startswith("tta")  # FFmpeg's encoder is for two at most
    ],
)
def test_a_part_of_a_lossless_file_equals_the_original(tmp_path, name, channels):
    sound = draw_sound(SECONDS, channels=channels)
    source = containers.Seeking(write(tmp_path / name, sound, **LOSSLESS[name]))
    assert source.rate == 44_100
    assert source.seconds == pytest.approx(SECONDS, abs=1e-4)
    for offset in OFFSETS:
        clip = source.clip(offset, 6)
        assert clip.dtype == np.float32
        np.testing.assert_array_equal(clip, part_of(sound, offset))


def test_the_lowest_bits_of_24_are_read(tmp_path):
    sound = draw_sound(5) + np.float32(2**-23)
    for name in ("alac, 24 bit.m4a", "tta, 24 bit.tta", "wavpack, 32 bit.wv"):
        source = containers.Seeking(write(tmp_path / name, sound, **LOSSLESS[name]))
        np.testing.assert_array_equal(source.clip(1, 2), part_of(sound, 1, seconds=2))


def test_bytes_without_sign_are_read(tmp_path):
    sound = np.round(draw_sound(5) * 2**7) / np.float32(2**7)
    path = write(tmp_path / "8 bit.tta", sound, codec="tta", sample_format="u8")
    clip = containers.Seeking(path).clip(1, 2)
    np.testing.assert_array_equal(clip, part_of(sound, 1, seconds=2))


@pytest.mark.parametrize("name", SHIFTED)
def test_a_part_of_a_lossy_file_is_where_the_original_is(tmp_path, name):
    options, most = SHIFTED[name]
    rate = options.get("rate", 44_100)
    sound = draw_sound(SECONDS, rate)
    source = containers.Seeking(write(tmp_path / name, sound, **options))
    assert source.rate == rate
    assert source.seconds == pytest.approx(SECONDS, abs=0.07)
    for offset in OFFSETS:
        assert abs(shift(source.clip(offset, 6), part_of(sound, offset, rate))) <= most


@pytest.mark.parametrize("codec", ["libmp3lame", "libopus"])
def test_a_part_is_decoded_as_in_the_whole_file(tmp_path, codec):
    path = write(tmp_path / "a.mp4", draw_sound(SECONDS, 48_000), rate=48_000, codec=codec)
    whole = containers.FromStart(path).clip(0, SECONDS)
    for offset in OFFSETS:
        clip = containers.Seeking(path).clip(offset, 6)
        np.testing.assert_allclose(clip, part_of(whole, offset, 48_000), atol=1e-4)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg", "a.opus"])
def test_offsets_are_those_of_libsndfile(tmp_path, name, monkeypatch):
    monkeypatch.setattr(containers, "FORMATS", "flac,mp3,ogg")
    path = tmp_path / name
    with soundfile.SoundFile(path, "w", 48_000, 2, format={"a.opus": "OGG"}.get(name)) as file:
        for block in np.array_split(draw_sound(SECONDS, 48_000), 20):
            file.write(block)
    source = containers.Seeking(path)
    whole = soundfile.read(path, dtype="float32")[0]
    assert source.seconds == pytest.approx(len(whole) / 48_000, abs=0.01)
    for offset in OFFSETS:
        clip = source.clip(offset, 6)
        assert shift(clip, part_of(whole, offset, 48_000)) == 0
        if name == "a.flac":
            np.testing.assert_array_equal(clip, part_of(whole, offset, 48_000))


@pytest.mark.parametrize("name", ["a.m4a", "a.mka"])
def test_audio_whose_times_begin_late_is_read_from_its_first_sample(tmp_path, name):
    sound = draw_sound(SECONDS)
    source = containers.Seeking(write(tmp_path / name, sound, codec="alac", late=44_100))
    assert source.seconds == pytest.approx(SECONDS, abs=0.1)
    for offset in (0.0, 14.1):
        assert abs(shift(source.clip(offset, 6), part_of(sound, offset))) <= 45


def test_a_part_is_found_where_a_seek_goes_too_far(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "LEAD_IN", -2.0)
    sound = draw_sound(SECONDS)
    source = containers.Seeking(write(tmp_path / "a.m4a", sound, codec="alac"))
    np.testing.assert_array_equal(source.clip(9, 6), part_of(sound, 9))


def test_padding_at_the_end_is_left_out(tmp_path):
    sound = draw_sound(SECONDS)
    clip = containers.Seeking(write(tmp_path / "a.m4a", sound)).clip(18, 6)
    assert len(clip) == pytest.approx(len(part_of(sound, 18)), abs=1)


def test_a_part_that_exceeds_the_file_is_shorter(tmp_path):
    sound = draw_sound(SECONDS)
    source = containers.Seeking(write(tmp_path / "a.m4a", sound, codec="alac"))
    np.testing.assert_array_equal(source.clip(18, 6), part_of(sound, 18))
    for offset in (SECONDS, 30):
        assert source.clip(offset, 6).shape[0] == 0


def test_excerpts_are_those_of_the_same_audio_in_wav(tmp_path):
    sound = draw_sound(SECONDS, 22_050)
    soundfile.write(tmp_path / "a.wav", sound, 22_050)
    write(tmp_path / "a.m4a", sound, rate=22_050, codec="alac", sample_format="s16p")
    one, other = (reading.read_excerpts(tmp_path / name, 5) for name in ("a.wav", "a.m4a"))
    assert other.offsets == pytest.approx(one.offsets)
    assert other.notes == ()
    np.testing.assert_array_equal(one.samples, other.samples)
    expected = reading.read(tmp_path / "a.wav", 2)
    np.testing.assert_array_equal(reading.read(tmp_path / "a.m4a", 2), expected)
    assert reading.duration(tmp_path / "a.m4a") == pytest.approx(SECONDS, abs=1e-4)


@pytest.mark.parametrize("name", SHIFTED)
def test_undamaged_files_have_no_notes(tmp_path, name):
    options, _ = SHIFTED[name]
    path = write(tmp_path / name, draw_sound(SECONDS, options.get("rate", 44_100)), **options)
    for number in (1, 5):
        assert reading.read_excerpts(path, number).notes == ()


def test_video_and_pictures_do_not_matter(tmp_path):
    sound = draw_sound(SECONDS)
    video = write(tmp_path / "video.mp4", sound, codec="alac", pictures=300)
    cover = write(tmp_path / "cover.m4a", sound, codec="alac")
    tags = mutagen.mp4.MP4(cover)
    tags["covr"] = [
        mutagen.mp4.MP4Cover(b"\xff\xd8\xff no picture", mutagen.mp4.MP4Cover.FORMAT_JPEG)
    ]
    tags.save()
    for path in (video, cover):
        source = containers.Seeking(path)
        assert source.seconds == pytest.approx(SECONDS, abs=0.03)
        np.testing.assert_array_equal(source.clip(9, 6), part_of(sound, 9))


def test_a_file_without_audio_is_refused(tmp_path):
    path = write(tmp_path / "a.mp4", pictures=30)
    assert refusal_of(path) == "it has no audio stream that can be decoded"


def test_the_first_of_several_audio_streams_is_read(tmp_path):
    sound = draw_sound(SECONDS)
    path = write(tmp_path / "a.mka", sound, sound[::-1] / 2, codec="flac", sample_format="s16")
    clip = containers.Seeking(path).clip(0, 6)
    np.testing.assert_array_equal(clip, part_of(sound, 0))


# Damage


@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_a_file_that_is_cut_off_is_read_up_to_there(tmp_path, codec, capfd):
    path = write(tmp_path / "a.m4a", draw_sound(60), codec=codec, movflags="faststart")
    os.truncate(path, round(0.6 * path.stat().st_size))
    excerpts = reading.read_excerpts(path, 5)
    assert excerpts.offsets[-1] == pytest.approx(30, abs=2)
    (note,) = excerpts.notes
    assert note.startswith("damaged: 3")
    assert note.endswith(" s, not 60.0 s as its header says, could be read")
    assert capfd.readouterr().err == ""


def test_a_file_whose_index_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "a.m4a", draw_sound(60))
    os.truncate(path, round(0.9 * path.stat().st_size))
    assert refusal_of(path) == "Format not recognised; convert it, for example to flac"


def damage(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["wavpack, 16 bit.wv", "tta, 16 bit.tta"])
def test_a_file_with_checksums_is_read_up_to_the_damage(tmp_path, name, capfd):
    sound = draw_sound(60)
    path = write(tmp_path / name, sound, **LOSSLESS[name])
    damage(path)
    excerpts = reading.read_excerpts(path, 5)
    assert excerpts.notes[0].startswith("damaged: ")
    assert excerpts.offsets[-1] == pytest.approx(24, abs=2)
    source = containers.FromStart(path)
    for offset in excerpts.offsets:
        np.testing.assert_array_equal(source.clip(offset, 6), part_of(sound, offset))
    assert capfd.readouterr().err == ""


def test_a_file_that_lacks_a_part_is_read_up_to_there(tmp_path):
    sound = draw_sound(60)
    path = write(tmp_path / "a.mka", sound, codec="pcm_s16le")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + data[6 * len(data) // 10 :])
    excerpts = reading.read_excerpts(path, 5)
    assert excerpts.notes[0].startswith("damaged: ")
    assert excerpts.offsets[-1] == pytest.approx(24, abs=2)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e19])
def test_impossible_samples_end_a_file(tmp_path, value):
    sound = draw_sound(30)
    sound[20 * 44_100, 1] = value
    path = write(tmp_path / "a.mka", sound, codec="pcm_f64le")
    excerpts = reading.read_excerpts(path, 5)
    assert excerpts.notes[0].startswith(("damaged: 19.9 s", "damaged: 20.0 s"))
    assert excerpts.offsets[-1] == pytest.approx(14, abs=0.1)


@pytest.mark.parametrize("name", SHIFTED)
def test_a_damaged_file_of_any_format_gives_excerpts_or_a_reason(tmp_path, name, capfd):
    options, _ = SHIFTED[name]
    path = write(tmp_path / name, draw_sound(20, options.get("rate", 44_100)), **options)
    damage(path)
    with suppress(TagspaceError):
        assert np.isfinite(reading.read_excerpts(path, 5).samples).all()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.wma", "a.wv", "a.webm"])
@pytest.mark.parametrize("content", [b"", b"no audio", b"\0\0\0\x20ftypM4A " + bytes(5000)])
def test_what_is_no_audio_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    reason = refusal_of(tmp_path / name)
    assert reason == "Format not recognised; convert it, for example to flac"


def test_a_playlist_does_not_lead_to_other_files(tmp_path):
    write(tmp_path / "song.m4a", draw_sound(10))
    path = tmp_path / "list.m4a"
    for text in (
        "ffconcat version 1.0\nfile song.m4a\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsong.m4a\n#EXT-X-ENDLIST\n",
    ):
        path.write_text(text)
        assert refusal_of(path).startswith("Format not recognised")


def test_names_and_tags_in_other_encodings_do_not_matter(tmp_path, monkeypatch):
    sound = draw_sound(10)
    monkeypatch.chdir(tmp_path)
    name = "caf\u00e9: %03d 'a'.wv"
    path = write(tmp_path / name, sound, codec="wavpack", sample_format="s16p")
    tags = mutagen.apev2.APEv2()
    tags["Title"] = "caf\u00e9"
    tags.save(path)
    path.write_bytes(path.read_bytes().replace(b"caf\xc3\xa9", b"caf\xe9 "))
    clip = containers.Seeking(Path(name)).clip(2, 6)
    np.testing.assert_array_equal(clip, part_of(sound, 2))


# Without PyAV


@pytest.mark.usefixtures("without_pyav")
def test_without_pyav_the_reason_names_the_remedy(tmp_path):
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(5000))
    for call in (reading.read_excerpts, reading.read, reading.duration):
        assert refusal_of(path, call) == INSTALL


@pytest.mark.usefixtures("without_pyav")
@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "ogg"])
def test_what_libsndfile_reads_needs_no_pyav(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, draw_sound(10), 44_100)
    assert reading.read_excerpts(path).notes == ()
    os.truncate(path, 20)
    assert "PyAV" not in refusal_of(path)
