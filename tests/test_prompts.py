from __future__ import annotations

import pytest

from phonegame.prompts import spelled
from phonegame.settings import Settings, SettingsError


def settings(**values: str) -> Settings:
    return Settings.load(_env_file=None, DEEPGRAM_URL="ws://127.0.0.1/v1/listen", **values)


class TestTexts:
    def test_every_prompt_has_a_default(self) -> None:
        assert all(settings().fixed_prompts())

    def test_none_is_silence(self) -> None:
        assert settings(prompt_welcome=" None ").prompt_welcome == ""

    def test_what_is_silent_is_not_made_ready(self) -> None:
        texts = settings(prompt_welcome="none", prompt_joined="Hi.").fixed_prompts()
        assert "" not in texts
        assert "Hi." in texts

    def test_the_wrong_code_is_named(self) -> None:
        assert settings().wrong_code("42") == "No game shows 42. Please try again."

    def test_its_place_may_be_anywhere_or_nowhere(self) -> None:
        twice = settings(prompt_wrong_code="{code}? Nobody has {code}.")
        assert twice.wrong_code("tiger") == "tiger? Nobody has tiger."
        assert settings(prompt_wrong_code="Once more!").wrong_code("42") == "Once more!"

    def test_doubled_braces_are_braces(self) -> None:
        assert settings(prompt_welcome="Set {{1, 2}}").prompt_welcome == "Set {1, 2}"
        assert settings(prompt_wrong_code="{{{code}}}").wrong_code("7") == "{7}"

    @pytest.mark.parametrize("text", ["{", "}", "{}", "{0}", "{name}", "{code.x}", "{code[0]}", "{code!z}", "{code:d}"])
    def test_other_braces_are_refused_with_the_variable_s_name(self, text: str) -> None:
        with pytest.raises(SettingsError) as caught:
            settings(prompt_wrong_code=text, prompt_busy=text)
        first, second = caught.value.faults
        assert first.startswith("PHONEGAME_PROMPT_WRONG_CODE: has braces")
        assert "{code}" in first
        assert second.startswith("PHONEGAME_PROMPT_BUSY: has braces")

    @pytest.mark.parametrize(("name", "most"), [("back", 1000), ("wrong_code", 1000), ("closing", 150), ("busy", 150)])
    def test_a_long_one_is_refused(self, name: str, most: int) -> None:
        settings(**{f"prompt_{name}": "x" * most})
        with pytest.raises(SettingsError, match=f"PHONEGAME_PROMPT_{name.upper()}: has {most + 1} characters"):
            settings(**{f"prompt_{name}": "x" * (most + 1)})


@pytest.mark.parametrize(
    ("code", "words"),
    [("7", "7"), ("42", "42"), ("07", "0, 7"), ("00", "0, 0"), ("420", "4, 2, 0"), ("tiger", "tiger")],
)
def test_codes_are_read_out_as_people_say_them(code: str, words: str) -> None:
    assert spelled(code) == words
