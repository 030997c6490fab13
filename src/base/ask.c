/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions for a person: those that are open, and who waits for their answers. Two that read the same are two: they may be about
 * two calls, and the end of one is no answer to the other. */
#include "api/ask.h"

#include <string.h>

#include "api/error.h"
#include "api/event.h"

struct question {
	guint id;
	char *account, *peer, *text;
	char **choices;
	ask_done done;
	gpointer data;
	GDestroyNotify data_free;
};

static GPtrArray *questions; /* oldest first */
static guint last_id;

static void
question_free(struct question *question)
{
	g_free(question->account);
	g_free(question->peer);
	g_free(question->text);
	g_strfreev(question->choices);
	g_free(question);
}

static void
tell(const struct question *question, const char *answered)
{
	event_emit(&(Event){ .kind = EVENT_ASK,
		.account = question->account,
		.ask = { .id = question->id,
			.text = question->text,
			.choices = (const char *const *)question->choices,
			.answered = answered,
			.peer = question->peer } });
}

static struct question *
find(guint id)
{
	for (guint i = 0; questions && i < questions->len; i++) {
		struct question *question = g_ptr_array_index(questions, i);

		if (question->id == id)
			return question;
	}
	return NULL;
}

guint
ask(const char *account, const char *peer, const char *text, const char *const *choices, ask_done done, gpointer data,
	GDestroyNotify data_free)
{
	struct question *question = g_new0(struct question, 1);
	guint id;

	if (!questions)
		questions = g_ptr_array_new();
	question->id = ++last_id;
	question->account = g_strdup(account);
	question->peer = g_strdup(peer);
	question->text = g_strdup(text);
	question->choices = g_strdupv((char **)choices);
	question->done = done;
	question->data = data;
	question->data_free = data_free;
	id = question->id;
	g_ptr_array_add(questions, question);
	tell(question, NULL);
	return id;
}

/* Takes it off the list first: whoever is told may ask again. */
static void
close_question(struct question *question, const char *choice)
{
	g_ptr_array_remove(questions, question);
	tell(question, choice ? choice : "");
	if (question->done)
		question->done(choice, question->data);
	if (question->data_free)
		question->data_free(question->data);
	question_free(question);
}

/* The whole word in any case, else a beginning that fits one choice only. */
static const char *
choose(char **choices, const char *word)
{
	const char *chosen = NULL;
	int fits = 0;

	for (guint i = 0; choices[i]; i++) {
		if (g_ascii_strcasecmp(choices[i], word) == 0)
			return choices[i];
		if (*word && g_ascii_strncasecmp(choices[i], word, strlen(word)) == 0) {
			chosen = choices[i];
			fits++;
		}
	}
	return fits == 1 ? chosen : NULL;
}

bool
ask_answer(guint id, const char *choice, GError **error)
{
	struct question *question = find(id);
	const char *chosen;

	if (!question)
		return fault(error, FAULT_GONE, "there is no open question %u", id);
	chosen = choose(question->choices, choice);
	if (!chosen) {
		g_autofree char *list = g_strjoinv(", ", question->choices);

		return fault(error, FAULT_INPUT, "\"%s\" is no answer to that question: choose one of %s", choice, list);
	}
	close_question(question, chosen);
	return true;
}

void
ask_withdraw(guint id)
{
	struct question *question = find(id);

	if (question)
		close_question(question, NULL);
}

guint
ask_open(const char *peer, const char *choice)
{
	for (guint i = 0; questions && i < questions->len; i++) {
		const struct question *question = g_ptr_array_index(questions, i);

		if ((!peer || strcmp(question->peer ? question->peer : "", peer) == 0) &&
			(!choice || choose(question->choices, choice)))
			return question->id;
	}
	return 0;
}
