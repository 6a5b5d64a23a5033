// The messages of phonegame.v1, as the server's catalogue has them. Written by scripts/protocol.py, not by hand.

/** The types of all messages that the server sends. */
export const TO_GAME = Object.freeze(/** @type {const} */ ([
  "welcome",
  "pong",
  "code_changed",
  "call_status",
  "call_started",
  "speech_started",
  "transcript",
  "utterance_end",
  "dtmf",
  "say_started",
  "say_finished",
  "recording_started",
  "recording_stopped",
  "character_said",
  "action",
  "character_ended",
  "call_ending",
  "call_ended",
  "server_stopping",
  "error",
]));

/**
 * Each message that the server sends, by its type.
 * @typedef {object} ServerMessages
 * @property {Welcome} welcome
 * @property {Pong} pong
 * @property {CodeChanged} code_changed
 * @property {CallStatus} call_status
 * @property {CallStarted} call_started
 * @property {SpeechStarted} speech_started
 * @property {Transcript} transcript
 * @property {UtteranceEnd} utterance_end
 * @property {Dtmf} dtmf
 * @property {SayStarted} say_started
 * @property {SayFinished} say_finished
 * @property {RecordingStarted} recording_started
 * @property {RecordingStopped} recording_stopped
 * @property {CharacterSaid} character_said
 * @property {ActionAsked} action
 * @property {CharacterEnded} character_ended
 * @property {CallEnding} call_ending
 * @property {CallEnded} call_ended
 * @property {ServerStopping} server_stopping
 * @property {ErrorMessage} error
 */

/** The types of all messages that a game sends. */
export const FROM_GAME = Object.freeze(/** @type {const} */ ([
  "say",
  "play",
  "clear",
  "hangup",
  "vocabulary",
  "accept",
  "dial",
  "record",
  "character",
  "character_stop",
  "action_result",
  "resume",
  "ping",
]));

/**
 * Each message that a game sends, by its type.
 * @typedef {object} GameMessages
 * @property {Say} say
 * @property {PlayMessage} play
 * @property {Clear} clear
 * @property {HangUp} hangup
 * @property {Vocabulary} vocabulary
 * @property {Accept} accept
 * @property {DialMessage} dial
 * @property {RecordMessage} record
 * @property {CharacterMessage} character
 * @property {CharacterStop} character_stop
 * @property {ActionResult} action_result
 * @property {Resume} resume
 * @property {Ping} ping
 */

/**
 * The first message on every connection, and the answer to a `resume` that has worked.
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {string} phone_number What the player is to call; empty where the operator has set none.
 * @property {string} code What the player is to say or key; the game's own while it is there.
 * @property {string} resume_token For `resume`. Who has it can take over the game: keep it secret.
 * @property {boolean} resumed Whether this is the game that was there before; its events follow.
 * @property {number} away_seconds How long a lost game is waited for.
 */

/**
 * The answer to a `ping`.
 * @typedef {object} Pong
 * @property {"pong"} type
 * @property {string | number | null} id As the `ping` had it; null where it had none.
 */

/**
 * Show this code in the place of the one before, which another game has got meanwhile. Calls go on.
 * @typedef {object} CodeChanged
 * @property {"code_changed"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} code What the player is to say or key from here on.
 */

/**
 * How an outgoing call goes on until somebody is there (`call_started`); then, who has answered.
 * @typedef {object} CallStatus
 * @property {"call_status"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {"answered" | "busy" | "cancelled" | "dialling" | "failed" | "machine" | "no_answer" | "ringing"} status First dialling, mostly ringing, then answered; or the end: busy, no_answer, failed or cancelled. When it is known who has answered: answered again (a person, or unknown), or machine.
 * @property {string | null} dial_id As the `dial` had it.
 * @property {string | null} answered_by human, fax, unknown, or a machine that records from now on: machine_end_beep, machine_end_silence, machine_end_other. Null while it is not known.
 * @property {string | null} reason For people, and for logs: why it has failed.
 */

/**
 * A caller has given the code, or answered a call of ours, and is patched in.
 * @typedef {object} CallStarted
 * @property {"call_started"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {"incoming" | "outgoing"} direction
 * @property {string | null} caller The caller's number, masked; null where it is not known.
 */

/**
 * The caller begins to make sounds, which may become words.
 * @typedef {object} SpeechStarted
 * @property {"speech_started"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {number} at Seconds since the call's audio began.
 */

/**
 * What the caller says. An interim one (`is_final` false) is replaced by the next one of the same time.
 * @typedef {object} Transcript
 * @property {"transcript"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} text Empty where the caller is done (`speech_final`), or the interim one before came to nothing.
 * @property {boolean} is_final Whether this text will not change any more.
 * @property {boolean} speech_final Whether the caller has stopped speaking.
 * @property {number} confidence From 0 to 1; 0 where it is not known.
 * @property {number} start Seconds since the call's audio began.
 * @property {number} duration Seconds of audio that this covers.
 * @property {ReadonlyArray<Word>} words
 */

/**
 * One word of a transcript, with its punctuation.
 * @typedef {object} Word
 * @property {string} word
 * @property {number} start Seconds since the call's audio began.
 * @property {number} end Seconds since the call's audio began.
 * @property {number} confidence From 0 to 1; 0 where it is not known.
 */

/**
 * The caller has said no word for a while.
 * @typedef {object} UtteranceEnd
 * @property {"utterance_end"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {number} at When the last word ended, in seconds since the call's audio began.
 */

/**
 * The caller has pressed a key.
 * @typedef {object} Dtmf
 * @property {"dtmf"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} digit 0 to 9, * or #.
 */

/**
 * The first sound of a `say` or `play` is on its way to the caller.
 * @typedef {object} SayStarted
 * @property {"say_started"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} say_id As the game's `say` or `play` had it, or made up by the server.
 */

/**
 * The one receipt of a `say` or `play` for each caller that it was for, and one if there was none.
 * @typedef {object} SayFinished
 * @property {"say_finished"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string | null} call_id Which call; null where there was nobody to say it to.
 * @property {number | null} player The caller's slot; null where there was nobody to say it to.
 * @property {string} say_id As the game's `say` or `play` had it, or made up by the server.
 * @property {string} heard The text that the caller has heard, to the word; empty for a clip.
 * @property {number} seconds How much of it has been played.
 * @property {boolean} interrupted Whether the caller spoke over it.
 * @property {Dropped | null} dropped Why it was not heard to its end, where the caller was not the reason.
 */

/**
 * Why the caller has not heard a saying to its end, where it was not the caller who spoke over it.
 * @typedef {"call_ended" | "cleared" | "expired" | "no_call" | "no_machine" | "queue_full" | "replaced" | "voice_failed"} Dropped
 */

/**
 * The caller has heard that the call is recorded, and from here on it is.
 * @typedef {object} RecordingStarted
 * @property {"recording_started"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} recording_id The name of the recording, where the operator keeps them.
 */

/**
 * The one end of each recording that has started.
 * @typedef {object} RecordingStopped
 * @property {"recording_stopped"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} recording_id
 * @property {"asked" | "call_ended" | "failed"} reason `failed`: it could not be written; an `error` tells why.
 */

/**
 * What a character has said in one go, as far as the caller has heard it.
 * @typedef {object} CharacterSaid
 * @property {"character_said"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} text To the word.
 * @property {boolean} cut_off Whether the caller spoke over it, or it was stopped.
 */

/**
 * A character wants something done. Answer with `action_result`, in the time that the action allows.
 * @typedef {object} ActionAsked
 * @property {"action"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} action_id
 * @property {string} name
 * @property {{[name: string]: any}} arguments As the action's `parameters` want them.
 */

/**
 * The character is not on the phone any more: the game has the caller for itself, unless the call ends.
 * @typedef {object} CharacterEnded
 * @property {"character_ended"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} reason stopped, replaced, hung_up, caller_silent, machine (one has answered), failed, or a limit of the server's: limit_turns, limit_tokens, limit_minutes, limit_characters; of the day, limit_day_turns and so on. There may be others.
 */

/**
 * The caller has gone, or is being sent away: nothing reaches the call any more, but last words may still come.
 * @typedef {object} CallEnding
 * @property {"call_ending"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} reason hung_up, game_hung_up, operator_hung_up, character_hung_up, caller_silent (to a character), machine (a character has met one), character_over (a limit, of one that goes on without its game), character_failed, silent (no audio came any more), deepgram (it cannot be used), malformed, unusable (no telephone audio), failed (an error of ours) or shutdown.
 */

/**
 * The last message of a call: everything that was said in it has come.
 * @typedef {object} CallEnded
 * @property {"call_ended"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {string} call_id Which call. Never used twice.
 * @property {number} player The caller's slot, 1, 2, ...: the same when the same number calls again in time.
 * @property {string} reason hung_up, game_hung_up, operator_hung_up, character_hung_up, caller_silent (to a character), machine (a character has met one), character_over (a limit, of one that goes on without its game), character_failed, silent (no audio came any more), deepgram (it cannot be used), malformed, unusable (no telephone audio), failed (an error of ours) or shutdown.
 * @property {number} seconds How long the call was.
 */

/**
 * No caller can join any more. When no call is left, the connection is closed with 1012: connect again.
 * @typedef {object} ServerStopping
 * @property {"server_stopping"} type
 * @property {number} seq Counts the messages to this game, without a hole.
 * @property {number} seconds How long calls may go on at the most.
 */

/**
 * Something that the game asked for could not be done. All goes on, unless the connection is closed behind it.
 * @typedef {object} ErrorMessage
 * @property {"error"} type
 * @property {number} [seq] Counts the messages to this game, without a hole.
 * @property {string} code For programs: malformed, bad_clip, no_code_free, resume_failed, say_id_in_use, voice_failed, queue_full, vocabulary_refused, no_such_call, dial_refused, bad_character (a line for each fault in it), character_refused (this server cannot play it), character_failed (it goes on after one, unless `character_ended` comes), no_such_action, recording_refused or recording_failed. There may be others.
 * @property {string} message For people: what was wrong, and what is expected.
 * @property {string | null} [in_reply_to] The type of the game's message.
 * @property {string | null} [field] What was wrong in it, such as `words[3]`.
 * @property {string | null} [say_id]
 * @property {string | null} [call_id]
 * @property {number | null} [player]
 * @property {string | null} [dial_id]
 * @property {string | null} [rule] What stands against a `dial`: number, premium, dial_allow, no_room, dial_per_minute, dial_per_game, dial_per_number, dial_at_once, unreachable, no_carrier, full or closing. There may be others.
 */

/**
 * Speaks a text to one caller, several, or all. Gets its `say_finished`, unless its `say_id` is still in use.
 * @typedef {object} Say
 * @property {"say"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 * @property {string | null} [say_id] Comes back in the receipts. The server makes one up where there is none.
 * @property {Priority} [priority] `queue`: behind what waits; `next`: before it; `now`: at once, cutting off what is being said.
 * @property {boolean} [interruptible] Whether it stops when the caller begins to speak.
 * @property {number | null} [start_within] Seconds: dropped (`expired`) where it cannot start by then.
 * @property {boolean} [after_tone] For an answering machine: waits until it records, and `start_within` counts from there. Dropped (`no_machine`) where a person has answered, or has called.
 * @property {string} text
 * @property {string | null} [voice] Name of a voice, such as `espeak:en-gb` or `aura-2-thalia-en`. Otherwise the server's own.
 */

/**
 * Where a saying goes among those that wait for the same caller.
 * @typedef {"next" | "now" | "queue"} Priority
 */

/**
 * Plays a clip of at most 60 s to one caller, several, or all. Receipts as for `say`.
 * @typedef {object} PlayMessage
 * @property {"play"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 * @property {string | null} [say_id] Comes back in the receipts. The server makes one up where there is none.
 * @property {Priority} [priority] `queue`: behind what waits; `next`: before it; `now`: at once, cutting off what is being said.
 * @property {boolean} [interruptible] Whether it stops when the caller begins to speak.
 * @property {number | null} [start_within] Seconds: dropped (`expired`) where it cannot start by then.
 * @property {boolean} [after_tone] For an answering machine: waits until it records, and `start_within` counts from there. Dropped (`no_machine`) where a person has answered, or has called.
 * @property {string} audio Base64 of a WAV (any rate, PCM of 8 to 32 bits, float, mu-law; mono, stereo), or of mu-law.
 * @property {"mulaw" | "wav"} [format] `mulaw`: raw mu-law, 8000 samples a second, one channel.
 */

/**
 * Stops what is being said, and forgets what waits to be said.
 * @typedef {object} Clear
 * @property {"clear"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 */

/**
 * Ends a call, when everything has been said that waits.
 * @typedef {object} HangUp
 * @property {"hangup"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 * @property {boolean} [at_once] Ends it without waiting for that.
 */

/**
 * Words and phrases that callers are likely to say. Replaces the ones before; applies to later calls too.
 * @typedef {object} Vocabulary
 * @property {"vocabulary"} type
 * @property {ReadonlyArray<string>} words Empty: none any more.
 */

/**
 * How many callers the game takes at once: 1 unless it says so. Who is there stays.
 * @typedef {object} Accept
 * @property {"accept"} type
 * @property {number} callers
 */

/**
 * Rings somebody up, in one of the slots that `accept` gives. Answered by `call_status`, or by an `error`.
 * @typedef {object} DialMessage
 * @property {"dial"} type
 * @property {string} to With its country, such as +12025550123 (E.164).
 * @property {string | null} [dial_id] Comes back in each `call_status`, and in the `error`. `call_status` has the `call_id` too, with which `hangup` stops the ringing, and which the call keeps when it is answered (`call_started`).
 * @property {string | InlineCharacter | null} [character] Who talks to whoever answers: as `character`, or the name of a file of the server. Leaves its `message` on an answering machine. Otherwise the one that later callers get, if any.
 */

/**
 * A character. Its `script` may be a whole character file: what that says counts where nothing else is said.
 * @typedef {object} InlineCharacter
 * @property {string} [name] Whose memory it is: who calls again finds it again. Or in `script`.
 * @property {string} [persona] Who it is, what it knows, how it speaks: for a model.
 * @property {string} [script] TOML: `phonegame character format`. Empty: a model.
 * @property {string} [greeting] Said first. Empty: whatever the script or the model says first.
 * @property {string | null} [voice] Name of a voice, as in `say`. Otherwise the server's own.
 * @property {ReadonlyArray<Action>} [actions] What it can have done; `hang_up` is there without being declared.
 * @property {number} [patience] Seconds that who has stopped in the midst of a sentence may take to go on.
 * @property {number} [silence_seconds] Who says nothing for so long is asked; after as long again comes the goodbye. 0: never.
 * @property {string} [silence_prompt] What is asked then. Empty: the script or the model is, each time.
 * @property {string} [goodbye] To a caller who stays silent.
 * @property {string} [filler] Said when a reply takes long. Empty: nothing.
 * @property {string} [excuse] Said when the model fails.
 * @property {string} [message] Left on an answering machine, behind its tone; then the call ends. Empty: it ends at once.
 * @property {ReadonlyArray<string>} [vocabulary] Words and phrases that callers are likely to say to it.
 */

/**
 * Something that the character can have done in the game's world.
 * @typedef {object} Action
 * @property {string} name
 * @property {string} [description] For a model: what it is good for.
 * @property {{[name: string]: any}} [parameters] JSON Schema of an object, without references. Empty: it takes none.
 * @property {number} [seconds] How long its result may take; after that it has failed.
 */

/**
 * Records a call, once the caller has been told so: `recording_started`, or an `error`, comes then.
 * @typedef {object} RecordMessage
 * @property {"record"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 * @property {boolean} [on] False: no more.
 */

/**
 * A character answers the callers, in the place of the one before: those who are there and later ones, until
 * `character_stop`; with `call_id` or `players`, only those. Needs `use`, or `name` and `persona`, or `script`.
 * @typedef {object} CharacterMessage
 * @property {"character"} type
 * @property {string} [name] Whose memory it is: who calls again finds it again. Or in `script`.
 * @property {string} [persona] Who it is, what it knows, how it speaks: for a model.
 * @property {string} [script] TOML: `phonegame character format`. Empty: a model.
 * @property {string} [greeting] Said first. Empty: whatever the script or the model says first.
 * @property {string | null} [voice] Name of a voice, as in `say`. Otherwise the server's own.
 * @property {ReadonlyArray<Action>} [actions] What it can have done; `hang_up` is there without being declared.
 * @property {number} [patience] Seconds that who has stopped in the midst of a sentence may take to go on.
 * @property {number} [silence_seconds] Who says nothing for so long is asked; after as long again comes the goodbye. 0: never.
 * @property {string} [silence_prompt] What is asked then. Empty: the script or the model is, each time.
 * @property {string} [goodbye] To a caller who stays silent.
 * @property {string} [filler] Said when a reply takes long. Empty: nothing.
 * @property {string} [excuse] Said when the model fails.
 * @property {string} [message] Left on an answering machine, behind its tone; then the call ends. Empty: it ends at once.
 * @property {ReadonlyArray<string>} [vocabulary] Words and phrases that callers are likely to say to it.
 * @property {string | null} [use] Name of a character file of the server (PHONEGAME_CHARACTERS), in the place of all else.
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 */

/**
 * The character says no further word, and the callers are the game's again. To all callers: for later ones, too.
 * @typedef {object} CharacterStop
 * @property {"character_stop"} type
 * @property {string | null} [call_id] The one call that is meant. Neither this nor `players`: all callers.
 * @property {ReadonlyArray<number> | null} [players] The slots of the callers that are meant.
 */

/**
 * What has become of an `action`, in the time that it allows: then the character goes on.
 * @typedef {object} ActionResult
 * @property {"action_result"} type
 * @property {string} action_id From the `action`.
 * @property {any} [result] Any JSON, which the character is told. None: that it is done.
 * @property {boolean} [failed] It could not be done; `result` may say why.
 * @property {string | null} [call_id] From the `action`; needed only where several calls have this action_id.
 */

/**
 * Takes a game back whose connection was lost: its code, its calls, and every message that was missed.
 * @typedef {object} Resume
 * @property {"resume"} type
 * @property {string} resume_token From `welcome`.
 * @property {number} last_seq The `seq` of the last message that was received; 0 for none.
 */

/**
 * Is answered by `pong`.
 * @typedef {object} Ping
 * @property {"ping"} type
 * @property {string | number | null} [id] A string or a number; comes back in `pong`.
 */
