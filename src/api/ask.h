/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions for a person. Nothing waits in the program: the answer is a call back. */
#pragma once

#include "public.h"

/* choice is one of the choices given, or NULL when the question was withdrawn. */
typedef void (*ask_done)(const char *choice, gpointer data);

/* choices: NULL-terminated, the first is the safe one. Returns the question's id, its own also where
 * the same is asked twice: who asks again in place of what is open withdraws that first. */
PUBLIC guint ask(const char *account, const char *peer, const char *text, const char *const *choices, ask_done done, gpointer data,
	GDestroyNotify data_free);
PUBLIC bool ask_answer(guint id, const char *choice, GError **error);
PUBLIC void ask_withdraw(guint id);
/* The oldest open question (of peer, of nobody if "", any if NULL) that has this choice (or any): 0 if none. */
PUBLIC guint ask_open(const char *peer, const char *choice);
