/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat/holes.h"

#include "account/account.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "chat/outbox.h"

/* ---- in the store ---- */

GPtrArray *
holes_read(const char *account)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *gaps = archive_gaps(account, &error);

	if (!gaps) {
		log_warning("%s: holes in the history cannot be read: %s", account, error->message);
		return g_ptr_array_new_with_free_func((GDestroyNotify)gap_free);
	}
	for (guint i = gaps->len; i-- > 0;)
		if (!((Gap *)g_ptr_array_index(gaps, i))->after_id)
			g_ptr_array_remove_index(gaps, i);
	return gaps;
}

Gap *
holes_open(const GPtrArray *gaps)
{
	for (guint i = 0; i < gaps->len; i++)
		if (!((Gap *)g_ptr_array_index(gaps, i))->before_id)
			return g_ptr_array_index(gaps, i);
	return NULL;
}

static bool
write_change(const char *account, const Gap *old, const Gap *now, GError **error)
{
	if (!store_begin(error))
		return false;
	if ((!old || archive_gap_remove(old->row, error)) &&
		(!now || archive_gap_add(account, now->after_id, now->before_id, now->at, error)))
		return store_commit(STORE_SOON, error);
	store_rollback();
	return false;
}

bool
holes_change(const char *account, const Gap *old, const Gap *now)
{
	g_autoptr(GError) error = NULL;

	if (write_change(account, old, now, &error))
		return true;
	log_warning("%s: a hole in the history is not kept: %s", account, error->message);
	return false;
}

/* ---- how far the archive is known ---- */

#define KNOWN_KEY "archive known up to"

/* "TIME ID", of messages that may be forgotten or pruned by now: they must not come back from the server. */
static char *
remembered(const char *account, gint64 *at)
{
	g_autofree char *value = memory_get(account, KNOWN_KEY);
	char *id = NULL;

	*at = value ? g_ascii_strtoll(value, &id, 10) : G_MININT64;
	return id && *id == ' ' ? g_strdup(id + 1) : NULL;
}

char *
holes_known_up_to(const char *account)
{
	gint64 kept_at = G_MININT64, at;
	g_autofree char *kept = archive_stanza_id_before(account, G_MAXINT64, &kept_at, NULL), *known = remembered(account, &at);

	if (known && (!kept || at > kept_at))
		return g_steal_pointer(&known);
	return g_steal_pointer(&kept);
}

void
holes_remember(const char *account)
{
	gint64 kept_at = G_MININT64, at;
	g_autofree char *kept = archive_stanza_id_before(account, G_MAXINT64, &kept_at, NULL), *known = remembered(account, &at);
	g_autofree char *value =
		kept && (!known || kept_at > at) ? g_strdup_printf("%" G_GINT64_FORMAT " %s", kept_at, kept) : NULL;

	if (value)
		memory_put(account, KNOWN_KEY, value);
}

/* ---- marking ---- */

/* What the server kept for us may be stamped earlier than now: the hole begins behind what we have, unless a clock ran ahead. */
static bool
mark(const char *account, const char *after)
{
	gint64 last = archive_last_at(account), now = clock_now();

	return !after || holes_change(account, NULL, &(Gap){ .after_id = (char *)after, .at = last < now ? last + 1 : now });
}

/* What may or may not have reached the server is looked for from before it was written. */
static bool
mark_doubt(const char *account)
{
	gint64 row = outbox_oldest_doubt(account);
	g_autofree char *after = row ? archive_stanza_id_before(account, row, NULL, NULL) : NULL;

	return mark(account, after);
}

static bool
mark_newest(const char *account)
{
	g_autoptr(GPtrArray) gaps = holes_read(account);
	g_autofree char *newest = holes_known_up_to(account);

	return holes_open(gaps) || mark(account, newest);
}

bool
holes_mark(const char *account, const char *lost_after)
{
	return mark_doubt(account) && mark(account, lost_after) && mark_newest(account);
}
