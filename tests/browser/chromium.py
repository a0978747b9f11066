"""Find a browser for the tests, or get one: run as a program it says which, or what to install."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
ADVICE = (
    "No browser for the tests: install Chromium or Chrome (Debian, Ubuntu: apt-get install chromium) and try again."
)


def find() -> Path | None:
    """Chromium or Chrome on the path or in its usual place, else Playwright's own."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        places = [*map(Path, PLACES), Path(playwright.chromium.executable_path)]
    return next((place for place in places if place.exists()), None)


def get() -> Path | None:
    """A browser that is here, else Playwright's download, else Debian's package where we may install it."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get"):
        may = [] if os.name == "posix" and os.geteuid() == 0 else ["sudo", "-n"]
        attempts += [
            [*may, "apt-get", "update"],
            [*may, "apt-get", "install", "-y", "--no-install-recommends", "chromium"],
        ]
    for attempt in attempts:
        if found := find():
            return found
        print("getting a browser:", " ".join(attempt), file=sys.stderr)
        _try(attempt)
    return find()


def _try(command: list[str]) -> None:
    """Run a command that may fail or hang; what it was for is looked at afterwards."""
    try:
        subprocess.run(command, check=False, timeout=600, stdin=subprocess.DEVNULL, capture_output=True)
    except (OSError, subprocess.TimeoutExpired) as problem:
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(None if get() else ADVICE)
