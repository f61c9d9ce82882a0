"""Puts the static site together: the live page, the engine that runs in it, the docs.

    python docs/make_site.py --pyodide pyodide-314.0.7.tgz

writes build/site, which any web server can serve. `make site` calls this, after `make
docs`. Pyodide comes from npm, unless --pyodide names its package, and lazy_loader from
pip. What lies where is what the page expects:

    index.html ...    micrograd/playing/page
    see/              micrograd/see/page
    pyodide/          Python for the browser
    wheels/           micrograd and lazy_loader, and their list, wheels.json
    docs/             build/docs
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
PYODIDE = "314.0.7"
NEEDED = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
LEADS_TO_PAGE = '</h1>\n<p><a href="../index.html">The live page: watch a small network learn, in this browser.</a></p>'
NO_PAGE = (
    '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">docs</a>\n'
)


def run(*command: str, **variables: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)


def wheels(folder: Path) -> None:
    """The plain wheel of micrograd, that of lazy_loader, and their list."""
    folder.mkdir(parents=True)
    shutil.rmtree(BUILD / "lib", ignore_errors=True)  # what an earlier build has left there would go into the wheel
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check")
    run(*build, "--outdir", str(folder), MICROGRAD_PURE="1")
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "lazy_loader>=0.4")
    made = sorted((path.name for path in folder.glob("*.whl")), reverse=True)
    assert [name.partition("-")[0] for name in made] == ["micrograd_nd", "lazy_loader"], made
    assert all(name.endswith("-none-any.whl") for name in made), made
    (folder / "wheels.json").write_text(json.dumps(made) + "\n", encoding="utf-8")


def pyodide(folder: Path, package: Path | None) -> None:
    """The files of Pyodide's npm package that a page loads."""
    if package is None:
        package = BUILD / f"pyodide-{PYODIDE}.tgz"
        if not package.exists():
            run("npm", "pack", "--silent", f"pyodide@{PYODIDE}", "--pack-destination", str(BUILD))
    folder.mkdir(parents=True)
    with tarfile.open(package) as archive:
        about = json.load(archive.extractfile("package/package.json"))  # type: ignore[arg-type]
        if (about["name"], about["version"]) != ("pyodide", PYODIDE):
            sys.exit(f"{package} is {about['name']} {about['version']}; give npm's package pyodide {PYODIDE}")
        for name in NEEDED:
            with archive.extractfile(f"package/{name}") as source, (folder / name).open("wb") as target:  # type: ignore[union-attr]
                shutil.copyfileobj(source, target)


def docs(folder: Path, has_page: bool) -> None:
    """The docs, with two links to the live page, which is there only beside it."""
    shutil.copytree(BUILD / "docs", folder)
    for path in (folder / "index.html", folder / "play.html") if has_page else ():
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("</h1>", LEADS_TO_PAGE, 1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the static site to build/site.")
    parser.add_argument("--pyodide", type=Path, help="the file of npm's package pyodide, in place of a download")
    package = parser.parse_args().pyodide
    site, page = BUILD / "site", ROOT / "micrograd" / "playing" / "page"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    if page.is_dir():
        shutil.copytree(page, site, dirs_exist_ok=True)
        shutil.copytree(ROOT / "micrograd" / "see" / "page", site / "see")
        pyodide(site / "pyodide", package)
        wheels(site / "wheels")
    else:
        (site / "index.html").write_text(NO_PAGE, encoding="utf-8")
    if (BUILD / "docs").is_dir():
        docs(site / "docs", page.is_dir())
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"{site.relative_to(ROOT)}: {size / 1e6:.1f} MB; python -m http.server --directory build/site shows it")


if __name__ == "__main__":
    main()
