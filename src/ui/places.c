/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which chats are open is kept in the store: they are there again after /lock, and after an end that nobody chose. */
#include "ui/places.h"

#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "base/table.h"
#include "ui/window.h"

#define PLACES_MAX 20

static const struct migration migrations[] = {
	{ "window", 1,
		"CREATE TABLE window_open (place INTEGER PRIMARY KEY, account TEXT NOT NULL, peer TEXT NOT NULL,"
		" current INTEGER NOT NULL);" },
	{ 0 },
};

static bool restored; /* before that nothing is kept over what was */
static guint timer;

static bool
write_all(GError **error)
{
	const GPtrArray *all = windows();
	guint kept = 0;
	if (!store_run(error, "DELETE FROM window_open", ""))
		return false;
	for (guint i = 0; i < all->len; i++) {
		const Window *window = all->pdata[i];
		bool current = window == window_current();
		if (!window->conv || (kept >= PLACES_MAX && !current))
			continue;
		kept++;
		if (!store_run(error, "INSERT INTO window_open (place, account, peer, current) VALUES (?, ?, ?, ?)", "issi",
			    (gint64)window->number, window->account, window->peer, (gint64)current))
			return false;
	}
	return true;
}

static void
keep(gpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	timer = 0;
	if (!store_begin(&error)) {
		log_warning("the open chats are not kept: %s", error->message);
		return;
	}
	if (!write_all(&error))
		store_rollback();
	else
		store_commit(STORE_SOON, &error);
	if (error)
		log_warning("the open chats are not kept: %s", error->message);
}

void
places_changed(void)
{
	if (restored && !timer)
		timer = clock_after(0, keep, NULL, NULL);
}

void
places_restore(void)
{
	Rows *rows = store_select(NULL, "SELECT account, peer, current FROM window_open ORDER BY place", "");
	Window *current = NULL;
	for (guint i = 0; rows && i <= PLACES_MAX && rows_next(rows); i++) {
		const char *account = rows_text(rows, 0);
		Conversation *conv = account_find(account) ? convo_find(account, rows_text(rows, 1)) : NULL;
		Window *window = conv ? window_make(conv, true) : NULL;
		/* What is unread was not seen by coming back. */
		if (window && rows_int(rows, 2) && !convo_unread(conv))
			current = window;
	}
	rows_free(rows);
	restored = true;
	if (current && window_current() == window_console())
		window_switch(current);
}

void
places_stop(void)
{
	if (timer) {
		clock_cancel(timer);
		keep(NULL);
	}
	restored = false;
}

void
places_init(void)
{
	table_add(TABLE_MIGRATIONS, migrations, "core");
}
