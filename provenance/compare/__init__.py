"""Two pictures held against each other, and one picture against many: what is alike, where, and how surely.

`cascade.py` tells the story; `look.py` says what a picture is reduced to before.
"""
