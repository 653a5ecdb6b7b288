"""What other distributions bring: their entry points, found without loading them, and who brought them.

Which distribution and version supplied a part is provenance too, so a plugin never travels without them.
"""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from provenance.errors import EngineError

ENGINES = "provenance.engines.v1"
"""The group in which other distributions announce engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An announced part that is not loaded yet."""

    name: str
    group: str
    distribution: str
    """The distribution that announces it, or `unknown` if its files do not say."""
    version: str
    target: str
    """Where it is: `package.module:attribute`."""

    @property
    def module(self) -> str:
        """The module that holds it."""
        return self.target.partition(":")[0].strip()

    def load(self) -> object:
        """Import it. Raises EngineError, whatever the plugin itself raises."""
        try:
            return EntryPoint(name=self.name, value=self.target, group=self.group).load()
        except (Exception, SystemExit) as cause:  # a plugin may do anything when it is imported
            raise EngineError(
                f"The plugin {self.name!r} of {self.distribution} {self.version} cannot be loaded from "
                f"{self.target}: {type(cause).__name__}: {cause}. Upgrade or uninstall {self.distribution}."
            ) from cause


def plugins(group: str) -> tuple[Plugin, ...]:
    """Find what is announced in `group`, sorted by name and distribution; nothing is imported."""
    found = {_plugin(point) for point in entry_points(group=group)}
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.distribution, plugin.target)))


def _plugin(point: EntryPoint) -> Plugin:
    source = point.dist
    return Plugin(
        name=point.name,
        group=point.group,
        distribution=source.name if source is not None and source.name else "unknown",
        version=source.version if source is not None and source.version else "unknown",
        target=point.value,
    )
