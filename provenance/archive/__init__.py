"""The steps joined: whatever happens to an artwork is one function here, and only here are transactions opened."""

from provenance.archive.archive import Archive, find_archive, open_archive

__all__ = ["Archive", "find_archive", "open_archive"]
