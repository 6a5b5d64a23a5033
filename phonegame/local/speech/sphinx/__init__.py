"""Recognition with pocketsphinx: a grammar of numbers, codes and expected phrases, tuned for 8 kHz telephone audio."""
