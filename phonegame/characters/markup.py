"""Takes out of a model's text what cannot be said: Markdown, emoji, stage directions. Character by character.

    **Yes**, `this` _one_     -> Yes, this one          emphasis
    # Pizzas, - one, > quote  -> Pizzas, one, quote     marks at the beginning of a line
    [the menu](https://...)   -> the menu               links
    *sighs* Well. (laughs)    -> Well.                  directions: between asterisks or in brackets where a sentence
                                                        begins, in square brackets anywhere
    a *big* one, 2 * 3 (yes)  -> a big one, 2 * 3 (yes) within a sentence they belong to it

What has been opened and is not closed within `LONGEST_SPAN` characters, or in its line, was none and is said.
"""

from __future__ import annotations

import re

LONGEST_SPAN = 80
"""Characters of a stage direction, or of a link's text: that long it holds the voice up."""
LONGEST_ADDRESS = 300

# arrows, technical and geometric signs, dingbats, pictographs, and what modifies and joins them
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
    "\ufe0e\ufe0f\u200b\u200d\u20e3\U000e0020-\U000e007f]"
)
_LINE_MARK = re.compile(r"#{1,6}|[-*+>•]|```\w*|---+")
_CLOSING = {"*": "*", "(": ")"}
_SENTENCE_ENDS = ".!?…。！？\n"


class Markup:
    """`feed` gives what can be said of a text, as far as it is known by then; `finish` the rest.

    However the text is cut, the same comes out.
    """

    def __init__(self) -> None:
        self._held = ""
        """From a mark on of which it is not known yet what it means."""
        self._line_begins = True
        self._before = "\n"
        """The last character that was given out and is no blank."""
        self._last = "\n"

    def feed(self, text: str) -> str:
        return "".join(map(self._take, text))

    def finish(self) -> str:
        held, self._held = self._held, ""
        if "](" in held:
            return self._give_all(held[1 : held.index("](")])
        if (self._line_begins and _LINE_MARK.fullmatch(held)) or held.endswith("]"):
            return ""
        return self._give_all(held.lstrip("*["))

    def _take(self, sign: str) -> str:
        if _EMOJI.match(sign):
            return ""
        if not self._held:
            return self._begin(sign)
        self._held += sign
        if self._line_begins:
            return self._in_line_mark()
        return self._in_link() if "](" in self._held else self._in_span()

    def _begin(self, sign: str) -> str:
        if (self._line_begins and sign in "#-+>•`*") or sign in "*[" or (sign == "(" and self._begins_sentence):
            self._held = sign
            self._line_begins = self._line_begins and sign not in "[("
            return ""
        return self._give(sign)

    def _in_line_mark(self) -> str:
        """At the beginning of a line. A blank behind it tells a mark, anything else what is none."""
        mark, sign = self._held[:-1], self._held[-1]
        if sign.isspace() and _LINE_MARK.fullmatch(mark):
            self._held = ""
            return self._give("\n") if sign == "\n" else ""
        if _LINE_MARK.fullmatch(self._held) or self._held in ("``", "--"):
            return ""
        held, self._held, self._line_begins = self._held, "", False
        return self.feed(held)

    def _in_span(self) -> str:
        held, opening = self._held, self._held[0]
        if held == "**":
            self._held = ""
        elif opening == "[" and "]" in held[:-1]:
            # a link would have gone on with a parenthesis
            self._held = ""
            return self._take(held[-1])
        elif opening == "*" and (held[1].isspace() or not self._begins_sentence):
            return self._give_up()
        elif opening != "[" and held[-1] == _CLOSING[opening]:
            self._held = ""
            return "" if opening == "*" or held[1].islower() else self._give_all(held)
        elif held[-1] == "\n" or len(held) > LONGEST_SPAN:
            return self._give_up()
        return ""

    def _in_link(self) -> str:
        if self._held[-1] not in ")\n" and len(self._held) <= LONGEST_ADDRESS:
            return ""
        text, self._held = self._held[1 : self._held.index("](")], ""
        return self._give_all(text)

    @property
    def _begins_sentence(self) -> bool:
        return self._before in _SENTENCE_ENDS

    def _give_up(self) -> str:
        """It is no direction. An asterisk is said where it stands alone; what follows is looked at anew."""
        held, self._held = self._held, ""
        is_said = held[0] == "(" or (held[0] == "*" and held[1].isspace() and self._last.isspace())
        return (self._give(held[0]) if is_said else "") + self.feed(held[1:])

    def _give_all(self, text: str) -> str:
        return "".join(map(self._give, text))

    def _give(self, sign: str) -> str:
        if sign in "`~|_":
            return ""
        self._line_begins = sign == "\n" or (self._line_begins and sign.isspace())
        if sign == "\n" or not sign.isspace():
            self._before = sign
        self._last = sign
        return sign
