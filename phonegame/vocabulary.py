"""English words that matter around a spoken code: numbers, what callers say along with a code, quantities."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
SCALES = frozenset({"hundred", "thousand"})
REPEATERS = {"double": 2, "triple": 3, "treble": 3}

OH = frozenset({"oh", "o"})
"""Zero beside another number, else an exclamation."""

HOMOPHONES = {"to": 2, "too": 2, "for": 4, "fore": 4, "won": 1, "ate": 8}
"""What recognisers write for a digit. Heard so only where the whole utterance is nothing but a number."""

NUMBER_WORDS = frozenset({*ONES, *TEENS, *TENS, *SCALES, *REPEATERS, *OH})

FILLERS = _words("um umm uh uhm er erm ah eh hm hmm mm mhm")
"""Left out before anything else is looked at: "12 uh 34" is 1234."""

INTRODUCERS = _words("code codes")

GLUE = _words("is was number the its it's it that's for of says reads game this")
"""May stand between an introducer and the code: "code number", "the code for this game is"."""

PRESENTERS = _words(
    "is it's its that's number say says saying said show shows showing reads game room join joining enter"
)
"""In a longer sentence, one of them stands right before a code: "my sister told me to say 42", not "route 66"."""

CORRECTORS = _words("and or nor no nope not but actually sorry wait correction rather mean oops")
"""Behind a code they announce another one: "42 or", "41, sorry"."""

NARROW = _words("code number the is its it's my please")
"""An utterance of these and of words that sound like digits is about a number, and nothing else."""

CARRIERS = FILLERS | INTRODUCERS | GLUE | NARROW
CARRIERS |= _words(
    """
    a actually again afternoon alright an and bye but call calling can connect connected connecting correct could
    dear enter evening games go good goodbye got great greetings have hear hello here hey hi hiya i i'd i'll
    i've in into it'll join joining just let let's like me morning need no nope now off oh o ok okay on or our
    password perfect phone pin play playing put ready right room say saying screen see seeing show showing shown
    shows sir so sorry speak still sure talk telephone thank thanks that then there think through to too try trying
    up us we we'd we've well with word would yeah yep yes yo you your yup
    """
)
"""What callers say around a code; whatever else is said makes it a sentence that may merely contain a number."""

UNITS = _words(
    """
    percent per cent cents dollar dollars buck bucks euro euros pound pounds quid pence penny grand
    year years yr yrs month months week weeks weekend day days hour hours minute minutes min mins second seconds sec
    secs moment moments o'clock oclock am pm a.m p.m time times
    people persons guys kids friends players callers games more less of other others another dozen
    point dot comma plus minus squared half quarter quarters third
    hundreds thousands million millions billion billions
    kilometer kilometers kilometre kilometres mile miles meter meters metre metres foot feet inch inches
    kilo kilos gram grams degree degrees ish odd
    first fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
    seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth
    hundredth thousandth halves thirds tenths hundredths thousandths
    """
)
"""Behind a number they make it a quantity, a date or an ordinal: "42 years", "4 point 2", "forty second"."""

QUALIFIERS = _words(
    """
    minus negative plus point dot past half quarter about around almost nearly roughly over under age aged
    chapter page level channel each every another several few not isn't wasn't
    in at by since until till top
    """
)
"""Before a number they do the same: "point 42", "half past 4"; and "not 42" is anything but 42."""

BEFORE_PRONOUN_ONE = _words(
    "this that the no which each any every some another have got see wrong right good new last next only my your"
)
"""Before "one" they make it a word that counts nothing: "that one", "no one"."""

NOT_A_CODE = NUMBER_WORDS | frozenset(HOMOPHONES) | CARRIERS | PRESENTERS | CORRECTORS | UNITS
NOT_A_CODE |= QUALIFIERS | BEFORE_PRONOUN_ONE
"""Words that cannot be codes."""
