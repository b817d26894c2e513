"""Identity providers: those for all, whose second step may count here, and those of the organisation itself."""
from flask import Response, g, url_for

from accounts import identities
from accounts.sessions import CREDENTIALS
from forms import Form, NothingForm, Secret, Text, Tick, required
from i18n import _, _l
from limits import PROVIDER_CHECK
from models import Provider
from organisations import providers
from organisations.roles import Right
from pages import page
from settings import setting
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("providers", __name__)


class ProviderForm(Form):
    name = Text(_l("Name"), [required()])
    client_id = Text(_l("What the provider calls us (client ID)"), [required()])
    client_secret = Secret(_l("Client secret"))
    values = Text(_l("Values for two-factor sign-in"))
    counts = Tick(_l("Accept the provider’s second factor"))


class NewForm(ProviderForm):
    issuer = Text(_l("Address of the provider (issuer)"), [required()])


class CountForm(Form):
    counts = Tick(_l("Accept the provider’s second factor"))


@blueprint.page("/security/providers", needs=Right.FORCE_TWO_FACTOR)
def show() -> Response:
    """All of them, and whose second step counts."""
    return page("organisations/providers.html", own=providers.own(), for_all=providers.for_all(), most=providers.MOST,
                counted=g.here.demands.trusted_upstreams, crumbs=crumbs())


@blueprint.action("/security/providers/for-all/<name>", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def count(name: str) -> Response:
    """Does the second step of one for all count here?"""
    form = CountForm()
    if form.submit_to(lambda counts: providers.count(name, counts)):
        return done(_("The provider’s second factor is accepted here.") if form.counts.data else
                    _("The provider’s second factor is no longer accepted here."), ".show")
    return show()


@blueprint.page("/security/providers/new", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def new() -> Response:
    return new_page(NewForm(), providers.own())


@blueprint.action("/security/providers/new", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS, limit=PROVIDER_CHECK)
def add() -> Response:
    form = NewForm()
    if form.submit_to(providers.add):
        made: Provider = form.result
        return done(_("%(name)s is connected. Now register the address below there.", name=made.name), ".look",
                    id=made.public_id)
    return new_page(form, providers.own(), 422)


@blueprint.page("/security/providers/<id>", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def look(id: str) -> Response:
    """What the provider is to be told of us, what members are to be told, and what can be changed."""
    provider = providers.find(id)
    return provider_page(provider, ProviderForm(
        name=provider.name, client_id=provider.client_id, values=" ".join(provider.trust_mfa),
        counts=provider.way in g.here.demands.trusted_upstreams))


@blueprint.action("/security/providers/<id>", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def change(id: str) -> Response:
    provider, form = providers.find(id), ProviderForm()
    if form.submit_to(lambda **told: providers.change(id, **told)):
        return done(_("Saved."), ".look", id=id)
    return provider_page(provider, form, 422)


@blueprint.action("/security/providers/<id>/on", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def switch_on(id: str) -> Response:
    return done(_("%(name)s is switched on.", name=providers.switch(id, True).name), ".look", id=id)


@blueprint.page("/security/providers/<id>/off", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def leave(id: str) -> Response:
    """Before nobody comes in by it: how many do."""
    return asked_before("provider_off", providers.find(id), NothingForm())


@blueprint.action("/security/providers/<id>/off", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def switch_off(id: str) -> Response:
    provider, form = providers.find(id), NothingForm()
    if form.submit_to(lambda: providers.switch(id, False)):
        return done(_("%(name)s is switched off.", name=provider.name), ".look", id=id)
    return asked_before("provider_off", provider, form, 422)


@blueprint.page("/security/providers/<id>/remove", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def removal(id: str) -> Response:
    return asked_before("provider_removal", providers.find(id), NothingForm())


@blueprint.action("/security/providers/<id>/remove", needs=Right.FORCE_TWO_FACTOR, fresh=CREDENTIALS)
def remove(id: str) -> Response:
    provider, form = providers.find(id), NothingForm()
    if form.submit_to(lambda: providers.remove(id)):
        return done(_("%(name)s is removed.", name=provider.name), ".show")
    return asked_before("provider_removal", provider, form, 422)


# --- what the views share ----------------------------------------------------------------------


def new_page(form: NewForm, own: list[Provider], status: int = 200) -> Response:
    return page("organisations/provider_new.html", status, form=form, full=len(own) >= providers.MOST,
                most=providers.MOST, crumbs=crumbs(_("Connect a provider")))


def provider_page(provider: Provider, form: ProviderForm, status: int = 200) -> Response:
    def told(endpoint: str) -> str:
        return f"{setting.base_url}{url_for(endpoint, name=provider.public_id)}"
    return page("organisations/provider.html", status, provider=provider, form=form, crumbs=crumbs(provider.name),
                sign_in=told("ways.begin"), back=told("ways.callback"), signed_out=told("ways.signed_out"))


def asked_before(template: str, provider: Provider, form: NothingForm, status: int = 200) -> Response:
    return page(f"organisations/{template}.html", status, provider=provider, form=form,
                linked=identities.how_many(provider.way), crumbs=crumbs(provider.name))


def crumbs(*last: str) -> tuple[tuple[str, str | None], ...]:
    here = _("Identity providers")
    return ((_("Security"), url_for("demands.show")), (here, url_for(".show") if last else None),
            *((each, None) for each in last))
