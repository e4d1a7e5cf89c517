"""The shape that the project promises: layers, where each heavy library lives, what an import costs, what is public, what it speaks of."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "clearbar"
HOMES: Final = {  # a library, and the only places that may import it
    "prefect": ("flows/",),
    "openai": ("src/clearbar/grading/llm/",),
    "langchain_core": ("src/clearbar/grading/llm/",),
    "langchain_openai": ("src/clearbar/grading/llm/",),
    "langsmith": ("src/clearbar/grading/llm/",),
    "sqlalchemy": ("src/clearbar/store/", "src/clearbar/sources/database.py"),
    "alembic": ("src/clearbar/store/",),
    "weasyprint": ("src/clearbar/report/",),
    "fastapi": ("src/clearbar/review/",),
    "typer": ("src/clearbar/cli/",),
    "ruamel": ("src/clearbar/rubric_text.py",),
}
HEAVY: Final = (
    "alembic", "altair", "fastapi", "langchain", "langchain_core", "langchain_openai", "lingua", "numpy", "openai", "prefect",
    "pyarrow", "scipy", "sqlalchemy", "starlette", "weasyprint",
)  # fmt: skip
SOURCES = sorted(path for folder in ("src", "flows") for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (module, names) for each import of a file, inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, tuple(alias.name for alias in node.names)


def module_of(path: Path) -> str:
    return ".".join(("clearbar", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_of(path): path for path in SOURCES if path.is_relative_to(PACKAGE)}


def layers() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return the modules and the permitted layers of each layer, as the table of the architecture page has them."""
    found: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and "`" in cells[1]:
            permitted = frozenset(found) if cells[3] == "all above" else frozenset(re.split(r",\s*", cells[3])) - {"–"}
            found[cells[0]] = (frozenset(re.findall(r"`([^`]+)`", cells[1])), permitted)
    return found


LAYERS = layers()


def layer_of(module: str) -> str | None:
    """Return the layer of a module: that of its own row, else that of its package's."""
    parts = module.split(".")[1:]
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        for layer, (modules, _) in LAYERS.items():
            if name in modules or (f"{name}/" in modules):
                return layer
    return None


def test_the_architecture_page_permits_only_layers_that_it_has() -> None:
    assert len(LAYERS) > 10
    assert [(layer, name) for layer, (_, permitted) in LAYERS.items() for name in permitted if name not in LAYERS] == []


def test_every_module_stands_in_one_layer_of_the_architecture_page() -> None:
    assert [module for module in MODULES if module not in {"clearbar", "clearbar.__main__"} and layer_of(module) is None] == []
    named = [name for modules, _ in LAYERS.values() for name in modules]
    assert sorted(named) == sorted(set(named))
    assert [name for name in named if not ((PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists() or (ROOT / name).exists())] == []


def test_imports_point_from_upper_layers_to_lower_ones_only() -> None:
    wrong = []
    for module, path in MODULES.items():
        layer = layer_of(module)
        for target, names in imports(path):
            if not target.startswith("clearbar") or layer is None:
                continue
            for name in names or ("",):
                full = f"{target}.{name}" if f"{target}.{name}" in MODULES else target
                found = layer_of(full)
                if found not in {None, layer, *LAYERS[layer][1]}:
                    wrong.append(f"{module} ({layer}) imports {full} ({found})")
    assert not wrong, "\n".join(wrong)


def test_flows_import_only_clearbar_and_prefect() -> None:
    found = {target.split(".")[0] for path in (ROOT / "flows").rglob("*.py") for target, _ in imports(path)}
    assert found - set(sys.stdlib_module_names) == {"clearbar", "prefect"}


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_in_its_own_place_only(library: str) -> None:
    users = [path.relative_to(ROOT).as_posix() for path in SOURCES for target, _ in imports(path) if target.split(".")[0] == library]
    assert users, f"nothing imports {library}; take it out of the dependencies and out of this test"
    assert [user for user in users if not user.startswith(HOMES[library])] == []


def python(code: str, *words: str) -> str:
    """Run a piece of Python in an interpreter of its own, outside the checkout, and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd="/", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", ["clearbar", "clearbar.cli", "clearbar.model", "clearbar.rubric", "clearbar.verdict"])
def test_importing_pulls_in_no_heavy_library(module: str) -> None:
    loaded = python(f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))").split()
    assert sorted(set(loaded) & set(HEAVY)) == []


WATCHED = """
import importlib.util, os, sys
package, seen = sys.argv[1], []

def blame(what):
    frame = sys._getframe(2)
    while frame and ("importlib" in frame.f_code.co_filename or frame.f_code.co_filename.startswith(os.path.dirname(os.__file__) + os.sep)
                     and "site-packages" not in frame.f_code.co_filename):
        frame = frame.f_back
    if frame and frame.f_code.co_filename.startswith(package):
        seen.append(f"{what} in {frame.f_code.co_filename}:{frame.f_lineno}")

class Environ(type(os.environ)):
    def __getitem__(self, name):
        blame(f"environment {name}")
        return super().__getitem__(name)

def hook(event, arguments):
    if event in {"open", "socket.connect", "os.listdir", "os.scandir"} and not isinstance(arguments[0], int):  # that was opened before
        path = str(arguments[0])
        if not path.endswith((".py", ".pyc", ".so")) and "__pycache__" not in path:
            blame(f"{event} {path}")

for name in sys.argv[2:]:
    importlib.util.find_spec(name)  # the search for modules lists folders; what modules do while they load comes next
os.environ.__class__ = Environ
sys.addaudithook(hook)
for name in sys.argv[2:]:
    importlib.import_module(name)
print(*seen, sep="\\n")
"""


def test_importing_any_module_reads_no_environment_no_file_and_no_network() -> None:
    names = [name for name in sorted(MODULES) if ".migrations" not in name and name != "clearbar.__main__"]
    assert python(WATCHED, str(PACKAGE), *names).split() == []


def declared(path: Path) -> list[str] | None:
    """Return `__all__` of a file."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            assert isinstance(node.value, ast.List)
            return [str(item.value) for item in node.value.elts if isinstance(item, ast.Constant)]
    return None


def has_code(path: Path) -> bool:
    return any(not isinstance(node, ast.Expr) for node in tree(path).body)


def test_every_module_says_in_order_what_is_public() -> None:
    own = {module: path for module, path in MODULES.items() if ".migrations" not in module and module != "clearbar.__main__"}
    assert [module for module, path in own.items() if has_code(path) and declared(path) is None] == []
    natural = [module for module, path in own.items() if (names := declared(path)) and sorted(set(names), key=order) != names]
    assert natural == []


def order(name: str) -> tuple[int, str]:
    """Sort as the linter does: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def test_modules_use_of_one_another_what_is_public_and_that_exists() -> None:
    wrong = []
    for path in [*SOURCES, *sorted((ROOT / "benchmarks").rglob("*.py"))]:
        for target, names in imports(path):
            if target in MODULES:
                public = declared(MODULES[target]) or []
                wrong += [
                    f"{path.relative_to(ROOT)}: {target}.{name}"
                    for name in names
                    if name not in public and f"{target}.{name}" not in MODULES
                ]
    assert not wrong, "\n".join(wrong)


def tracked() -> list[Path]:
    """Return the files of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs the repository, not an unpacked copy of it")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


FOREIGN: Final = re.compile(  # letters in brackets keep this file from finding itself
    r"index-ur[l]|pypi\.or[g]|pythonhosted\.or[g]|/simpl[e]/|registry\.npmj[s]"  # registries
    r"|(?<![\w.])/(?:wor[k]|hom[e]/\w|roo[t]/|Use[r]s/\w|op[t]/whe)"  # places on one machine
    r"|sub-?agen[t]s?\b|\bClaud[e]\b|\bAnthropi[c]\b|\bissue #?\d"  # whoever wrote it, and where
)


def test_tracked_files_name_no_registry_and_no_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}" for hit in FOREIGN.finditer(text)]
    assert not found, "\n".join(found)
