"""Spellings of an artist are one artist, and different artists stay apart."""

import unicodedata

import pytest

from tagspace.datasets.artists import artist_key, normalise_artists


@pytest.mark.parametrize(
    "other",
    [
        "the inventéd band",
        "  The   Inventéd Band ",
        "Inventéd Band",
        "Inventéd Band, The",
        "INVENTÉD BAND",
        "The Inventéd Band feat. Somebody",
        "The Inventéd Band (ft Somebody Else)",
        "The Inventéd Band featuring Somebody & Others",
        "The Inventéd Band with Somebody",
        unicodedata.normalize("NFD", "The Inventéd Band"),
    ],
)
def test_spellings_of_an_artist_have_one_key(other):
    assert artist_key(other) == artist_key("The Inventéd Band") == "inventéd band"


@pytest.mark.parametrize(
    "name", ["The The", "Theme", "Featherweight", "Withered", "Ftan", "Anne With An E.", "The"]
)
def test_a_name_is_never_reduced_to_nothing(name):
    assert artist_key(name)


def test_names_that_only_look_alike_stay_apart():
    names = ["Theme", "Me", "The Band", "Band of Ann", "Ann", "Anna", "Ann/Bo"]
    assert len(set(normalise_artists(names).keys)) == len(names)


@pytest.mark.parametrize("various", ["Various Artists", "VARIOUS", "V.A.", "va"])
def test_various_artists_are_no_artist_and_are_reported(various):
    found = normalise_artists([various, various, "Ann"])
    assert found.keys == ["", "", "ann"]
    assert found.notes == ["2 tracks of various artists: the artist is unknown"]


def test_joint_artists_count_as_the_first_one_only_where_it_stands_alone():
    found = normalise_artists(["Ann & Bo", "Ann", "Cy and Di", "Bo"])
    assert found.keys == ["ann", "ann", "cy and di", "bo"]
    assert found.notes == ["1 joint artist counts as its first member, such as 'ann & bo'"]


def test_clean_names_give_no_note():
    assert normalise_artists(["Ann", "Bo", "", "Ann"]).notes == []
