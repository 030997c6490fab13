/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the two indexes of the archive are written: in a calm second, or when much has gathered. */
#include "store/archive-private.h"

#include "api/log.h"
#include "api/timer.h"
#include "store/db.h"

/* A piece of the index of words costs about 30 µs a message: 512 of them are hardly felt at a key press. */
enum { CALM_MS = 1000, MANY = 512, PAUSE_MS = 10 };

static guint timer, added;

static void schedule(guint ms);

static void
write_behind(gpointer data)
{
	g_autoptr(GError) error = NULL;
	bool more = false;
	(void)data;
	timer = 0;
	added = 0;
	/* Locked meanwhile, or the disk is full: the progress is in the store, the next time goes on from there. */
	if (!store_is_open() || !db_is_healthy())
		return;
	/* Each for itself: a damaged index of words must not keep the ids in memory for ever. */
	if (!words_write(&error) || !words_merge(&error))
		log_warning("archive: the index of words waits: %s", error->message);
	g_clear_error(&error);
	if (!ids_write_some(&more, &error))
		log_warning("archive: the index of ids waits: %s", error->message);
	if (more)
		schedule(PAUSE_MS);
}

static void
schedule(guint ms)
{
	if (timer)
		clock_cancel(timer);
	timer = clock_after(ms, write_behind, NULL, NULL);
}

void
behind_note_added(void)
{
	added++;
	if (added == MANY)
		schedule(0);
	else if (!timer)
		schedule(CALM_MS);
}
