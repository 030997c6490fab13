/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Full text: the index of words over the bodies, and asking it. */
#include "store/archive-private.h"

#include "api/error.h"

#include <string.h>

enum { PIECE = 1000, WORDS_MAX = 16, PREFIX_MIN = 3, WIDE = 20000, NEAR = 20000 };

#define HAS_WORDS "body IS NOT NULL AND (flags & 8) = 0"

static bool
one_int(Rows *rows, gint64 *value, GError **error)
{
	if (!rows)
		return false;
	*value = rows_next(rows) ? rows_int(rows, 0) : 0;
	return rows_end(rows, error);
}

static bool
words_up_to(gint64 *up_to, GError **error)
{
	return one_int(store_select(error, "SELECT words_up_to FROM archive_progress", NULL), up_to, error);
}

/* ---- keeping the index ---- */

static bool
write_piece(gint64 up_to, gint64 to, GError **error)
{
	if (!store_begin(error))
		return false;
	if (store_run(error,
		    "INSERT INTO archive_word (docid, body) SELECT id, body FROM archive_message WHERE id > ? AND id <= ? "
		    "AND " HAS_WORDS,
		    "ii", up_to, to) &&
		store_run(error, "UPDATE archive_progress SET words_up_to = ?", "i", to))
		return store_commit(STORE_SOON, error);
	store_rollback();
	return false;
}

bool
words_write(GError **error)
{
	gint64 up_to, newest;
	if (!words_up_to(&up_to, error) ||
		!one_int(store_select(error, "SELECT max(id) FROM archive_message", NULL), &newest, error))
		return false;
	for (; up_to < newest; up_to += PIECE)
		if (!write_piece(up_to, MIN(up_to + PIECE, newest), error))
			return false;
	return true;
}

/* The index reads the old body from the message to know which words to take out: so this comes before the change. */
bool
words_leave(gint64 row, GError **error)
{
	return store_run(error,
		"DELETE FROM archive_word WHERE docid = (SELECT id FROM archive_message WHERE id = ?1 AND " HAS_WORDS
		" AND id <= (SELECT words_up_to FROM archive_progress))",
		"i", row);
}

bool
words_enter(gint64 row, GError **error)
{
	return store_run(error,
		"INSERT INTO archive_word (docid, body) SELECT id, body FROM archive_message WHERE id = ?1 AND " HAS_WORDS
		" AND id <= (SELECT words_up_to FROM archive_progress)",
		"i", row);
}

bool
words_forget(const struct span *span, GError **error)
{
	return store_run(error,
		"DELETE FROM archive_word WHERE docid IN (SELECT id FROM archive_message WHERE " IN_SPAN " AND " HAS_WORDS
		" AND id <= (SELECT words_up_to FROM archive_progress))",
		"iiii", SPAN_VALUES(span));
}

/* The pieces of the index are made into larger ones a little at a time: left alone, the sixteenth piece would do it all at once. */
bool
words_merge(GError **error)
{
	return store_run(error, "INSERT INTO archive_word (archive_word) VALUES ('merge=32,8')", NULL);
}

/* Words that were taken out stay in older pieces of the index until all pieces are made into one. */
bool
words_clean(GError **error)
{
	return store_run(error, "INSERT INTO archive_word (archive_word) VALUES ('optimize')", NULL);
}

/* ---- asking it ---- */

static bool
has_letters(const char *word)
{
	for (; *word; word = g_utf8_next_char(word))
		if (g_unichar_isalnum(g_utf8_get_char(word)))
			return true;
	return false;
}

/* About as the index folds it: this only guides an estimate. */
static char *
fold(const char *word)
{
	g_autofree char *apart = g_utf8_normalize(word, -1, G_NORMALIZE_DEFAULT);
	g_autofree char *small = apart ? g_utf8_strdown(apart, -1) : g_strdup("");
	GString *plain = g_string_new(NULL);
	for (const char *at = small; *at; at = g_utf8_next_char(at))
		if (!g_unichar_ismark(g_utf8_get_char(at)))
			g_string_append_unichar(plain, g_utf8_get_char(at));
	return g_string_free(plain, FALSE);
}

/* So many messages have a word of this beginning that the index would gather them for a second: then only whole words count. */
static bool
is_wide(const char *word)
{
	g_autofree char *from = fold(word);
	g_autofree char *to = g_strconcat(from, "\xf4\x8f\xbf\xbf", NULL);
	g_autoptr(Rows) rows = store_select(
		NULL, "SELECT documents FROM archive_term WHERE term >= ? AND term <= ? AND col = '*'", "ss", from, to);
	gint64 documents = 0;
	while (rows && documents < WIDE && rows_next(rows))
		documents += rows_int(rows, 0);
	return documents >= WIDE;
}

/* Each word as a phrase in quotes, so that nothing in it is an operator. NULL when nothing is left to look for. */
static char *
make_query(const char *words, bool prefixes)
{
	GString *query = g_string_new(NULL);
	g_autofree char *plain = g_strdelimit(g_strdup(words), "\"*", ' ');
	g_auto(GStrv) list = g_strsplit_set(plain, " \t\n", -1);
	int n = 0;
	for (char **word = list; *word && n < WORDS_MAX; word++) {
		if (!has_letters(*word))
			continue;
		bool prefix = prefixes && g_utf8_strlen(*word, -1) >= PREFIX_MIN && !is_wide(*word);
		g_string_append_printf(query, "\"%s%s\" ", *word, prefix ? "*" : "");
		n++;
	}
	return g_string_free(query, n == 0);
}

/* The index knows the order of adding; nearly always that is the order of time. */
static GPtrArray *
ask_index(gint64 conversation, const char *query, guint limit, GError **error)
{
	return messages_from(
		store_select(error,
			SELECT_MESSAGE_OF(
				"archive_word w CROSS JOIN archive_message m ON m.id = w.docid"
				" JOIN archive_conversation c ON c.id = m.conversation ") "WHERE w.archive_word MATCH ? AND ?2 IN "
											  "(0, m.conversation) AND " NOT_HIDDEN
											  " ORDER BY w.docid DESC LIMIT ?",
			"sii", query, conversation, (gint64)limit),
		error);
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
	const Message *x = *(Message *const *)a, *y = *(Message *const *)b;
	if (x->sent_at != y->sent_at)
		return x->sent_at < y->sent_at ? 1 : -1;
	return x->row < y->row ? 1 : x->row > y->row ? -1 : 0;
}

/* What the index cannot answer: signs, parts of words, scripts that put no space between words. Of the newest messages only, since
 * each is read; upper and lower case are one for ASCII. */
static GPtrArray *
ask_messages(gint64 conversation, const char *text, guint limit, GError **error)
{
	GString *pattern = g_string_new("%");
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			g_string_append_c(pattern, '\\');
		g_string_append_c(pattern, *text);
	}
	g_string_append_c(pattern, '%');
	g_autofree char *like = g_string_free(pattern, FALSE);
	return messages_from(
		store_select(error,
			SELECT_MESSAGE "WHERE m.id > (SELECT max(id) FROM archive_message) - ?1 AND ?2 IN (0, m.conversation)"
				       " AND m.body LIKE ?3 ESCAPE '\\' AND " NOT_HIDDEN " ORDER BY m.id DESC LIMIT ?4",
			"iisi", (gint64)NEAR, conversation, like, (gint64)limit),
		error);
}

static GPtrArray *
ask_both(gint64 conversation, const char *words, const char *exact, guint limit, GError **error)
{
	g_autoptr(GPtrArray) found = ask_index(conversation, exact, limit, error);
	if (!found || found->len >= limit)
		return g_steal_pointer(&found);
	g_autofree char *begins = make_query(words, true);
	if (strcmp(exact, begins) == 0)
		return g_steal_pointer(&found);
	return ask_index(conversation, begins, limit, error);
}

/* Exact words first: the index answers them without reading all that match. Beginnings of words only when that was not enough, and
 * any part of the text when there was nothing. */
GPtrArray *
archive_search(gint64 conversation, const char *words, guint limit, GError **error)
{
	g_autofree char *text = g_strstrip(g_strdup(words));
	g_autofree char *exact = make_query(text, false);
	g_autoptr(GPtrArray) found = NULL;
	if (!*text)
		return g_ptr_array_new_with_free_func((GDestroyNotify)message_unref);
	if (!words_write(error) || (exact && !(found = ask_both(conversation, text, exact, limit, error))))
		return NULL;
	if (!found || !found->len) {
		g_clear_pointer(&found, g_ptr_array_unref);
		found = ask_messages(conversation, text, limit, error);
	}
	if (found)
		g_ptr_array_sort(found, newest_first);
	return g_steal_pointer(&found);
}
