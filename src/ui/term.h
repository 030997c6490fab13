/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From bytes of the terminal to keys: "a", "é", "Enter", "C-a", "M-x", "PageUp", "C-Left", "Paste". */
#pragma once

#include "api/error.h"

/* A key: its name; for printable ones and pastes also the text. */
typedef void (*term_key)(const char *name, const char *text, gpointer data);

/* The decoder alone: feed it bytes as they come, broken anywhere. */
typedef struct Decoder Decoder;
Decoder *decoder_new(term_key key, gpointer data);
void decoder_free(Decoder *decoder);
void decoder_feed(Decoder *decoder, const char *bytes, size_t length);
bool decoder_waits(const Decoder *decoder); /* inside a sequence or a paste */
/* An answer of the terminal begins as Alt+_ does: it is told apart only while one is due. Answers come as the key "Answer". */
void decoder_expect_answers(Decoder *decoder, bool expect);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decoder, decoder_free)

struct term_calls {
	term_key key;
	void (*resized)(void);
	void (*focus)(bool has_it);
	void (*hangup)(void); /* the program is told to end: save what is being written */
	void (*lost)(void);   /* the input has ended and no signal said so */
};
/* From here on nothing that is typed is shown, until sotto ends: a passphrase may be typed before anybody asks for it. */
void term_hush(void);
/* And also when the screen is given back: the program is going to execute itself again. */
void term_stay_hushed(void);
/* What was typed and not read yet is lost. */
void term_forget_typed(void);
/* Takes the terminal: screen, modes, signals, input. */
bool term_start(const struct term_calls *calls, GError **error);
void term_stop(void);
void term_suspend(void); /* until the shell lets us go on */
/* Another program has it in between. */
void term_give_away(void);
void term_take_back(void);
void term_bidi(void);                  /* ui.bidi has changed */
void term_expect_answers(bool expect); /* it was asked something, or has answered all */
/* False while the terminal does not take output: draw later. */
bool term_writable(void);
