"""Engines: code that makes pictures. `registry` finds them and runs them; `engine` is all that an author needs."""
