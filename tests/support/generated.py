"""Markdown that nobody would write, made from a seed: whatever may be within anything, and then damaged."""

import random
from collections.abc import Callable

_WORDS = (
    "one", "two", "three", "Fox", "图", "日本", "e\u0301", "🦊", "x" * 40, "a_b_c", "2*3*4", "::", "::error::x", "##[error]x", "\u202egnp", "\u2066", "\u200f", "\u061c",
    "\x1b[31m", "\x00", "\x85", "\u2028", "\ufeff", "\u00a0", "&amp;", "&lt;b&gt;", "&#x3c;", "&#0;", "&#xD800;", "&", "<", ">", '"', "'", "\\", "`", "```", "~~~", "*", "_", "|", "]", "[",
    "(", ")", "!", "{", "}", "=", "-->", "<!--", "]]>", "@me", "#1", "$x$", ":+1:", "[^1]", "[r]", "[ ]", "[x]", "www.example.com", "https://bare.example/a?b=c&d", "me@h.example",
    "{asset:a}", "{model:m}", "{asset: a}", "{Asset:a}", "{asset:", "{model:flux.1-dev}", "{asset:a}{model:m}", "syncjob", "data", "</data>", '<data class="card" value="x">',
)  # fmt: skip
_TARGETS = (
    "https://h.example/", "HTTP://h/", "http://h/(a(b)c)", "mailto:me@h.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)", "java\tscript:alert(1)",
    "\x01javascript:alert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "//h/", "/a", "#models", "?q", "", "<a b>", "<javascript:x>", "{asset:a}", "{model:m}",
    "%7Basset:a%7D", "ftp://h/", "http://[::1]/", "http://[:]/", "https://user:pw@h/", "http%3A//h/", "https:evil", "https:\\\\evil", "blob:x", "about:blank", "https://h/\"onload=x", "https://h/'><script>",
    "https://xn--nxasmq6b/", "https://図.example/", "a\\)b", "https://h/&quot;x", "view-source:x", "intent://x", "https://h/\u202e",
)  # fmt: skip
_HTML = (
    "<b>", "</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=x>", "</p>", "</div></article>", "<!-- c -->", "<!doctype x>", "<?php x ?>", "<![CDATA[x]]>", "<style>*{}</style>",
    "<a href='javascript:x'>", "</a>", "<details open>", "</details>", "<br/>", "<input autofocus>", "<base href=x>", "<meta http-equiv=refresh>", "<iframe srcdoc=x>", "<math><mi//xlink:href=x>", "<template>", "<plaintext>", "</code></pre>",
    "<data value=x>", "<ins>", "<del>", "<textarea>", "</title>", "<a", "<a href=", "<b title='",
)  # fmt: skip

_Maker = Callable[["Text", int], str]


class Text:
    """Makes the text of one seed; what is within what gets shallower until it is words alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  tests
        self._pick = self._random.choice

    def text(self) -> str:
        """A whole description, damaged as often as not."""
        made = self._blocks(self._random.randint(1, 5))
        return self.damaged(made) if self._random.random() < 0.5 else made

    def edited(self, text: str) -> str:
        """The text as somebody left it: much the same, or another one."""
        if self._random.random() < 0.2:
            return self.text()
        for _ in range(self._random.randint(1, 3)):
            start, end = self._part(text)
            text = text[:start] + self._pick(("", self._inline(2), self._block(2), text[start:end] * 2)) + text[end:]
        return text

    def damaged(self, text: str) -> str:
        """The text with pieces of it gone, twice there or elsewhere."""
        for _ in range(self._random.randint(1, 4)):
            start, end = self._part(text)
            piece = text[start:end]
            text = text[:start] + self._pick(("", piece * 2, piece[::-1], self._pick(_WORDS))) + text[end:]
        return text

    def _part(self, text: str) -> tuple[int, int]:
        start = self._random.randint(0, len(text))
        return start, min(len(text), start + self._random.randint(0, 12))

    def _blocks(self, depth: int) -> str:
        separator = self._pick(("\n\n", "\n\n", "\n", "\n\n\n", "\r\n\r\n", "\n \t\n"))
        return separator.join(self._block(depth) for _ in range(self._random.randint(1, 3)))

    def _block(self, depth: int) -> str:
        return self._pick(_BLOCKS)(self, depth - 1) if depth > 0 else self._words()

    def _inline(self, depth: int) -> str:
        if depth <= 0:
            return self._words()
        return "".join(self._pick(_INLINES)(self, depth - 1) for _ in range(self._random.randint(1, 3)))

    def _words(self) -> str:
        return self._pick((" ", "", " ")).join(self._pick(_WORDS) for _ in range(self._random.randint(1, 3)))

    # Inline

    def _marked(self, depth: int) -> str:
        mark = self._pick(("*", "**", "***", "_", "__", "~~", "~", "`", "``", "*_", "**~~"))
        end = mark[::-1] if self._random.random() < 0.8 else self._pick(("*", "_", "", "``", "~~"))
        return f"{mark}{self._inline(depth)}{end}"

    def _link(self, depth: int) -> str:
        title = self._pick(("", "", ' "t"', " 't<b>'", ' (t")', ' "\\" onload=x"'))
        return f"{self._pick(('', '!', ''))}[{self._inline(depth)}]({self._pick(_TARGETS)}{title})"

    def _reference(self, depth: int) -> str:
        label = self._pick(("r", "R", "^1", "{asset:a}", "图", "a*b*"))
        return f"{self._pick(('', '!'))}[{self._inline(depth)}]{self._pick(('', '[]', f'[{label}]', f' [{label}]'))}"

    def _autolink(self, depth: int) -> str:
        return f"<{self._pick((*_TARGETS, 'me@h.example', 'https://x.y', 'http://a?b&c', 'a+b:c'))}>"

    def _within(self, depth: int) -> str:
        """A link in a link, an image in an image, and so on."""
        inner = self._pick((Text._link, Text._autolink, Text._reference))(self, depth)
        return f"{self._pick(('', '!'))}[{self._words()} {inner} {self._words()}]({self._pick(_TARGETS)})"

    def _html(self, depth: int) -> str:
        return self._pick(_HTML)

    def _break(self, depth: int) -> str:
        return self._pick(("  \n", "\\\n", "\n", "\r", "\r\n")) + self._words()

    # Blocks

    def _paragraph(self, depth: int) -> str:
        return self._inline(depth + 1)

    def _heading(self, depth: int) -> str:
        made = self._inline(depth)
        return self._pick(
            (f"# {made}", f"###### {made} ##", f"{made}\n===", f"{made}\n---", f"####### {made}", f"#{made}")
        )

    def _quote(self, depth: int) -> str:
        return "\n".join(f"{self._pick(('> ', '>', '> > ', ''))}{line}" for line in self._blocks(depth).split("\n"))

    def _list(self, depth: int) -> str:
        sign = self._pick(("- ", "* ", "+ ", "1. ", "0) ", "999999999. ", "- [ ] ", "-\t", "1234567890. "))
        gap = "\n" + " " * self._pick((len(sign), 2, 4, 1))
        return "\n".join(sign + self._blocks(depth).replace("\n", gap) for _ in range(self._random.randint(1, 3)))

    def _fence(self, depth: int) -> str:
        fence = self._pick(("```", "~~~", "`````", "~~~~"))
        info = self._pick(("", "python", '"><script>', "diff", "a`b", "{asset:a}", "::x"))
        return f"{fence}{info}\n{self._blocks(depth)}\n{self._pick((fence, '', fence[:2], '```'))}"

    def _indented(self, depth: int) -> str:
        return "    " + self._blocks(depth).replace("\n", "\n    ")

    def _table(self, depth: int) -> str:
        width = self._random.randint(1, 3)
        rows = [
            [self._inline(depth).replace("\n", " ") for _ in range(width)] for _ in range(self._random.randint(1, 3))
        ]
        rows.insert(1, [self._pick(("---", ":-:", "--:", ":--", "-")) for _ in range(width)])
        edge = self._pick(("|", ""))
        return "\n".join(f"{edge}{' | '.join(row)}{edge}" for row in rows)

    def _definition(self, depth: int) -> str:
        label = self._pick(("r", "^1", "{asset:a}", "图", "a*b*", "r]"))
        title = self._pick(("", ' "t"', " (t)", " t"))
        return f"[{label}]: {self._pick(_TARGETS)}{title}\n[{label}] ![{label}]"

    def _rule(self, depth: int) -> str:
        return self._pick(("---", "***", "* * *", "___", "- - -"))

    def _html_block(self, depth: int) -> str:
        return f"{self._pick(_HTML)}\n{self._blocks(depth)}\n{self._pick(_HTML)}"


_INLINES: tuple[_Maker, ...] = (
    lambda text, depth: text._words(),
    Text._marked,
    Text._link,
    Text._reference,
    Text._autolink,
    Text._within,
    Text._html,
    Text._break,
)
_BLOCKS: tuple[_Maker, ...] = (
    Text._paragraph,
    Text._paragraph,
    Text._heading,
    Text._quote,
    Text._list,
    Text._fence,
    Text._indented,
    Text._table,
    Text._definition,
    Text._rule,
    Text._html_block,
)
