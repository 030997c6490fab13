/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock: GLib's, or one that stands still until a test turns it. */
#include "base/clock.h"

struct timer_entry {
	guint id;
	gint64 due; /* on the monotonic clock */
	guint source;
	void (*call)(gpointer data);
	gpointer data;
	GDestroyNotify data_free;
};

/* From here on a second does not matter, and waking together with others saves power. */
enum { COARSE_MS = 60 * 1000 };

static GHashTable *timers; /* id -> struct timer_entry */
static guint last_id;
static struct {
	bool on;
	gint64 now, monotonic;
} held;

gint64
clock_now(void)
{
	return held.on ? held.now : g_get_real_time();
}

gint64
clock_monotonic(void)
{
	return held.on ? held.monotonic : g_get_monotonic_time();
}

static void
entry_free(struct timer_entry *entry)
{
	if (entry->source)
		g_source_remove(entry->source);
	if (entry->data_free)
		entry->data_free(entry->data);
	g_free(entry);
}

/* It leaves the list first: the call may start the next one, or cancel this one. */
static void
run(struct timer_entry *entry)
{
	g_hash_table_steal(timers, GUINT_TO_POINTER(entry->id));
	entry->source = 0;
	entry->call(entry->data);
	entry_free(entry);
}

static gboolean
fire(gpointer data)
{
	run(data);
	return G_SOURCE_REMOVE;
}

guint
clock_after(guint ms, void (*call)(gpointer data), gpointer data, GDestroyNotify data_free)
{
	struct timer_entry *entry = g_new0(struct timer_entry, 1);

	if (!timers)
		timers = g_hash_table_new(NULL, NULL);
	do
		entry->id = ++last_id;
	while (entry->id == 0 || g_hash_table_contains(timers, GUINT_TO_POINTER(entry->id)));
	entry->due = clock_monotonic() + (gint64)ms * 1000;
	entry->call = call;
	entry->data = data;
	entry->data_free = data_free;
	g_hash_table_insert(timers, GUINT_TO_POINTER(entry->id), entry);
	if (held.on)
		return entry->id;
	entry->source = ms >= COARSE_MS ? g_timeout_add_seconds((ms + 999) / 1000, fire, entry) : g_timeout_add(ms, fire, entry);
	return entry->id;
}

void
clock_cancel(guint id)
{
	struct timer_entry *entry = timers ? g_hash_table_lookup(timers, GUINT_TO_POINTER(id)) : NULL;

	if (!entry)
		return;
	g_hash_table_steal(timers, GUINT_TO_POINTER(id));
	entry_free(entry);
}

void
clock_hold(gint64 now)
{
	GHashTableIter iter;
	gpointer value;

	held.monotonic = clock_monotonic();
	held.now = now;
	held.on = true;
	if (!timers)
		return;
	g_hash_table_iter_init(&iter, timers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct timer_entry *entry = value;

		if (entry->source)
			g_source_remove(entry->source);
		entry->source = 0;
	}
}

/* The next that is due by then; of two at the same moment the older. */
static struct timer_entry *
next_due(gint64 until)
{
	struct timer_entry *next = NULL;
	GHashTableIter iter;
	gpointer value;

	if (!timers)
		return NULL;
	g_hash_table_iter_init(&iter, timers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct timer_entry *entry = value;

		if (entry->due > until)
			continue;
		if (!next || entry->due < next->due || (entry->due == next->due && entry->id < next->id))
			next = entry;
	}
	return next;
}

static void
move_to(gint64 monotonic)
{
	if (monotonic <= held.monotonic)
		return;
	held.now += monotonic - held.monotonic;
	held.monotonic = monotonic;
}

void
clock_turn(guint ms)
{
	gint64 until = held.monotonic + (gint64)ms * 1000;
	struct timer_entry *entry;

	while ((entry = next_due(until))) {
		move_to(entry->due);
		run(entry);
	}
	move_to(until);
}
