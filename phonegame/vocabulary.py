"""English words that mean something around a spoken code: numbers, what callers say along with a code, quantities."""

from __future__ import annotations

ONES = {
    "zero": 0, "nought": 0, "naught": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "niner": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1000}
REPEATERS = {"double": 2, "triple": 3, "treble": 3}
OH = frozenset({"oh", "o"})
"""Zero beside another number, else an exclamation."""

HOMOPHONES = {"to": 2, "too": 2, "for": 4, "fore": 4, "won": 1, "ate": 8}
"""What recognisers write for a digit. Only where the whole utterance is nothing but a number: see phonegame/spoken.py."""

NUMBER_WORDS = frozenset({*ONES, *TEENS, *TENS, *SCALES, *REPEATERS, *OH})

FILLERS = frozenset({"um", "umm", "uh", "uhm", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "mhm"})
"""Left out before anything else is looked at: "12 uh 34" is 1234."""

INTRODUCERS = frozenset({"code", "codes"})
GLUE = frozenset(
    {
        "is",
        "was",
        "number",
        "the",
        "its",
        "it's",
        "it",
        "that's",
        "for",
        "of",
        "says",
        "reads",
        "game",
        "this",
    }
)
"""May stand between an introducer and the code: "code number", "the code for this game is"."""

CARRIERS = (
    FILLERS
    | INTRODUCERS
    | GLUE
    | frozenset(
        """
    a actually again afternoon alright an and bye but calling call can connect connected connecting correct could dear
    enter evening game games give go good goodbye got great greetings have hear hello here hey hi hiya i i'd i'll i've in
    into it'll join joining just let let's like me morning my need no nope now off oh o ok okay on or our perfect phone
    play playing please put ready right room say saying screen see seeing show shown showing shows sir so sorry speak
    still sure talk telephone thank thanks that the then there think this through to too try trying up us we we'd we've
    well with would yeah yep yes yo you your yup
    """.split()
    )
)
"""What callers say around a code; whatever else is said makes it a sentence that may merely contain a number."""

NARROW = frozenset({"code", "number", "the", "is", "its", "it's", "my", "please"})
"""An utterance of these and of words that sound like digits is about a number, and nothing else."""

UNITS = frozenset(
    """
    percent per cent cents dollar dollars buck bucks euro euros pound pounds quid pence penny degree degrees
    year years yr yrs month months week weeks weekend day days hour hours minute minutes min mins second seconds sec
    secs moment moments o'clock oclock am pm a.m p.m time times people persons guys kids friends players callers games
    more less of other others another point dot comma million billion millions billions dozen hundreds thousands
    grand half quarter third quarters kilometer kilometers kilometre kilometres mile miles meter meters metre metres
    foot feet inch inches kilo kilos gram grams ish odd plus minus squared
    first fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
    seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth
    hundredth thousandth
    """.split()
)
"""Behind a number they make it a quantity, a date or an ordinal: "42 years", "4 point 2", "forty second"."""

QUALIFIERS = frozenset(
    """
    minus negative plus point dot past about around almost nearly roughly over under age aged chapter page level half
    quarter another each every several few not isn't wasn't
    """.split()
)
"""Before a number they do the same: "point 42", "half past 4", and "not 42" is anything but 42."""

BEFORE_PRONOUN_ONE = frozenset(
    """
    this that the no which each any every some another have got see wrong right good new last next only my your
    """.split()
)
"""Before "one" they make it a word that counts nothing: "that one", "no one"."""

NOT_A_CODE = NUMBER_WORDS | frozenset(HOMOPHONES) | CARRIERS | UNITS | QUALIFIERS | BEFORE_PRONOUN_ONE
"""Words that cannot be codes."""
