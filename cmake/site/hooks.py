"""What the documentation site has beside docs/: the README as its first page, a page of each command, the references, and
each file of the tree that a page links to. Used by mkdocs.yml; the program is $TROUPE, or that of build/dev."""

import json
import os
import pathlib
import posixpath
import re
import subprocess
import sys
import tempfile

from mkdocs.structure.files import File

sys.path.insert(0, os.path.dirname(__file__))
from schema_page import SchemaPage  # noqa: E402

root = pathlib.Path(__file__).resolve().parents[2]
generated = tempfile.TemporaryDirectory()
link = re.compile(r"(\]\(|src=\")([^)\s\"#:]+)(?=[)#\"])")
languages = {".cpp": "cpp", ".hpp": "cpp", ".json": "json", ".xml": "xml", ".csv": "text", ".py": "python"}


def troupe(*words):
    program = os.environ.get("TROUPE") or str(root / "build/dev/cli/troupe")
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


def commands():
    """Names and summaries, as `troupe help` lists them."""
    listed = troupe("help").split("Commands:\n")[1].split("\n\n")[0]
    return [line.split(None, 1) for line in listed.splitlines() if not line.split()[0] == "help"]


def page_of_schema(file, title, introduction):
    return SchemaPage(json.loads((root / file).read_text())).text(title, introduction)


def generated_pages():
    pages = {f"commands/{name}.md": troupe(name, "--help=markdown") for name, _ in commands()}
    pages["commands/index.md"] = "# Commands\n\n| | |\n|---|---|\n" + "".join(
        f"| [troupe {name}]({name}.md) | {summary} |\n" for name, summary in commands()) + (
        "\nThese pages are `troupe COMMAND --help`; an installed Troupe brings them as manual pages (`man troupe-run`).\n")
    pages["reference/algorithms.md"] = troupe("algorithms", "--format", "markdown")
    pages["reference/scenario.md"] = page_of_schema(
        "scenarios/scenario.schema.json", "Scenarios",
        "Each section is an object of a scenario file, by its JSON pointer. `troupe run FILE --resolve` writes every default out; "
        "`--set /pointer=value` changes one field.")
    pages["reference/platform.md"] = page_of_schema(
        "platforms/gpu_cluster.schema.json", "Platforms",
        "SimGrid's XML is read as it is; this is the JSON of GPU clusters. `troupe platform list` names what comes with Troupe, "
        "`troupe platform check FILE` says what is wrong with a file.")
    pages["index.md"] = (root / "README.md").read_text()
    for name in ("CHANGELOG", "CONTRIBUTING"):
        pages[f"project/{name.lower()}.md"] = (root / f"{name}.md").read_text()
    return pages


# Where the texts of generated pages come from, so that their links can be followed.
homes = {"index.md": "README.md", "project/changelog.md": "CHANGELOG.md", "project/contributing.md": "CONTRIBUTING.md"}


def place_in_tree(page):
    return homes.get(page, "docs/" + page)


def place_in_site(path):
    """The page of a file or folder of the tree."""
    for page, home in homes.items():
        if path == home:
            return page
    if path.startswith("docs/") and path.endswith((".md", ".svg", ".csv", ".xml")):
        return path[len("docs/"):]
    return f"source/{path.lstrip('.')}.md"  # what begins with a dot would be left out


def targets(page, text):
    """What the links of a page lead to, as paths from the root of the tree."""
    home = posixpath.dirname(place_in_tree(page))
    for found in link.finditer(text):
        path = posixpath.normpath(posixpath.join(home, found.group(2)))
        if (root / path).exists() and not page.startswith(("commands/", "reference/")):
            yield found, path


def shown(path):
    """A page with a file of the tree, or with those of a folder."""
    if (root / path).is_dir():
        if path == "docs/decisions":
            entries = [f"- [{one.stem}](../../decisions/{one.name})" for one in sorted((root / path).glob("*.md"))]
            return f"# {path}\n\n" + "\n".join(entries) + "\n"
        files = sorted(one for one in (root / path).rglob("*") if one.is_file())
        return f"# {path}\n\n" + "\n".join(f"- `{one.relative_to(root / path)}`" for one in files) + "\n"
    language = languages.get(posixpath.splitext(path)[1], "text")
    text = (root / path).read_text()
    return f"# {path}\n\n````{language}\n{text}\n````\n"


def on_config(config):
    section = [{"Overview": "commands/index.md"}] + [{name: f"commands/{name}.md"} for name, _ in commands()]
    config["nav"] = [{"Commands": section} if entry == {"Commands": "generated"} else entry for entry in config["nav"]]
    return config


def on_files(files, config):
    pages = generated_pages()
    texts = dict(pages)
    for file in files.documentation_pages():
        texts[file.src_path] = pathlib.Path(file.abs_src_path).read_text()
    for page, text in texts.items():
        for _, path in targets(page, text):
            place = place_in_site(path)
            if place.startswith("source/"):
                pages.setdefault(place, shown(path))
    files.append(File("site.css", os.path.dirname(__file__), config["site_dir"], config["use_directory_urls"]))
    for place, text in pages.items():
        file = pathlib.Path(generated.name) / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        files.append(File(place, generated.name, config["site_dir"], config["use_directory_urls"]))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links as they stand in the tree become links of the site; what was printed is not coloured as code of a shell."""
    markdown = markdown.replace("```console\n", "```text\n")
    here = page.file.src_path
    parts, at = [], 0
    for found, path in targets(here, markdown):
        place = posixpath.relpath(place_in_site(path), posixpath.dirname(here) or ".")
        parts += [markdown[at:found.start(2)], place]
        at = found.end(2)
    return "".join(parts) + markdown[at:]
