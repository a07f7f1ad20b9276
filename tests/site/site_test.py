"""Builds the documentation site without a warning, follows its links, and looks at it in a browser where there is one.

    site_test.py --troupe FILE --mkdocs FILE --root DIR --out DIR [--chromium FILE --chromedriver FILE]
"""

import argparse
import functools
import html.parser
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.parse


class Page(html.parser.HTMLParser):
    """What a page links to, what it loads, its anchors, and its paragraphs."""

    def __init__(self, file):
        super().__init__()
        self.links, self.loads, self.anchors, self.paragraphs, self.inside = [], [], set(), [], False
        self.feed(file.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(filter(None, [attributes.get("id"), attributes.get("name") if tag == "a" else None]))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        for name in ("src", "href"):
            if tag != "a" and attributes.get(name) and attributes.get("rel") != "canonical":
                self.loads.append(attributes[name])
        if tag == "p":
            self.inside = True
            self.paragraphs.append("")

    def handle_endtag(self, tag):
        if tag == "p":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.paragraphs[-1] += data


def faults_of(site):
    """Links and anchors that lead nowhere, what is loaded from elsewhere, lists and tables that stand in a paragraph."""
    pages = {file: Page(file) for file in site.rglob("*.html")}
    assert len(pages) > 50, len(pages)
    followed = 0
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # its addresses begin at the root of a server
        for url in page.loads:
            if re.match(r"(https?:)?//", url):
                yield f"{file}: loads {url}"
        for url in page.links + page.loads:
            path, _, anchor = url.partition("#")
            if re.match(r"[a-z]+:|//", url):
                continue
            target = (file.parent / urllib.parse.unquote(path)).resolve() if path else file
            followed += 1
            if not target.exists():
                yield f"{file}: no {url}"
            elif anchor and target in pages and urllib.parse.unquote(anchor) not in pages[target].anchors:
                yield f"{file}: no place {url}"
        for text in page.paragraphs:
            if re.search(r"(?m)^(- |\d+\. |\| |```)", text):
                yield f"{file}: a list, table or block is read as a paragraph: {text[:80]!r}"
    assert followed > 1000, followed


def build(arguments):
    ran = subprocess.run([arguments.mkdocs, "build", "--strict", "--quiet", "--site-dir", arguments.out], cwd=arguments.root,
                         env={**os.environ, "TROUPE": arguments.troupe}, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0 and "WARNING" not in said, said


def says_what_the_program_says(arguments, site):
    """A page of each command, with each of its options; each algorithm; each section of the schema."""
    def troupe(*words):
        return subprocess.run([arguments.troupe, *words], check=True, capture_output=True, text=True).stdout
    listed = [line.split()[0] for line in troupe("help").split("Commands:\n")[1].split("\n\n")[0].splitlines()]
    for command in listed:
        if command == "help":
            continue
        text = (site / f"commands/{command}.html").read_text()
        for line in troupe(command, "--help=options").splitlines():
            assert "--" + line.split("\t")[0] in text, f"{command}: {line}"
    catalogue = (site / "reference/algorithms.html").read_text()
    for line in troupe("algorithms").splitlines():
        if line.startswith("    "):
            assert line.split()[0] in catalogue, line
    scenario = (site / "reference/scenario.html").read_text()
    for key in ("/platform", "/collective", "/training/optimiser", "bucket_bytes", "latency_factor"):
        assert key in scenario, key


def look(arguments, site):
    """Light and dark, wide and narrow: no complaint, nothing from elsewhere, nothing cut off; the search finds. Pictures."""
    sys.path.insert(0, os.path.join(arguments.root, "tests/page"))
    from browser import Browser

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    browser = Browser(arguments.chromium, arguments.chromedriver)
    pictures = pathlib.Path(arguments.out + "-pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        colours = {}
        for scheme, shown in (("light", [("index", 1360), ("concepts", 420), ("reference/algorithms", 1360)]),
                              ("dark", [("index", 420), ("concepts", 1360), ("commands/run", 420)])):
            browser.driver.get(home + "index.html")
            browser.run("localStorage.clear()")  # or the first scheme would be remembered
            browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            for name, width in shown:
                browser.resize(width, 900)
                browser.driver.get(home + name + ".html")
                assert browser.run("return document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
                colours[scheme] = browser.run("return getComputedStyle(document.body).backgroundColor")
                browser.picture(pictures / f"{name.replace('/', '-')}-{scheme}-{width}.png")
        assert colours["light"] != colours["dark"], colours
        browser.resize(1360, 900)
        browser.driver.get(home + "index.html")
        browser.run("const box = document.querySelector('.md-search__input'); box.focus(); box.value = 'busbw';"
                    "box.dispatchEvent(new Event('input')); box.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));")
        limit = time.monotonic() + 20
        while not browser.run("return document.querySelectorAll('.md-search-result__item').length"):
            assert time.monotonic() < limit, "the search finds nothing"
            time.sleep(0.1)
        foreign = []
        for entry in browser.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith(home):
                url = message["params"]["request"]["url"]
                foreign += [url] if not url.startswith((home, "data:", "blob:")) else []
        assert not foreign, foreign
        complaints = [text for text in browser.complaints() if "favicon" not in text]
        assert not complaints, complaints
    finally:
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("troupe", "mkdocs", "root", "out", "chromium", "chromedriver"):
        parser.add_argument("--" + name)
    arguments = parser.parse_args()
    build(arguments)
    site = pathlib.Path(arguments.out).resolve()
    faults = list(faults_of(site))
    assert not faults, "\n".join(faults)
    says_what_the_program_says(arguments, site)
    if arguments.chromium:
        look(arguments, site)
