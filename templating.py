"""Templates: one environment a language, its sentences folded in."""
import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    Template,
    TemplateAssertionError,
    TemplateNotFound,
    nodes,
    pass_context,
)
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.ext import InternationalizationExtension
from jinja2.visitor import NodeTransformer

import i18n
import plugins
from settings import setting

ROOT = Path(__file__).parent
# A plug-in folder carries its own pages: «factors/totp/enrol.html» is accounts/factors/totp/enrol.html.
PLUGINS = {"backends": "accounts", "factors": "accounts", "kinds": "products", "gateways": "billing",
           "channels": "notices"}
ENDS_WITH_ARTICLE = re.compile(i18n.ARTICLE + "$")        # which Italian shortens before some days
FILTERS = ("day", "moment", "ago", "number", "money", "percent", "list_of", "breakable")

# What every template can call, macros too. The web adds its own here when it starts.
names: dict[str, Any] = dict(DEFAULT_NAMESPACE)

# What says the same as long as we run: called with constants, it is one of the compiled template.
constants: dict[str, Callable[..., str]] = {}


def render(template: str, language: str | None = None, **context: Any) -> str:
    """The whole template; without `language`, in the one being spoken."""
    with _speaking(language):
        return environment(i18n.voice().words).get_template(template).render(language=i18n.voice().language, **context)


def render_block(template: str, block: str, language: str | None = None, **context: Any) -> str:
    """One block of it, of its own or of what it extends, just as it stands in the whole."""
    with _speaking(language):
        source = environment(i18n.voice().words).get_template(template)
        inside = source.new_context({"language": i18n.voice().language} | context)
        # Up to the first word of the page: imports and `set` of the template are done, and blocks know their parents.
        whole = source.root_render_func(inside)
        next(whole, None)
        whole.close()  # type: ignore[attr-defined]
        return "".join(inside.blocks[block][0](inside))


def render_text(template: str, block: str, language: str | None = None, **context: Any) -> str:
    """A block for where there is no HTML: the subject of a mail."""
    return html.unescape(render_block(template, block, language, **context))


def render_plain(template: str, **context: Any) -> str:
    """The whole of one that is no HTML: lines of a configuration."""
    return html.unescape(render(template, **context))


def has_block(template: str, block: str) -> bool:
    return any(block in source.blocks for source in environment(i18n.voice().words).lineage(template))


@cache
def environment(words: str) -> "Speaking":
    """That of a language, or of de-CH."""
    return Speaking(words)


def _speaking(language: str | None) -> AbstractContextManager[None]:
    spoken = i18n.voice()
    if language is None or language == spoken.language:
        return nullcontext()
    return i18n.speaking(replace(spoken, language=language))


class Speaking(Environment):
    """Templates in one language: its sentences are constants of the compiled templates."""

    def __init__(self, words: str) -> None:
        super().__init__(autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=setting.debug,
                         cache_size=-1, extensions=[Trans], loader=_loader())
        self.policies["ext.i18n.trimmed"] = True
        self.language = words[:2]
        self.words = i18n.words(words)
        self.parents: dict[str, str] = {}
        self.globals = names
        self.filters.update({name: _late(name) for name in FILTERS})
        self.filters["elided"] = lambda value, article: i18n.elided(article, value)

    def make_globals(self, given: Any) -> Any:
        """The names themselves: a chain of mappings would be read through at every page and every import."""
        return self.globals if not given else super().make_globals(given)

    def lineage(self, template: str) -> Iterator[Template]:
        """The template and what it extends."""
        name: str | None = template
        while name:
            yield self.get_template(name)
            name = self.parents.get(name)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        page = super()._parse(source, name, filename)
        extended = page.find(nodes.Extends)
        if name and extended and isinstance(extended.template, nodes.Const):
            self.parents[name] = extended.template.value
        folded = Fold(self, name).visit(page)
        folded.set_environment(self)
        return folded


def _loader() -> ChoiceLoader:
    folders = {kind: ChoiceLoader([FileSystemLoader(ROOT / room / kind), Installed(f"{room}.{kind}")])
               for kind, room in PLUGINS.items()}
    return ChoiceLoader([FileSystemLoader(ROOT / "templates"), PrefixLoader(folders)])


class Installed(BaseLoader):
    """The pages of installed plug-ins: «factors/<name>/enrol.html» stands beside the module that offers <name>."""

    def __init__(self, package: str) -> None:
        self.package = package

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        name, _slash, page = template.partition("/")
        folder = plugins.folder(self.package, name)
        if folder is None:
            raise TemplateNotFound(template)
        return FileSystemLoader(folder).get_source(environment, page)

    def list_templates(self) -> list[str]:
        """None of ours."""
        return []


def _late(name: str) -> Callable[..., str]:
    """A filter of `formats`, which (with Babel) is loaded when a page first shows a date or an amount.

    With a context, so that Jinja does not compute it when it compiles: the country is not known then.
    """
    @pass_context
    def late(_context: Any, *args: Any, **options: Any) -> str:
        return _format(name)(*args, **options)
    return late


@cache
def _format(name: str) -> Callable[..., str]:
    return getattr(import_module("formats"), name)  # type: ignore[no-any-return]


class Fold(NodeTransformer):
    """Puts the translation in the place of every `_()`, `ngettext()`, `pgettext()` of constant text."""

    def __init__(self, environment: Speaking, template: str | None) -> None:
        self.sentences = Sentences(environment, template)

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        shown: list[nodes.Expr] = []
        for child in node.nodes:
            said = self.said(child)
            shown += [self.visit(child)] if said is None else said
        node.nodes = shown
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        said = self.said(node)
        return self.generic_visit(node) if said is None else joined(said)

    def said(self, call: nodes.Node) -> list[nodes.Expr] | None:
        """The pieces of a sentence; None if this is none."""
        if not isinstance(call, nodes.Call) or not isinstance(call.node, nodes.Name):
            return None
        if (same := constants.get(call.node.name)) and not call.kwargs:
            with suppress(nodes.Impossible):
                text = same(*(argument.as_const() for argument in call.args))
                kind = nodes.TemplateData if hasattr(text, "__html__") else nodes.Const
                return [kind(str(text), lineno=call.lineno)]
        if call.node.name not in ("_", "gettext", "ngettext", "pgettext"):
            return None
        values = {option.key: self.visit(option.value) for option in call.kwargs}
        texts = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
        match call.node.name, texts, call.args:
            case "_" | "gettext", [message], [_]:
                return self.sentences.one(message, values, None, nodes.Const, call.lineno)
            case "pgettext", [context, message], [_, _]:
                return self.sentences.one(message, values, context, nodes.Const, call.lineno)
            case "ngettext", [singular, plural, *_], [_, _, n]:
                n = self.visit(n)
                one, many = self.sentences.both(singular, plural, {"num": n} | values, nodes.Const, call.lineno)
                return [nodes.CondExpr(self.sentences.several(n), joined(many), joined(one), lineno=call.lineno)]
            case _:
                raise self.sentences.wrong(f"{call.node.name}() wants constant text", call.lineno)


class Trans(InternationalizationExtension):
    """{% trans %}: its text may hold markup, what it shows is escaped."""

    def _make_node(self, singular: str, plural: str | None, context: str | None, variables: dict[str, nodes.Expr],  # type: ignore[override]
                   plural_expr: nodes.Expr | None, vars_referenced: bool, num_called_num: bool) -> nodes.Node:
        sentences = Sentences(self.environment, None)  # type: ignore[arg-type]
        values = variables if vars_referenced else {}
        if not vars_referenced:
            singular, plural = singular.replace("%%", "%"), plural and plural.replace("%%", "%")
        if plural is None or plural_expr is None:
            return nodes.Output(sentences.one(singular, values, context, nodes.TemplateData))
        one, many = sentences.both(singular, plural, values, nodes.TemplateData)
        return nodes.If(sentences.several(plural_expr), [nodes.Output(many)], [], [nodes.Output(one)])


class Sentences:
    """Sentences of one language as pieces: text, value, text."""

    def __init__(self, environment: Speaking, template: str | None) -> None:
        self.environment, self.template = environment, template

    def one(self, message: str, values: Mapping[str, nodes.Expr], context: str | None,
            kind: type[nodes.Expr], line: int = 1) -> list[nodes.Expr]:
        words = self.environment.words
        text = words.pgettext(context, message) if context else words.gettext(message)
        return self.pieces(text, message, values, kind, line)

    def both(self, singular: str, plural: str, values: Mapping[str, nodes.Expr],
             kind: type[nodes.Expr], line: int = 1) -> tuple[list[nodes.Expr], list[nodes.Expr]]:
        said = self.environment.words.ngettext
        return (self.pieces(said(singular, plural, 1), singular, values, kind, line),
                self.pieces(said(singular, plural, 2), plural, values, kind, line))

    def several(self, n: nodes.Expr) -> nodes.Expr:
        """In French none is one."""
        return nodes.Compare(n, [nodes.Operand("gt" if self.environment.language == "fr" else "ne", nodes.Const(1))])

    def pieces(self, text: str, english: str, values: Mapping[str, nodes.Expr],
               kind: type[nodes.Expr], line: int) -> list[nodes.Expr]:
        if not values:
            return [kind(text, lineno=line)]
        split = re.split(r"%(?:\((\w+)\)s|%)", text)
        if any(name not in values for name in split[1::2] if name) or "%" in "".join(split[::2]):
            # A broken translation (ML-06), or a broken source.
            if text == english:
                raise self.wrong(f"values of {english!r} are {', '.join(values)}", line)
            return self.pieces(english, english, values, kind, line)
        pieces: list[nodes.Expr] = []
        for between, name in zip(split[::2], [*split[1::2], ""], strict=True):
            # No name: «%%», a per cent sign.
            article = ENDS_WITH_ARTICLE.search(between) if name and self.environment.language == "it" else None
            if said := (between[:article.start()] if article else between) + ("%" if name is None else ""):
                pieces.append(kind(said, lineno=line))
            if article:
                pieces.append(nodes.Filter(values[name], "elided", [nodes.Const(article[1])], [], None, None,
                                           lineno=line))
            if name:
                pieces.append(values[name])
        return pieces or [kind("", lineno=line)]

    def wrong(self, why: str, line: int) -> TemplateAssertionError:
        return TemplateAssertionError(why, line, self.template)


def joined(pieces: list[nodes.Expr]) -> nodes.Expr:
    return pieces[0] if len(pieces) == 1 else nodes.Concat(pieces, lineno=pieces[0].lineno)
