/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions that wait for an answer, as they stand in the windows. */
#include "ui/questions.h"

#include <string.h>

#include "api/ask.h"
#include "ui/front.h"
#include "ui/layout.h"

struct question {
	guint id;
	guint window;
	bool plain; /* about no account and no chat: Enter alone answers it */
	char **choices;
	char *text, *words, *elsewhere; /* the last: in the bar of other windows */
};

static GPtrArray *questions;

static void
question_free(gpointer data)
{
	struct question *question = data;
	g_strfreev(question->choices);
	g_free(question->text);
	g_free(question->words);
	g_free(question->elsewhere);
	g_free(question);
}

/* In the window where the person is, and where it was asked: an answer that went astray is seen at once. */
static void
tell_answer(const struct question *question, const char *answer)
{
	Window *asked = window_number(question->window), *here = window_current();
	/* Its first sentence names it. */
	const char *rest = strpbrk(question->text, "?\n");
	int length = rest ? (int)(rest - question->text) : (int)strlen(question->text);
	g_autofree char *text = g_strdup_printf("answered: %.*s - %s", length, question->text, answer);
	feed_text(here, LINE_EVENT, text, false);
	if (asked && asked != here && here->view)
		feed_text(asked, LINE_EVENT, text, false);
}

static void
end_question(guint id, const char *answer)
{
	for (guint i = 0; i < questions->len; i++) {
		struct question *question = questions->pdata[i];
		if (question->id != id)
			continue;
		if (*answer)
			tell_answer(question, answer);
		g_ptr_array_remove_index(questions, i);
		layout_dirty(PART_STATUS);
		return;
	}
}

static char *
how_to_answer(const struct question *question)
{
	if (g_strv_length(question->choices) == 2) {
		g_autofree char *joined = g_strjoinv(" or /", question->choices);
		return g_strdup_printf("answer with /%s", joined);
	}
	g_autofree char *others = g_strjoinv(", ", question->choices + 1);
	return g_strdup_printf("answer with /choose %s, or one of %s%s%s", question->choices[0], others,
		question->plain ? "; Enter alone says " : "", question->plain ? question->choices[0] : "");
}

static void
on_ask(const Event *event)
{
	if (event->ask.answered) {
		end_question(event->ask.id, event->ask.answered);
		return;
	}
	Window *window = feed_line_runs() ? window_current() : feed_window(event->account, event->ask.peer);
	if (!window->view)
		window = window_console();
	struct question *question = g_new0(struct question, 1);
	question->id = event->ask.id;
	question->window = window->number;
	question->choices = g_strdupv((char **)event->ask.choices);
	question->plain = !event->account && !event->ask.peer;
	question->text = g_strdup(event->ask.text);
	g_autofree char *joined = g_strjoinv(" or /", question->choices);
	question->words = g_strdup_printf("? /%s", joined);
	question->elsewhere = g_strdup_printf("? %u", window->number);
	g_ptr_array_add(questions, question);
	g_autofree char *how = how_to_answer(question);
	g_autofree char *text = g_strdup_printf("%s\n%s", event->ask.text, how);
	feed_text(window, LINE_ASK, text, false);
	window_raise(window, ACTIVITY_ALERT);
	layout_dirty(PART_STATUS);
	if (window != window_current() || !front_has_focus())
		notice_alert();
}

const char *
questions_words(const Window *window, const char **text)
{
	const struct question *shown = NULL;
	for (guint i = 0; questions && i < questions->len; i++) {
		const struct question *question = questions->pdata[i];
		if (!shown || (shown->window != window->number && question->window == window->number))
			shown = question;
	}
	if (!shown)
		return NULL;
	*text = shown->text;
	return shown->window == window->number ? shown->words : shown->elsewhere;
}

bool
questions_answer(const Window *window, const char *choice)
{
	for (guint i = 0; i < questions->len; i++) {
		const struct question *question = questions->pdata[i];
		if (question->window != window->number)
			continue;
		for (char **at = question->choices; *at; at++)
			if (!g_ascii_strcasecmp(*at, choice)) {
				g_autofree char *answer = g_strdup(*at);
				return ask_answer(question->id, answer, NULL);
			}
	}
	return false;
}

void
questions_answer_plain(const Window *window)
{
	for (guint i = 0; i < questions->len; i++) {
		const struct question *question = questions->pdata[i];
		if (question->window == window->number && question->plain) {
			g_autofree char *answer = g_strdup(question->choices[0]);
			ask_answer(question->id, answer, NULL);
			return;
		}
	}
}

void
questions_start(void)
{
	questions = g_ptr_array_new_with_free_func(question_free);
}

void
questions_stop(void)
{
	g_clear_pointer(&questions, g_ptr_array_unref);
}

const struct event_watch questions_rows[] = {
	{ "windows", EVENT_ASK, on_ask },
	{ 0 },
};
