"""The words of docs/detection.md."""

from string import Template
from typing import Final

MEANING: Final = """\
- **A false flag** is an innocent picture for which any work scores over the threshold.
  One in 1,000 means: of 1,000 pictures that copy nothing, one is shown to a person for nothing.
  It is counted per picture and not per pair; per pair the rate is thousands of times smaller.
- **Found** is the share of copies for which the very work that was copied scores over the threshold that lets that
  many innocents through.
  The threshold is the same for every attack and every work.
- **The interval** is 95 %: works and innocents were drawn anew with repetition, and with them the threshold.
- **uAP** is the average precision over all pairs of a query and a work, sorted by score together (micro-AP).
  **R@P90** is the share of copies found while nine of ten pairs are right (arXiv 2202.10261, section 5.1).
- **R@1** is the share of copies whose first answer is the work or a variant of it, at no threshold at all.
- **Relatives** are a design's variants: skin tones, recoloured or mirrored works, one series.
  A relative that is found counts neither for nor against; which works are relatives is said in
  `benchmarks/detection/relations.py`, and what people looked at is in `relations.csv` beside it.
- **Relatives were looked at twice**: pairs of the report split were added to `relations.csv` after the first answers,
  by looking at pairs of pictures.
  Nothing was asked anew, so a relative that is left out now took a place among the fifteen answers that were kept.
  What the figures were before stands under "Targets missed", at "all".
- Each attack counts alike in its family, and each in `all`.
  Crops of more than 60 % of the surface are shown and not counted in `all`.
- A copy is not an infringement, and neither is a picture that is not flagged free of rights: these are measurements."""

TEMPLATE: Final = Template("""\
# How well copies are found

This page is written by `make bench-detection`; nobody edits it.

## What was measured

Database: $database works of openclipart, openmoji and free wallpapers.
Asked for: $works works by creators that were not looked at while the detectors were made.
Each with $attacks attacks: $copies copies ($sources).
Innocent: $innocents pictures ($kinds).
A work that stands for an innocent picture is searched without all works of its creator, its series and its relatives:
$left_out_mean works are left out on average, $left_out at most.
Development looked at one half of openclipart's creators, and at three sets of emoji and some backgrounds of desktops
that are in no figure here.
Everything here is from the other half, and from two sources of which development saw nothing.
Machine: $machine; seed $seed.
Versions: $versions.

## Targets

$targets

## Targets missed

$missed

## Beside others

The same queries, the same database, in one run; per cent of copies found.

At one false flag in 1,000 innocent pictures:

$thousand

At one in 100:

$hundred

Over all pairs, and the time of one processor core for a query:

$ranking

## Which innocents are flagged

At the threshold for one in 1,000 of all:

$flags

## With a threshold from elsewhere

Above, the threshold is taken from the very innocents that it is held against, as is usual.
Here it is the one for 1 in 1,000 on the development split, for prov the line that is shipped.
This is what a user meets on works that nobody tuned to.

$elsewhere

## Where the time goes

Milliseconds of one processor core.

$stages

## Every attack

Per cent found at one false flag in 1,000.

$each

## What the numbers mean

$meaning
""")
