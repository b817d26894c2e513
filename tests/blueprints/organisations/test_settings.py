"""The details page and the logo, as people meet them (G12)."""
import io
from datetime import timedelta

import pytest
from PIL import Image

from models import Organisation, Picture, Session
from tenancy import working_for

DETAILS = {"version": "0", "name": "Atelier Lumen Sàrl", "kind": "company", "street": "Rue Neuve",
           "house_number": "7", "address_line": "", "postcode": "2502", "town": "Bienne", "region": "BE",
           "country": "CH", "phone": "032 555 01 23", "vat_number": "", "language": "fr",
           "time_zone": "Europe/Zurich", "admins_may_edit": "y"}


@pytest.fixture
def anne(browse):
    return browse("anne")


def save(browser, expect=200, **some):
    browser.get("/o/lumen/settings")
    return browser.post("/o/lumen/settings", expect=expect, **DETAILS | some)


def value(page, name):
    return next(each.get("value") for each in page.all("input") if each.get("name") == name)


def test_details_are_changed_and_shown(anne):
    page = save(anne)
    assert page.path == "/o/lumen/settings"
    assert "enregistrées" in page.flash
    assert (value(page, "house_number"), value(page, "phone"), value(page, "version")) == ("7", "+41 32 555 01 23", "1")


def test_the_currency_of_the_future_is_said(anne):
    assert "EUR" in save(anne, country="FR", phone="").flash
    assert Organisation.get(Organisation.slug == "lumen").currency == "EUR"


def test_what_is_refused_is_said_by_its_field_and_what_was_typed_is_kept(anne):
    page = save(anne, expect=422, phone="no number", town="Biel")
    assert "phone" in page.errors or "téléphone" in page.errors
    assert (value(page, "phone"), value(page, "town")) == ("no number", "Biel")
    assert page.all("title")[0]["text"].startswith("Erreur")


def test_a_refused_form_still_knows_which_details_it_was_about(anne, browse):
    """Two people; one is refused, the other saves meanwhile: correcting the mistake does not undo the other's work."""
    save(anne)
    mara = browse("mara")
    save(anne, expect=422, version="1", phone="no number")
    save(mara, version="1", town="Biel/Bienne")
    page = anne.post("/o/lumen/settings", expect=409, **DETAILS | {"version": value(anne.page, "version")})
    assert Organisation.get(Organisation.slug == "lumen").town == "Biel/Bienne"
    assert "Biel/Bienne" in page.text("details")
    assert value(page, "town") == "Bienne"
    anne.post("/o/lumen/settings", **DETAILS | {"version": value(page, "version")})
    assert Organisation.get(Organisation.slug == "lumen").town == "Bienne"


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_version_that_never_was_changes_nothing(anne, version):
    anne.get("/o/lumen/settings")
    page = anne.post("/o/lumen/settings", expect=409, **DETAILS | {"version": version})
    assert "Lumen" in page.text()
    assert Organisation.get(Organisation.slug == "lumen").version == 0


def test_a_stale_proof_reads_and_is_shown_the_way_to_a_fresh_one(anne, cast):
    save(anne)
    session = Session.select().where(Session.user == cast.people["anne"].id).order_by(Session.id.desc()).get()
    Session.update(proved=session.proved - timedelta(hours=2)).where(Session.id == session.id).execute()
    page = anne.get("/o/lumen/settings")
    assert not [each for each in page.all("input") if each.get("name") == "phone"]
    assert "032 555 01 23" in page.text("main")
    assert "/prove?next=/o/lumen/settings" in page.links
    assert anne.post("/o/lumen/settings", **DETAILS | {"version": "1", "town": "Biel"}).path == "/prove"


@pytest.mark.parametrize(("who", "reads"), [("mara", True), ("chiara", True), ("luc", False), ("grace", False)])
def test_administration_and_accounting_read_the_others_do_not(anne, browse, who, reads):
    save(anne, admins_may_edit=None)
    browser = browse(who)
    page = browser.get("/o/lumen/settings", expect=200 if reads else 403)
    assert ("Rue Neuve 7" in page.text()) is reads
    assert not [each for each in page.all("form") if each.get("action", "").endswith("/settings")]
    token = browser.get("/o/lumen/").token
    browser.post("/o/lumen/settings", expect=403, token=token, **DETAILS | {"version": "1"})
    browser.post("/o/lumen/settings/logo", expect=403, token=token)


def test_administration_changes_where_it_may_but_not_that_it_may(anne, browse):
    save(anne)
    mara = browse("mara")
    page = save(mara, version="1", town="Biel", admins_may_edit=None)
    assert page.path == "/o/lumen/settings"
    assert "admins_may_edit" not in page.html
    organisation = Organisation.get(Organisation.slug == "lumen")
    assert (organisation.town, organisation.admins_may_edit) == ("Biel", True)


# --- the logo ----------------------------------------------------------------------------------


def picture(kind="PNG", size=(64, 32), **more):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def send(browser, content, name="logo.png", expect=200):
    browser.get("/o/lumen/settings")
    return browser.post("/o/lumen/settings/logo", expect=expect, files={"logo": (io.BytesIO(content), name)})


def kept():
    """The picture there is, if any."""
    organisation = Organisation.get(Organisation.slug == "lumen")
    with working_for(organisation):
        found = Picture.select().first()
        assert Picture.select().count() <= 1
    return found and Image.open(io.BytesIO(found.content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_bs_19_a_picture_becomes_a_png_of_ours(anne, kind):
    page = send(anne, picture(kind, (1024, 256)), name="..\\../x;.svg")
    assert kept().size == (512, 128)
    assert kept().format == "PNG"
    logo = Organisation.get(Organisation.slug == "lumen").logo
    assert f"/o/lumen/logo/{logo}" in [each["src"] for each in page.all("img")]
    assert "svg" not in logo


@pytest.mark.parametrize(("content", "words"), [
    (picture(size=(4097, 1)), "pixels"), (picture(size=(1, 4097)), "pixels"), (picture("BMP"), "PNG"),
    (picture("PPM"), "PNG"), (picture("TIFF"), "PNG"), (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PNG"), (b"8BPS\x00\x01", "PNG"),
    (picture()[:50], "PNG"), (b"GIF89a<script>", "PNG"), (b"\xff\xd8\xff" + b"<script>", "PNG")], ids=range(10))
def test_bs_19_anything_else_is_refused_in_words(anne, content, words):
    assert words in send(anne, content, expect=422).errors
    assert kept() is None


def test_wb_06_an_animation_is_its_first_frame_without_a_word_beside_it(anne):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    send(anne, out.getvalue())
    assert getattr(kept(), "n_frames", 1) == 1
    assert kept().convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert not kept().info.get("exif")


def test_a_new_logo_replaces_the_old_one_under_an_address_of_its_own(anne, browse):
    send(anne, picture())
    first = Organisation.get(Organisation.slug == "lumen").logo
    send(anne, picture(size=(32, 32)))
    second = Organisation.get(Organisation.slug == "lumen").logo
    assert first != second
    anne.get(f"/o/lumen/logo/{first}", expect=404)
    answer = anne.get(f"/o/lumen/logo/{second}").answer
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    browse("esteban").get(f"/o/lumen/logo/{second}")
    browse("mara").get(f"/o/bergquell/logo/{second}", expect=404)


def test_a_logo_is_not_for_strangers(anne, visitor, browse):
    send(anne, picture())
    logo = Organisation.get(Organisation.slug == "lumen").logo
    assert visitor().get(f"/o/lumen/logo/{logo}").path == "/signin"
    browse("otto").get(f"/o/lumen/logo/{logo}", expect=404)


def test_nothing_sent_is_nothing_changed(anne):
    anne.get("/o/lumen/settings")
    anne.post("/o/lumen/settings/logo", expect=422)
    assert kept() is None
