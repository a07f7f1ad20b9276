"""A headless Chromium that remembers what it was asked to fetch and what it complained about."""

import base64
import json
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--window-size=1360,900"]


class Browser:
    def __init__(self, chromium, chromedriver):
        self.profile = tempfile.TemporaryDirectory()
        options = Options()
        options.binary_location = chromium
        for flag in FLAGS + ["--user-data-dir=" + self.profile.name]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(chromedriver), options=options)

    def close(self):
        self.driver.quit()
        self.profile.cleanup()

    def open(self, page, width=1360, height=900, scheme="light"):
        """Loads a page and waits until it says that it is drawn. Returns milliseconds from the start of loading."""
        # Without motion: the driver reads where an element is, then points there, and a page that still scrolls has moved on.
        media = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in media.items()])
        self.resize(width, height)
        self.driver.get("file://" + str(page))
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            ready = self.run("return document.documentElement.dataset.ready")
            if ready:
                return float(ready)
            time.sleep(0.02)
        raise AssertionError(f"{page} was not drawn after 60 s: {self.complaints()}")

    def resize(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def picture(self, file):
        """The whole page as a PNG."""
        width = self.run("return innerWidth")
        self.resize(width, min(9000, self.run("return document.documentElement.scrollHeight")))
        time.sleep(0.3)
        file.write_bytes(base64.b64decode(self.cdp("Page.captureScreenshot", format="png")["data"]))
        self.resize(width, 900)

    def complaints(self):
        """Errors and warnings on the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """What pages on disk have fetched since the last call; the browser's own start page is not one of them."""
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith("file:"):
                urls.append(message["params"]["request"]["url"])
        return urls
