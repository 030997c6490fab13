/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was cut, the newest last. */
#include "ui/killring.h"

#define KILLS_MAX 16

static GPtrArray *kills;

void
kills_add(const char *piece)
{
	if (!kills)
		kills = g_ptr_array_new_with_free_func(g_free);
	if (kills->len == KILLS_MAX)
		g_ptr_array_remove_index(kills, 0);
	g_ptr_array_add(kills, g_strdup(piece));
}

void
kills_extend(const char *piece, bool in_front)
{
	if (!kills_count()) {
		kills_add(piece);
		return;
	}
	char **top = (char **)&kills->pdata[kills->len - 1];
	g_autofree char *old = *top;
	*top = in_front ? g_strconcat(piece, old, NULL) : g_strconcat(old, piece, NULL);
}

guint
kills_count(void)
{
	return kills ? kills->len : 0;
}

const char *
kills_get(guint at)
{
	return kills->pdata[at];
}
