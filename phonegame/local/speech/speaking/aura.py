"""Deepgram's voices by name (docs: tts-models), and who speaks for each of them here."""

from __future__ import annotations

DEFAULT_MODEL = "aura-asteria-en"

_AURA_2 = {
    "en": """amalthea andromeda apollo arcas aries asteria athena atlas aurora callista cora cordelia delia draco
        electra harmonia helena hera hermes hyperion iris janus juno jupiter luna mars minerva neptune odysseus
        ophelia orion orpheus pandora phoebe pluto saturn selene thalia theia vesta zeus""",
    "es": """agustina alvaro antonia aquila carina celeste diana estrella gloria javier luciano nestor olivia
        selena silvia sirio valerio""",
    "de": "aurelia elara fabian julius kara lara viktoria",
    "fr": "agathe hector",
    "nl": "beatrix cornelia daphne hestia lars leda rhea roman sander",
    "it": "cesare cinzia demetra dionisio elio flavio livia maia melia perseo",
    "ja": "ama ebisu fujin izanami uzume",
}
_AURA_1 = "angus arcas asteria athena helios hera luna orion orpheus perseus stella zeus"
MODELS = frozenset(
    [f"aura-2-{name}-{language}" for language, names in _AURA_2.items() for name in names.split()]
    + [f"aura-{name}-en" for name in _AURA_1.split()]
)

_MEN = """angus apollo arcas aries atlas draco helios hermes hyperion jupiter mars neptune odysseus orion orpheus
    perseus pluto saturn zeus alvaro aquila javier luciano nestor sirio valerio fabian julius hector lars roman sander
    cesare dionisio elio flavio perseo ebisu fujin"""
_ESPEAK_LANGUAGE = {"en": "en-us"}  # the others have the same name there
# of those that there are, the ones that the local recogniser understands best
_FEMININE_VARIANTS = ("f2", "f3", "f4")
_MASCULINE_VARIANTS = ("m1", "m3", "m7")


def language_of(model: str) -> str:
    return model.rpartition("-")[2]


def espeak_voice(model: str) -> str:
    """The voice of eSpeak NG that speaks for one of `MODELS`: always the same one, of its language and gender."""
    family, name, language = model.rsplit("-", 2)
    variants = _MASCULINE_VARIANTS if name in _MEN.split() else _FEMININE_VARIANTS
    variant = variants[sum(f"{family}-{name}".encode()) % len(variants)]
    return f"{_ESPEAK_LANGUAGE.get(language, language)}+{variant}"
