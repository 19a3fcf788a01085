#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page in a real Chromium: page.py URL FOLDER

Fails unless the numbers on it equal status.json, nothing was fetched from elsewhere, the console is silent, everything can
be reached by the keyboard, and nothing is wider than a phone. Leaves light.png, dark.png and phone.png in FOLDER."""
import json
import math
import sys
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WAIT = 60
BUCKETS = 8  # of page/index.html
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-US")


def browser(width, height, scheme="light"):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in QUIET:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(WAIT)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    return driver


def until(what, condition):
    end = time.monotonic() + WAIT
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise SystemExit(f"page.py: waited {WAIT} s until {what}")
        time.sleep(0.2)


def status(url):
    return json.load(urllib.request.urlopen(url + "status.json", timeout=WAIT))


def number(text):
    return int(text.replace(",", ""))


def text(driver, name):
    found = driver.find_elements(By.CSS_SELECTOR, f'[data-id="{name}"]')
    return found[0].text if found else None


def cell(driver, name):
    found = text(driver, name)
    return number(found) if found else None


def percent(part):
    """As page/index.html writes it: halves are rounded up."""
    digits = 1 if 0 < part < 0.1 else 0
    return f"{math.floor(100 * part * 10 ** digits + 0.5) / 10 ** digits:.{digits}f} %"


def equal(driver, s):
    """What differs between the page and a status."""
    wanted = {"#seen": s["seen"], "#recorded": s["recorded"], "#lost": sum(s["lost"].values())}
    got = {key: number(driver.find_element(By.CSS_SELECTOR, key).text) for key in wanted}
    for hook in s["hooks"]:
        for what in ("seen", "recorded", "open"):
            key = f"{hook['ifname']} {hook['direction']} {what}"
            wanted[key], got[key] = hook[what], cell(driver, key)
    for collector in s["collectors"]:
        key = f"{collector['name']} records"
        wanted[key], got[key] = collector["records"], cell(driver, key)
        key = f"{collector['name']} lag"
        wanted[key], got[key] = True, bool(text(driver, key))
    shown = driver.find_elements(By.CSS_SELECTOR, "#buckets tbody tr")
    filled = [b for b in s["buckets"] if any(p["entries"] for p in b["protocols"].values())]
    wanted["buckets"], got["buckets"] = min(len(filled), BUCKETS), len(shown)
    for b in filled[-BUCKETS:]:
        parts = {name: p["entries"] / p["capacity"] for name, p in b["protocols"].items() if p.get("capacity")}
        if parts and b["start_ts"]:
            key = f"{b['start_ts']} fill"
            most = max(parts, key=parts.get)
            wanted[key], got[key] = f"{most} {percent(parts[most])}", text(driver, key)
    for reason, packets in s["lost"].items():
        wanted["lost " + reason], got["lost " + reason] = packets, cell(driver, "lost " + reason)
    return {key: (wanted[key], got[key]) for key in wanted if wanted[key] != got[key]}


def check(url, folder):
    driver = browser(1200, 1500)
    try:
        driver.get(url)
        until("the page shows packets", lambda: driver.find_element(By.ID, "seen").text not in ("-", "0"))
        # Under traffic page and status are of two moments: equal to one taken before or after, soon.
        different = [None]

        def same():
            try:
                different[0] = equal(driver, status(url))
            except ValueError:
                return False
            return not different[0]
        try:
            until("the page equals status.json", same)
        except SystemExit as error:
            raise SystemExit(f"{error}: {different[0]} (wanted, shown)") from None
        until("rates are drawn", lambda: driver.find_elements(By.CSS_SELECTOR, "#chart-packets polyline"))
        until("flows of a bucket are listed", lambda: driver.find_elements(By.CSS_SELECTOR, "#talkers tbody tr"))
        label = driver.find_element(By.CSS_SELECTOR, "#chart-packets svg").get_attribute("aria-label")
        assert "Now" in label, label
        for table in driver.find_elements(By.CSS_SELECTOR, "table"):
            assert table.find_elements(By.CSS_SELECTOR, "caption") and table.find_elements(By.CSS_SELECTOR, "th[scope=col]")
        cut = [box.get_attribute("id") for box in driver.find_elements(By.CSS_SELECTOR, ".scroll")
               if driver.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", box)]
        assert not cut, f"tables wider than their places: {cut}"
        # By keyboard: the order of the flows.
        choice = driver.find_element(By.CSS_SELECTOR, "input[value=by_octets]")
        for _ in range(40):
            driver.switch_to.active_element.send_keys(Keys.TAB)
            if driver.switch_to.active_element == choice:
                break
        else:
            raise SystemExit("page.py: the choice of the order cannot be reached by the keyboard")
        driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        assert driver.find_element(By.CSS_SELECTOR, "input[value=by_packets]").is_selected()
        fetched = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
        assert fetched and all(name.startswith(url) for name in fetched), fetched
        complaints = driver.get_log("browser")
        assert not complaints, complaints
        driver.save_screenshot(f"{folder}/light.png")
    finally:
        driver.quit()
    for name, width, height, scheme in (("dark", 1200, 1500, "dark"), ("phone", 390, 844, "light")):
        driver = browser(width, height, scheme)
        try:
            driver.get(url)
            until("the page shows packets", lambda: driver.find_element(By.ID, "seen").text not in ("-", "0"))
            wide = driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, f"{name}: {wide} pixels wide"
            ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(17, 22, 28)") == (scheme == "dark"), ground
            driver.save_screenshot(f"{folder}/{name}.png")
        finally:
            driver.quit()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    check(sys.argv[1], sys.argv[2])
