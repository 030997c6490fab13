/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines that were written before in a window, the newest last. */
#include "ui/recall.h"

#include <string.h>

#define LINES_MAX 200

struct Recall {
	GPtrArray *lines;
	guint at;      /* the one that is shown; lines->len: the one that is being written */
	char *written; /* that one while another is shown */
	guint search_at;
};

Recall *
recall_new(void)
{
	Recall *recall = g_new0(Recall, 1);
	recall->lines = g_ptr_array_new_with_free_func(g_free);
	return recall;
}

void
recall_free(Recall *recall)
{
	g_ptr_array_unref(recall->lines);
	g_free(recall->written);
	g_free(recall);
}

void
recall_add(Recall *recall, const char *text)
{
	GPtrArray *lines = recall->lines;
	bool repeated = lines->len && !strcmp(lines->pdata[lines->len - 1], text);
	if (*text && !repeated) {
		if (lines->len == LINES_MAX)
			g_ptr_array_remove_index(lines, 0);
		g_ptr_array_add(lines, g_strdup(text));
	}
	recall->at = lines->len;
	g_clear_pointer(&recall->written, g_free);
}

static const char *
show(Recall *recall, guint at)
{
	recall->at = at;
	if (at < recall->lines->len)
		return recall->lines->pdata[at];
	return recall->written ? recall->written : "";
}

static void
keep(Recall *recall, const char *written)
{
	if (recall->at < recall->lines->len)
		return;
	g_free(recall->written);
	recall->written = g_strdup(written);
}

const char *
recall_older(Recall *recall, const char *written)
{
	if (!recall->at)
		return NULL;
	keep(recall, written);
	return show(recall, recall->at - 1);
}

const char *
recall_newer(Recall *recall)
{
	return recall->at < recall->lines->len ? show(recall, recall->at + 1) : NULL;
}

const char *
recall_written(Recall *recall, const char *written)
{
	keep(recall, written);
	return show(recall, recall->lines->len);
}

void
recall_search_anew(Recall *recall)
{
	recall->search_at = recall->lines->len;
}

const char *
recall_search(Recall *recall, const char *piece, const char *written)
{
	for (guint i = recall->search_at; *piece && i > 0; i--)
		if (strstr(recall->lines->pdata[i - 1], piece)) {
			recall->search_at = i - 1;
			keep(recall, written);
			return show(recall, i - 1);
		}
	return NULL;
}
