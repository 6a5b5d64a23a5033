"""Is there a voice on the line? By loudness against the noise that the line has anyway."""

from __future__ import annotations

from collections import deque

ONSET_FRAMES = 3  # of the last four, 20 ms each, must be loud: a click is no voice
WINDOW_FRAMES = 4
LEAST_LEVEL = 80.0  # root mean square of 16-bit samples; a whisper on a good line has 150
OVER_NOISE = 3.5
STILL_OVER_NOISE = 2.0  # words fade out
NOISE_RISES = 1.01  # a frame; half a minute of hum doubles and doubles again what counts as silence
NOISE_LIMIT = 600.0  # who shouts for a minute does not become noise


class VoiceDetector:
    """One line's. `is_voice` is asked once for each 20 ms, in order."""

    def __init__(self) -> None:
        self._noise = LEAST_LEVEL / OVER_NOISE
        self._window: deque[bool] = deque(maxlen=WINDOW_FRAMES)
        self._voiced = False

    @property
    def onset_frames(self) -> int:
        """How many frames ago a voice began that has just been noticed."""
        return len(self._window)

    def is_voice(self, level: float) -> bool:
        self._noise = min(NOISE_LIMIT, level if level < self._noise else self._noise * NOISE_RISES)
        self._noise = max(self._noise, 1.0)
        over = STILL_OVER_NOISE if self._voiced else OVER_NOISE
        loud = level > max(LEAST_LEVEL, self._noise * over)
        self._window.append(loud)
        needed = 1 if self._voiced else ONSET_FRAMES
        self._voiced = sum(self._window) >= needed
        return loud and self._voiced
