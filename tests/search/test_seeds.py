"""A query is a file, a part of a path, or tags."""

import shutil

import numpy as np
import pytest
import soundfile

from tagspace.encoders import musicnn
from tagspace.encoders.heard import TAGS
from tagspace.errors import TagspaceError
from tagspace.search.collection import SOUND
from tagspace.search.explanation import HEARD, explain, predicted_tags
from tagspace.search.query import nearest
from tagspace.search.seeds import Seed, of_row, seed


def test_a_file_of_the_collection_in_three_spellings(indexed, music):
    path = indexed.tracks["path"].iloc[3]
    for text in (path, str(music / path), path.rpartition("/")[2].upper()):
        assert seed(indexed, text).row == 3


def test_a_copy_from_elsewhere_is_known_by_its_content(indexed, music, tmp_path):
    shutil.copyfile(music / indexed.tracks["path"].iloc[3], tmp_path / "copy.flac")
    assert seed(indexed, str(tmp_path / "copy.flac")).row == 3


def test_another_file_is_placed_as_the_index_would_place_it(indexed, music, tmp_path):
    samples, rate = soundfile.read(music / indexed.tracks["path"].iloc[3])
    soundfile.write(tmp_path / "other.wav", samples[: 10 * rate], rate)
    found = seed(indexed, str(tmp_path / "other.wav"))
    assert found.row == -1
    assert len(found.heard) == 5
    assert nearest(indexed, [found]).index[0] == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("album 0", "is in the paths of 2 tracks, such as album 0/.*; give more of the path"),
        ("no such", "'no such' is neither a file, .* tags are, for example, 00s, 60s, 70s"),
        ("jazz, nonsense", "is neither a file"),
        ("", "is in the paths of 12 tracks"),
        ("x" * 5000, "is neither a file"),
        ("\0", "is neither a file"),
    ],
)
def test_what_names_nothing_or_too_much(indexed, text, message):
    with pytest.raises(TagspaceError, match=message):
        seed(indexed, text)


def test_a_file_that_cannot_be_read(indexed, music):
    with pytest.raises(TagspaceError, match=r"broken\.mp3: cannot be read"):
        seed(indexed, str(music / "broken.mp3"))


def test_tags_rank_tracks_as_musicnn_does(indexed, music):
    vectors = [musicnn.excerpt_vectors(str(music / p), 5)[0] for p in indexed.tracks["path"][:6]]
    means = np.stack([each.mean(0) for each in vectors])
    scale = indexed.representations[SOUND].scale
    lengths = np.linalg.norm((means - scale[0]) / scale[1], axis=1)
    for tag in ("jazz", "Hip-Hop"):
        logits = (means - scale[0]) @ musicnn.tag_weights()[TAGS.index(tag)]
        found = nearest(indexed, [seed(indexed, tag.upper())], number=12).index
        order = [row for row in found if row < 6]
        assert order == np.argsort(-logits / lengths).tolist()


def test_several_tags_lie_between_them(indexed):
    both = seed(indexed, "jazz, sad").vectors[SOUND]
    for tag in ("jazz", "sad"):
        assert both @ seed(indexed, tag).vectors[SOUND] > 0.5


def test_the_reason_names_embedded_tags_first(made):
    seeds = [of_row(made, 0)]  # calm, low; rock, jazz
    assert explain(made, [3, 1, 2], seeds) == ["calm, low", "calm", ""]
    bare = Seed("elsewhere", seeds[0].vectors, heard=["house", "jazz"])
    jazz, none, house = explain(made, [3, 4, 2], [bare])
    assert jazz == none == "predicted: jazz (49%)"
    assert house == "predicted: House"  # how often it is right was not measured
    assert predicted_tags(made, [2]) == {HEARD: [["House"]]}


def test_a_model_that_changed_since_the_index_is_reported(made, music):
    seeds_file = next(music.rglob("*.flac"))
    with pytest.raises(TagspaceError, match="model: .*made is not the record of a run"):
        seed(made, str(seeds_file))
