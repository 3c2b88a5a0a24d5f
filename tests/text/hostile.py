"""Names that try to be more than names."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = (
    "@org/everyone",
    "closes #1, org/repo#1, GH-1",
    "a|b\n|c|d|",
    "</details><!-- swallow",
    "x --> <!-- trimtab:v1:Zm9yZ2Vk -->",
    "````\nnot code",
    "~~~\nfence",
    "![beacon](http://evil.example/x.png)",
    "[text](javascript:alert(1))",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% import os %}",
    '"]; click A "javascript:alert(1)"',
    "%%{init: {}}%%",
    "\u202egnp.exe\u2066",
    "\u200b@\u200borg",
    "/close",
    "# heading",
    "1. list",
    "- [ ] task",
    "=====",
    "a\\|b\\",
    "`code` ``more``",
    "*bold* _it_ ~~gone~~",
    "&lt;b&gt;&#64;org",
    "Signed-off-by: Mallory <m@example.com>",
    "[skip ci]",
    "\x1b[31mred\x07",
    "\ud800 lone surrogate",
    "www.evil.example https://evil.example",
    "$x$ $$y$$",
    "\r\n\r\n# injected\r\n",
    "line\u2028separator\u2029end",
    "\U0001f600" * 50,
)
"""From the lists of hostile inputs that forges and bots were broken with."""

texts = st.one_of(
    st.sampled_from(NAMES),
    st.text(max_size=80),
    st.text(alphabet="`|<>@#[]()!-_*~\\&;:/.$ \nax1", max_size=40),
    st.lists(st.sampled_from(NAMES), min_size=2, max_size=3).map(" ".join),
)
"""Any text, with a liking for what Markdown and forges act on."""
