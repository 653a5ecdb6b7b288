"""`python -m provenance.cli.reference docs/reference.md`: every command, engine and setting, written from the program.

With `--check` nothing is written, and the exit code is 1 where the file is not what would be written.
"""

import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from provenance.cli.app import app
from provenance.errors import ProvenanceError
from provenance.generate.describe import DescribedEngine, DescribedOption, describe
from provenance.generate.palettes import PALETTES
from provenance.settings import Settings, environment_name
from provenance.train.gan_settings import GanSettings

Command = Any
"""A command or group as the parser has it: its classes have no public name."""

_WIDTH = 80
_DISTRIBUTION = "provenance-archive"

_HEAD = """\
# Reference

Every command, engine and setting.
This page is written by `make docs` from the program itself; a test compares the two.

## Calling

Results go to stdout; progress, warnings and what to do next go to stderr.
Colours appear on terminals only and never where `NO_COLOR` is set; signs become ASCII where the terminal lacks UTF-8.
Ids are 64 hex digits; the first 4 or more are enough where they mean one thing only.

| exit code | means |
|---|---|
| 0 | good |
| 1 | a finding, a failed verification, or a refusal: we looked, and the answer is no |
| 2 | wrong usage: nothing was done |
| 3 | something is missing or broken: a file, an archive, a disk, a key |
| 130 | stopped by Ctrl-C: what was finished is kept |

| environment variable | means |
|---|---|
| `PROV_ARCHIVE` | the archive, where `--archive` does not name one |
| `PROV_PASSPHRASE` | unlocks the signing key, and encrypts new ones |
| `PROV_DEBUG` | shows where a defect of prov happened |
| `NO_COLOR` | no colours |
| `PROV_TABLE_NAME` | any setting, as listed [below](#settings) |

## JSON

With `--json` a command prints one document on stdout and nothing else.
Keys do not change their meaning; new ones may come.
Times are ISO 8601 in UTC; digests are hex, or `sha256:` and hex; ids are always whole; what is not recorded is `null`.
Where a command fails nothing is on stdout, and the sentence is on stderr; `verify` puts it into the document instead.

"""

_DOCUMENTS: Mapping[str, str] = {
    "generate": "`run`, `device`, `warnings`, `artworks` (as in `show`), `files` (id to path)",
    "reproduce": "`artwork`, `verdict` (exact, equivalent, close, different), `difference`, `causes`, `sentence`",
    "engines": "`engines` (`name`, `version`, `distribution`, `summary`, `styles`, `options`, `promise`), `problems`",
    "list": "`artworks` (`uid`, `label`, `model`, `seed`, `width`, `height`, `making`, `by`, `findings`, `made_at`), "
    "`total`",
    "show": "`artwork` (every record of it; among it `findings`: `severity`, `check`, `sentence`, `other`, `standing`, "
    "`decision` of a person that holds; and `judgements`, as in `audit decide`), `making`, `text` (how it was made, in "
    "words), `file`",
    "run": "`run`, `exit_code` (of the program), `text`, `artworks` (as in `show`), `already`, `refused`, `notes`",
    "import": "`run`, `artworks` (as in `show`), `already`, `refused`, `skipped`",
    "lineage": "`subject`, `upwards`, `relatives` (`uid`, `kind`, `label`, `depth`, `truth`), "
    "`steps` (`child`, `role`, `parent`, `truth`), `earlier`, `complete`, `next` (for `--after`), `counts` (by kind), "
    "`counted`, `cycles`; with `--format prov-json` a W3C PROV-JSON document",
    "impact": "as `lineage`",
    "verify": "`files`, each with `file`, `exit_code`, and either `error` or `text`, `signature`, `known`, `gaps`, "
    "`picture_problem`, `content_credentials` (as read; `record` and `bias` as signed: docs/archive-format.md)",
    "export": "`exports` (`uid`, `artwork`, `path`, `record_path`, `disclosure`, `file_digest`, `size`, `warnings`, "
    "`policy`), "
    "`failed` (`artwork`, `text`)",
    "edit": "`uid`, `parent`, `change` (`measure`, `share`, `evidence`), `findings`",
    "db seal": "`number`, `at`, `rows`, `digest`, `path`, `copy`",
    "search": "`records` (`uid`, `kind`, `label`, `creator`, `licence`, `model`, `recorded_at`), `next` (for "
    "`--before`); with `--image` instead: `alike` (`uid`, `kind`, `label`, `relation`, `score`, `flagged`, `cosine`, "
    "`distance`, `bits`), `line`, `judge`, `method`, `compared`, `of`",
    "audit artworks": "`artworks` (`uid`, `severity`, `findings` as in `show`, `found`, `again`), `works`, `line` "
    "(`flagged_at`, `judge`, `wanted`, `false_flags`, `pictures`, `source`), `left_out`, `notice`, `checks`, `dataset` "
    "(`name`, `number`, `uid`; the one whose works alone were compared)",
    "audit model": "`model`, `findings` (`check`, `check_version`, `severity`, `sentence`, `record`)",
    "audit decide": "`number`, `artwork`, `other`, `other_kind`, `check`, `finding`, `decision`, `text`, `reason`, "
    "`by`, `at`, `statement_digest`, `manifest_digest`, `holds`",
    "audit policy": "`text`, `path`, `preset`, `digest`",
    "audit calibrate": "`kept`, `threshold`, `wanted`, `pictures`, `creators`, `false_flags`, `interval`, `copies`, "
    "`found`, `relations`, `needed`",
    "dataset add": "`name`, `number`, `uid`, `merkle_root`, `works`, `new`, `made`, `refusals`, `notes`, `skipped`, "
    "`decisions`, `rules`",
    "dataset list": "`datasets` (`name`, `number`, `uid`, `merkle_root`, `works`, `added_at`)",
    "dataset show": "`version`, `licences`, `consent`, `creators`, `creator_count`, `works` (the first), `skipped`, "
    "`decisions`, `rules`",
    "dataset check": "`name`, `number`, `uid`, `policy`, `policy_file`, `decisions`, `rules`, `obligations`, "
    "`works` (`uid`, `name`, `title`, `creator`, `licence`, `decision`, `text`, `rule`, `allowed`, "
    "`obligations`, `signals`, `withdrawn_at`)",
    "dataset withdraw": "`works` (`uid`, `name`, `title`, `creator`, `since`, `before`), `same_pictures`, `touched` "
    "(by kind), `nodes` (`uid`, `kind`, `label`), `reason`",
    "dataset export": "`name`, `number`, `merkle_root`, `folder`, `files`, `works`, `copied`, `withdrawn`, "
    "`same_root`, `remarks`",
    "model train": "`name`, `version`, `uid`, `training`, `digest`, `steps`, `seconds`, `works`, `withheld` (by rule), "
    "`metrics`, `sheet_digest`, `diverged`",
    "model add": "`name`, `version`, `uid`, `digest`, `engine`, `licence`, `size`, `new`, `notes`",
    "model list": "`models` (`uid`, `name`, `version`, `engine`, `digest`, `digest_of`, `licence`, `size`, `runs`, "
    "`added_at`)",
    "model show": "`model`, `distribution`, `source_type`, `past` (`role`, `uid`, `kind`, `label`, "
    "`truth`), `training`, `settings`, `identity`, `claims`, `locations`, `manifests`",
    "model sign": "`name`, `uid`, `digest`, `label`, `sidecar`, `whole`",
    "identity list": "`identities` (`name`, `kind`, `algorithm`, `subject`, `fingerprint`, `not_after`, `signs`)",
    "settings": "`file`, `settings` (`name`, `value`, `help`, `environment`)",
    "db check": "`blobs`, `artworks`, `problems`, `unused`",
    "db fingerprints": "`pictures`, `problems`",
}
"""The keys of every document."""


def reference() -> str:
    """Write the page."""
    return _HEAD + "".join((*_json(), *_commands(), *_engines(), *_training(), *_palettes(), *_settings()))


def commands() -> Iterator[tuple[str, Command]]:
    """Give every command by the words that call it."""
    yield from _below("", typer.main.get_command(app))


def takes_json(command: Command) -> bool:
    """Tell whether a command has `--json`."""
    return any("--json" in parameter.opts for parameter in command.params)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page to a file, or with `--check` compare it; exits with 0 or 1, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    paths = [Path(argument) for argument in given if argument != "--check"]
    if len(paths) != 1:
        sys.exit("Give the file: python -m provenance.cli.reference docs/reference.md [--check]")
    text = reference()
    if "--check" not in given:
        paths[0].write_text(text, encoding="utf-8")
    elif not paths[0].is_file() or paths[0].read_text(encoding="utf-8") != text:
        sys.exit(f"{paths[0]} is not what the program says. Run `make docs`.")


def _below(words: str, command: Command) -> Iterator[tuple[str, Command]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, child in command.commands.items():
        yield from _below(f"{words} {name}".strip(), child)


def _json() -> Iterator[str]:
    yield "| command | keys |\n|---|---|\n"
    for words, command in commands():
        if takes_json(command):
            if words not in _DOCUMENTS:
                raise ProvenanceError(f"The JSON of `prov {words}` is not described in {__name__}.")
            yield f"| `prov {words}` | {_DOCUMENTS[words]} |\n"


def _commands() -> Iterator[str]:
    yield f"\n## Commands\n\n```text\n{help_of('')}```\n"
    for words, _ in commands():
        yield f"\n### prov {words}\n\n```text\n{help_of(words)}```\n"


def help_of(words: str) -> str:
    """Write the help of the command that `words` call, as a terminal of 80 columns shows it."""
    command: Command = typer.main.get_command(app)
    width = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    context = command.make_context("prov", [], resilient_parsing=True, **width)
    for word in words.split():
        command = command.commands[word]
        context = command.make_context(word, [], parent=context, resilient_parsing=True, **width)
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _engines() -> Iterator[str]:
    yield "\n## Engines\n\n`prov engines` lists those that are installed; these come with prov.\n"
    for engine in describe().engines:
        if engine.distribution.startswith(f"{_DISTRIBUTION} "):
            yield from _engine(engine)


def _engine(engine: DescribedEngine) -> Iterator[str]:
    yield f"\n### {engine.name}\n\n{engine.summary}\n"
    if engine.styles:
        yield "\n| style | |\n|---|---|\n"
        yield from (f"| `{name}` | {summary} |\n" for name, summary in engine.styles.items())
    yield "\n| parameter | default | takes | |\n|---|---|---|---|\n"
    yield from (
        f"| `{option.name}` | {option.default} | {_takes(option)} | {option.help} |\n" for option in engine.options
    )
    kept = [words for fact, words in _PROMISES.items() if engine.promise.get(fact)]
    yield f"\nThe same request gives the same pixels {', '.join(kept)}.\n" if kept else ""
    if engine.promise.get("scale"):
        yield "Another size gives the same composition.\n"


_PROMISES = {
    "same_run": "on the same machine",
    "tiles": "with other tiles",
    "threads": "with any number of threads",
}


def _takes(option: DescribedOption) -> str:
    if option.low is not None:
        return f"{option.low} to {option.high}"
    if option.name == "palette":
        return "a [palette](#palettes)"
    return ", ".join(f"`{choice}`" for choice in option.choices) or "a text"


def _training() -> Iterator[str]:
    yield (
        "\n## Training settings\n\nFor `prov model train gan NAME --param NAME=VALUE`.\n"
        "All are recorded with the training.\n\n| setting | default | takes | |\n|---|---|---|---|\n"
    )
    for setting in dataclasses.fields(GanSettings):
        low, high = setting.metadata.get("low"), setting.metadata.get("high")
        choices = ", ".join(f"`{choice}`" for choice in setting.metadata.get("choices", ()))
        takes = choices or ("yes or no" if low is None else f"{low} to {high}")
        yield f"| `{setting.name}` | {setting.default} | {takes} | {setting.metadata['help']} |\n"


def _palettes() -> Iterator[str]:
    yield "\n## Palettes\n\nFor `--param palette=NAME`.\n\n| palette | colours |\n|---|---|\n"
    yield from (f"| `{name}` | {' '.join(colours)} |\n" for name, colours in PALETTES.items())


def _settings() -> Iterator[str]:
    yield (
        "\n## Settings\n\nThey stand in `prov.toml` in the archive; an environment variable goes before the file.\n"
        "`prov settings` shows the values in use.\n\n| setting | default | environment | |\n|---|---|---|---|\n"
    )
    for setting in dataclasses.fields(Settings):
        name = f"{setting.metadata['table']}.{setting.name}"
        default = "(empty)" if setting.default == "" else setting.default
        yield f"| `{name}` | {default} | `{environment_name(setting)}` | {setting.metadata['help']} |\n"


if __name__ == "__main__":
    os.environ["COLUMNS"] = str(_WIDTH)
    main()
