"""The identity of an engine's code: for a model without weights, the code is the model.

The digest is over the source of the engine's module and of every module beside it that it draws with.
"""

import ast
import importlib.util
from functools import cache
from importlib.machinery import ModuleSpec

from provenance.digest import Digest
from provenance.errors import EngineError

_OURS = "provenance.generate"
_CONTRACT = f"{_OURS}.engine"
"""What engines promise and get; it draws nothing."""


@cache
def code_digest(module: str) -> Digest:
    """Digest the sources of `module` and of what it imports from its own package and from `provenance.generate`.

    It is SHA-256 over the canonical JSON of {module name: digest of its source}. Nothing is imported, so
    torch is not either. Raises EngineError if a source cannot be found.
    """
    sources: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        sources[name] = _source(name)
        waiting += [other for other in _neighbours(name, sources[name]) if other not in sources]
    return Digest.of_json({name: str(Digest.of(source)) for name, source in sources.items()})


def _source(module: str) -> bytes:
    spec = _spec(module)
    if spec is None or spec.origin is None or spec.loader is None or not hasattr(spec.loader, "get_data"):
        raise EngineError(f"The source of the engine module {module} cannot be found, so its code has no identity.")
    try:
        data: bytes = spec.loader.get_data(spec.origin)
    except OSError as cause:
        raise EngineError(f"The source of the engine module {module} cannot be read: {cause}.") from cause
    return data


def _neighbours(module: str, source: bytes) -> list[str]:
    """Say which modules of its own package, or of ours, a module imports anywhere in its source."""
    packages = {_OURS, module.rpartition(".")[0]} - {""}
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # a compiled module: its bytes alone are its identity
        return []
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    near = {name for name in named if name.rpartition(".")[0] in packages and name != _CONTRACT}
    return sorted(name for name in near if _spec(name) is not None)


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
