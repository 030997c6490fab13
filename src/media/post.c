/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An idle source per letter: they run in the order in which they were posted. */
#include "media/post.h"

struct letter {
	void (*what)(gpointer data);
	gpointer data;
	GDestroyNotify done;
};

static gboolean
read_letter(gpointer data)
{
	struct letter *letter = data;

	letter->what(letter->data);
	return G_SOURCE_REMOVE;
}

static void
burn_letter(gpointer data)
{
	struct letter *letter = data;

	if (letter->done)
		letter->done(letter->data);
	g_free(letter);
}

void
post(void (*what)(gpointer data), gpointer data, GDestroyNotify done)
{
	struct letter *letter = g_new0(struct letter, 1);

	*letter = (struct letter){ what, data, done };
	g_idle_add_full(G_PRIORITY_DEFAULT, read_letter, letter, burn_letter);
}
