"""Every colour of text on every ground it stands on, light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""
import re

import pytest

import assets

CSS = (assets.SOURCES / "app.css").read_text()
TOKENS = {name: (light, dark) for name, light, dark in
          re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)}
TOKENS["on-fill"] = ("#ffffff", "#ffffff")

TEXT, SIGN = 4.5, 3.0
GROUNDS = {
    "ink": ("surface", "canvas", "sunken", "raised", "accent-soft", "info-soft", "ok-soft", "warn-soft", "bad-soft"),
    "ink-2": ("surface", "canvas", "sunken", "raised", "accent-soft", "warn-soft"),
    "ink-3": ("surface", "canvas", "sunken", "raised"),
    "accent": ("surface", "canvas", "sunken", "raised", "accent-soft", "info-soft", "warn-soft", "bad-soft"),
    "on-fill": ("accent-fill", "accent-fill-hi", "bad-fill"),
    "ok": ("ok-soft", "surface"),
    "warn": ("warn-soft", "surface"),
    "bad": ("bad-soft", "surface", "sunken", "raised"),
    "info": ("info-soft", "surface"),
}
BORDERS = [("line-strong", "surface"), ("line-strong", "canvas"), ("accent", "surface"),
           ("accent-fill", "surface"), ("accent-fill", "canvas")]
PAIRS = [(front, ground, TEXT) for front, grounds in GROUNDS.items() for ground in grounds]
PAIRS += [(front, ground, SIGN) for front, ground in BORDERS]
# Initials on their coloured grounds stand in rules of their own.
BOTH = r"light-dark\((#\w{6}), (#\w{6})\)"
AVATARS = re.findall(rf"&\.(a\d) \{{ background: {BOTH}; color: {BOTH}", CSS)


def luminance(colour):
    channels = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= .03928 else ((c + .055) / 1.055) ** 2.4 for c in channels)
    return .2126 * red + .7152 * green + .0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + .05) / (darker + .05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_it_can_be_read(front, ground, least, theme):
    assert contrast(TOKENS[front][theme], TOKENS[ground][theme]) >= least


@pytest.mark.parametrize("avatar", AVATARS, ids=lambda avatar: avatar[0])
def test_initials_can_be_read(avatar):
    _name, light, dark, on_light, on_dark = avatar
    assert contrast(light, on_light) >= TEXT
    assert contrast(dark, on_dark) >= TEXT


def test_the_five_avatars_are_looked_at():
    assert len(AVATARS) == 5


@pytest.mark.parametrize("colour", re.findall(r"\.tile\.t\d \{ background: (#\w{6}); \}", CSS))
def test_a_tile_can_be_read(colour):
    assert contrast(colour, "#ffffff") >= TEXT
