"""Large letters for the terminal: what a player has to read across the room."""

from __future__ import annotations

HEIGHT = 5

# Five rows a character, rows parted by "/"; what is not in here is shown small by the caller.
_GLYPHS = {
    "0": " ### /#   #/# # #/#   #/ ### ",
    "1": "  #  / ##  /  #  /  #  / ### ",
    "2": "#### /    #/ ### /#    /#####",
    "3": "#### /    #/ ### /    #/#### ",
    "4": "#   #/#   #/#####/    #/    #",
    "5": "#####/#    /#### /    #/#### ",
    "6": " ### /#    /#### /#   #/ ### ",
    "7": "#####/    #/   # /  #  /  #  ",
    "8": " ### /#   #/ ### /#   #/ ### ",
    "9": " ### /#   #/ ####/    #/ ### ",
    "A": " ### /#   #/#####/#   #/#   #",
    "B": "#### /#   #/#### /#   #/#### ",
    "C": " ####/#    /#    /#    / ####",
    "D": "#### /#   #/#   #/#   #/#### ",
    "E": "#####/#    /###  /#    /#####",
    "F": "#####/#    /###  /#    /#    ",
    "G": " ####/#    /#  ##/#   #/ ####",
    "H": "#   #/#   #/#####/#   #/#   #",
    "I": "###/ # / # / # /###",
    "J": "  ###/   # /   # /#  # / ##  ",
    "K": "#   #/#  # /###  /#  # /#   #",
    "L": "#    /#    /#    /#    /#####",
    "M": "#   #/## ##/# # #/#   #/#   #",
    "N": "#   #/##  #/# # #/#  ##/#   #",
    "O": " ### /#   #/#   #/#   #/ ### ",
    "P": "#### /#   #/#### /#    /#    ",
    "Q": " ### /#   #/# # #/#  # / ## #",
    "R": "#### /#   #/#### /#  # /#   #",
    "S": " ####/#    / ### /    #/#### ",
    "T": "#####/  #  /  #  /  #  /  #  ",
    "U": "#   #/#   #/#   #/#   #/ ### ",
    "V": "#   #/#   #/#   #/ # # /  #  ",
    "W": "#   #/#   #/# # #/## ##/#   #",
    "X": "#   #/ # # /  #  / # # /#   #",
    "Y": "#   #/ # # /  #  /  #  /  #  ",
    "Z": "#####/   # /  #  / #   /#####",
    "+": "     /  #  /#####/  #  /     ",
    "-": "   /   /###/   /   ",
    "(": " #/# /# /# / #",
    ")": "# / #/ #/ #/# ",
    ".": "  /  /  /  /##",
    " ": "  /  /  /  /  ",
}


def enlarge(text: str, ink: str = "#") -> list[str] | None:
    """The rows of `text` in large letters, drawn with `ink`; None when a character has no large form."""
    glyphs = [_GLYPHS.get(character.upper()) for character in text]
    rows = [""] * HEIGHT
    for glyph in glyphs:
        if glyph is None:
            return None
        rows = [f"{row} {part}" for row, part in zip(rows, glyph.split("/"), strict=True)]
    return [row[1:].replace("#", ink) for row in rows]
