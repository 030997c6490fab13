/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: told to the rows that watch their kind, lowest layer first. */
#include "api/event.h"

#include "api/log.h"
#include "base/table.h"

/* The watchers of each kind, gathered anew when the table changed. */
static struct {
	GPtrArray *rows[EVENT_KINDS];
	guint generation;
} index_;

static void
gather(void)
{
	const struct event_watch *row;

	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		g_clear_pointer(&index_.rows[kind], g_ptr_array_unref);
		index_.rows[kind] = g_ptr_array_new();
	}
	for (guint i = 0; (row = table_row(TABLE_EVENTS, i)); i++)
		if ((int)row->kind < EVENT_KINDS)
			g_ptr_array_add(index_.rows[row->kind], (gpointer)row);
	index_.generation = table_generation(TABLE_EVENTS);
}

bool
event_is_watched(enum event_kind kind)
{
	if ((int)kind >= EVENT_KINDS || !table_row(TABLE_EVENTS, 0))
		return false;
	if (index_.generation != table_generation(TABLE_EVENTS))
		gather();
	return index_.rows[kind]->len > 0;
}

void
event_emit(const Event *event)
{
	g_autoptr(GPtrArray) rows = NULL;
	guint generation = table_generation(TABLE_EVENTS);

	if ((int)event->kind >= EVENT_KINDS || !table_row(TABLE_EVENTS, 0))
		return;
	if (index_.generation != generation)
		gather();
	/* A watcher may load or unload plugins, or emit: our own hold on the list outlives that. */
	rows = g_ptr_array_ref(index_.rows[event->kind]);
	for (guint i = 0; i < rows->len; i++) {
		const struct event_watch *row = g_ptr_array_index(rows, i);

		if (generation != table_generation(TABLE_EVENTS) && !table_owner(TABLE_EVENTS, row))
			continue;
		row->look(event);
	}
}

void
alert(const char *account, const char *peer, const char *code, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	log_warning("alert %s %s %s", code, account ? account : "-", peer ? peer : "-");
	event_emit(&(Event){ .kind = EVENT_ALERT, .account = account, .alert = { .code = code, .text = text, .peer = peer } });
}
