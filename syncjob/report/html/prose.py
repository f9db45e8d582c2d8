"""Markdown -> the HTML of its blocks, with nothing in it that loads, runs or leads astray. Pure."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from syncjob.report.html.cards import TagCard, image_card
from syncjob.report.html.escape import quieted
from syncjob.report.html.rendering import render
from syncjob.text.tags import ID_PATTERN, Kind

_TAG = re.compile(r"\{(asset|model):(" + ID_PATTERN + r")\}")
_LINKED = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_TOP = 3  # the levels of the page's own headings above a description
_Env = MutableMapping[str, Any]


def blocks(text: str, card: TagCard) -> Iterator[str]:
    """The well-formed HTML of each paragraph, list, table and so on of a text, in order."""
    env: _Env = {"card": card, "links": []}  # links that are open: each its address, and whether it is one in HTML
    tokens = _PARSER.parse(text, env)
    start = depth = 0
    for end, token in enumerate(tokens, 1):
        depth += token.nesting
        if depth == 0:
            yield quieted(_PARSER.renderer.render(tokens[start:end], _PARSER.options, env)).strip("\n")
            start = end


class _Renderer(RendererHTML):
    """markdown-it's own renderer but for the methods below, each named for the token that it renders."""

    def tag(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        return _tag_card(tokens[idx].content, env) or ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        source = str(tokens[idx].attrs.get("src", ""))
        return _tag_card(unquote(source), env) or image_card(_plain(tokens[idx].children or ()), source)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        href = str(tokens[idx].attrs.get("href", ""))
        # CommonMark lets an address in angle brackets be a link within a link; HTML does not.
        is_link = bool(_LINKED.match(href)) and not any(is_link for _, is_link in env["links"])
        env["links"].append((href, is_link))
        return render("link.html", href=href) if is_link else '<span class="unlinked">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        href, is_link = env["links"].pop()
        if is_link:
            return "</a>"
        target = unquote(href)
        return f"</span> {_tag_card(target, env) or render('target.html', target=target)}"

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        level = int(tokens[idx].tag[1:])
        return f'<h{min(level + _TOP, 6)} class="h{level}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        return f"</h{min(int(tokens[idx].tag[1:]) + _TOP, 6)}>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        return render("fence.html", info=tokens[idx].info.strip(), code=tokens[idx].content) + "\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        return '<div class="scroll"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        return "</table></div>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: _Env) -> str:
        # A style attribute, as markdown-it writes it, is refused by the page's own policy.
        side = str(tokens[idx].attrs.get("style", "")).removeprefix("text-align:")
        return f'<{tokens[idx].tag} class="{side}">' if side else f"<{tokens[idx].tag}>"

    th_open = td_open


def _tag_card(text: str, env: _Env) -> str | None:
    match = _TAG.fullmatch(text)
    card: TagCard = env["card"]
    return card(cast("Kind", match[1]), match[2]) if match else None


def _plain(tokens: Sequence[Token]) -> str:
    """What an image's alternative text says, without its markup."""
    return "".join(
        _plain(token.children) if token.children else "\n" if token.type.endswith("break") else token.content
        for token in tokens
    )


def _read_tag(state: StateInline, silent: bool) -> bool:
    match = _TAG.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("tag", "", 0).content = match.group()
    state.pos = match.end()
    return True


_PARSER = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
_PARSER.inline.ruler.before("link", "tag", _read_tag)
