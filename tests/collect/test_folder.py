"""Which files of a folder could be works."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.collect.folder import list_folder
from provenance.errors import NotFoundError


def _files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_pictures_are_found_by_their_endings_at_any_depth_in_the_order_of_their_names(folder: Path) -> None:
    _files(folder, "b.PNG", "a/z.jpeg", "a/b/c.webp", "a.tif", "d.gif", "e.avif", "works.csv", "a/note.txt")

    listing = list_folder(folder)

    assert listing.names == ("a.tif", "a/b/c.webp", "a/z.jpeg", "b.PNG", "d.gif", "e.avif")
    assert listing.skipped == 2
    assert listing.refusals == ()


def test_hidden_files_and_folders_are_counted_and_left_alone(folder: Path) -> None:
    _files(folder, ".hidden.png", ".cache/a.png", ".cache/b.png", "a.png")

    listing = list_folder(folder)

    assert listing.names == ("a.png",)
    assert listing.skipped == 2


def test_a_single_picture_is_a_folder_of_one(draw: Callable[..., Path], folder: Path) -> None:
    listing = list_folder(draw("birds/a.png"))

    assert listing.names == ("a.png",)
    assert listing.root == folder / "birds"


def test_a_folder_that_is_not_there_is_not_found(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no folder .*nowhere"):
        list_folder(folder / "nowhere")


@pytest.mark.parametrize("name", ["a b.png", "line\nbreak.png", "flamingo 🦩.png", "Ünï.png", "-rf.png", "a;b,c.png"])
def test_unusual_names_are_names(folder: Path, name: str) -> None:
    _files(folder, name)

    assert list_folder(folder).names == (name,)


def test_a_name_that_is_not_utf_8_is_refused_in_words_that_can_be_printed(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png")).write_bytes(b"")

    listing = list_folder(folder)

    assert listing.names == ()
    assert [(refusal.name, refusal.reason) for refusal in listing.refusals] == [("caf\\xe9.png", "name")]
    listing.refusals[0].sentence.encode()


def test_a_loop_of_folders_is_not_walked(folder: Path) -> None:
    _files(folder, "a/a.png")
    (folder / "a" / "up").symlink_to(folder)
    (folder / "self.png").symlink_to("self.png")

    listing = list_folder(folder)

    assert listing.names == ("a/a.png",)
    assert [(refusal.name, refusal.reason) for refusal in listing.refusals] == [("self.png", "unreadable")]


def test_a_link_inside_the_folder_is_read_and_one_that_leads_out_is_refused(folder: Path, tmp_path: Path) -> None:
    _files(tmp_path, "secret.png", "elsewhere/b.png")
    _files(folder, "a.png")
    (folder / "inside.png").symlink_to("a.png")
    (folder / "outside.png").symlink_to(tmp_path / "secret.png")
    (folder / "outside").symlink_to(tmp_path / "elsewhere")
    (folder / "dangling.png").symlink_to("nowhere.png")

    listing = list_folder(folder)

    assert listing.names == ("a.png", "inside.png")
    assert [(refusal.name, refusal.reason) for refusal in listing.refusals] == [
        ("dangling.png", "missing"),
        ("outside", "outside"),
        ("outside.png", "outside"),
    ]


def test_a_folder_given_by_a_link_is_walked(folder: Path, tmp_path: Path) -> None:
    _files(folder, "a.png")
    (tmp_path / "link").symlink_to(folder)

    assert list_folder(tmp_path / "link").names == ("a.png",)


def test_what_is_named_like_a_picture_and_is_no_file_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    _files(folder, "folder.png/a.png")

    listing = list_folder(folder)

    assert listing.names == ("folder.png/a.png",)
    assert [(refusal.name, refusal.reason) for refusal in listing.refusals] == [("pipe.png", "unreadable")]
