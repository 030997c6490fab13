/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The archive and the outbox table. */
#define _GNU_SOURCE
#include "api/error.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "fake/place.h"
#include "store/archive.h"
#include "store/db-private.h"
#include "store/history.h"
#include "store/outbox-table.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#define ME "me@home.example"
#define BOB "bob@away.example"

static char *folder;
static gint64 now = 1700000000000000;

static int
set_up(void **state)
{
	(void)state;
	secret_init(NULL);
	folder = place_new();
	if (!table_find(TABLE_MIGRATIONS, "archive"))
		store_init();
	clock_hold(now);
	place_store(folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close();
	place_remove(g_steal_pointer(&folder));
	return 0;
}

static Message *
new_message(const char *peer, enum message_direction direction, const char *body, gint64 sent_at)
{
	static int number;
	Message *message = g_new0(Message, 1);
	message->refs = 1;
	message->account = g_strdup(ME);
	message->conversation = g_strdup(peer);
	message->from = g_strdup(direction == MESSAGE_OUT ? ME : peer);
	message->direction = direction;
	message->body = g_strdup(body);
	message->sent_at = sent_at;
	message->wire_id = g_strdup_printf("wire-%d", ++number);
	message->stanza_id = g_strdup_printf("stanza-%d", number);
	return message;
}

static Message *
add(const char *peer, enum message_direction direction, const char *body, gint64 sent_at)
{
	g_autoptr(GError) error = NULL;
	Message *message = new_message(peer, direction, body, sent_at);
	if (!archive_add(message, &error))
		fail_msg("%s", error->message);
	return message;
}

static void
put(const char *peer, enum message_direction direction, const char *body, gint64 sent_at)
{
	g_autoptr(Message) message = add(peer, direction, body, sent_at);
	assert_true(message->row > 0);
}

static gint64
bob(void)
{
	return archive_conversation(ME, BOB, NULL);
}

/* The bodies, joined by commas. */
static char *
bodies(GPtrArray *page)
{
	GString *text = g_string_new(NULL);
	assert_non_null(page);
	for (guint i = 0; i < page->len; i++) {
		const Message *message = page->pdata[i];
		g_string_append_printf(text, "%s%s", i ? "," : "", message->body);
	}
	g_ptr_array_unref(page);
	return g_string_free(text, FALSE);
}

#define assert_bodies(page, wanted)                          \
	do {                                                 \
		g_autofree char *bodies_seen = bodies(page); \
		assert_string_equal(bodies_seen, wanted);    \
	} while (0)

static const ArchivedConversation *
conversation(GPtrArray **list)
{
	if (*list)
		g_ptr_array_unref(*list);
	*list = archive_conversations(ME, NULL);
	for (guint i = 0; i < (*list)->len; i++) {
		const ArchivedConversation *conv = (*list)->pdata[i];
		if (g_str_equal(conv->peer, BOB))
			return conv;
	}
	return NULL;
}

static void
everything_of_a_message_comes_back(void **state)
{
	(void)state;
	g_autoptr(Message) message = new_message(BOB, MESSAGE_IN, "exact \xe2\x80\xae text\n", 77);
	message->from = (g_free(message->from), g_strdup("bob@away.example/full"));
	message->origin_id = g_strdup("origin");
	message->replaces = g_strdup("other");
	message->reason = g_strdup("because");
	message->seal = g_strdup("method");
	message->device = 4000000000u;
	message->trust = TRUST_VERIFIED;
	message->kind = MESSAGE_PRIVATE;
	message->origin = MESSAGE_ARCHIVE;
	message->state = MESSAGE_READ;
	message->edited = message->wants_receipt = message->wants_marker = true;
	assert_true(archive_add(message, NULL));
	g_autoptr(Message) copy = archive_get(message->row, NULL);
	assert_string_equal(copy->id, message->id);
	assert_string_equal(copy->account, ME);
	assert_string_equal(copy->conversation, BOB);
	assert_string_equal(copy->from, "bob@away.example/full");
	assert_string_equal(copy->body, message->body);
	assert_string_equal(copy->origin_id, "origin");
	assert_string_equal(copy->wire_id, message->wire_id);
	assert_string_equal(copy->stanza_id, message->stanza_id);
	assert_string_equal(copy->replaces, "other");
	assert_string_equal(copy->reason, "because");
	assert_string_equal(copy->seal, "method");
	assert_true(copy->device == 4000000000u && copy->trust == TRUST_VERIFIED && copy->kind == MESSAGE_PRIVATE);
	assert_true(copy->origin == MESSAGE_ARCHIVE && copy->state == MESSAGE_READ && copy->sent_at == 77);
	assert_true(copy->edited && copy->wants_receipt && copy->wants_marker && !copy->hidden && !copy->notice);
	g_autoptr(Message) same = archive_find_id(message->id, NULL);
	assert_true(same->row == message->row);
	assert_null(archive_find_id("m", NULL));
	assert_null(archive_find_id("m12x", NULL));
	assert_null(archive_find_id("m999", NULL));
	assert_null(archive_find_id("nonsense", NULL));
	assert_null(archive_find_id("m99999999999999999999999999", NULL));
}

static void
pages_go_by_time_and_row(void **state)
{
	(void)state;
	put(BOB, MESSAGE_IN, "3", 30);
	put(BOB, MESSAGE_IN, "1", 10);
	put(BOB, MESSAGE_OUT, "2a", 20);
	put(BOB, MESSAGE_IN, "2b", 20);
	put("other@away.example", MESSAGE_IN, "not this", 25);
	g_autoptr(Message) hidden = new_message(BOB, MESSAGE_IN, "hidden", 28);
	hidden->hidden = true;
	assert_true(archive_add(hidden, NULL));
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 10, NULL), "1,2a,2b,3");
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 2, NULL), "2b,3");
	assert_bodies(archive_page(bob(), 20, 4, 10, NULL), "1,2a");
	assert_bodies(archive_page_after(bob(), 20, 3, 10, NULL), "2b,3");
	assert_bodies(archive_page_after(bob(), 0, 0, 2, NULL), "1,2a");
	g_autoptr(Message) last = archive_last_sent(ME, BOB, NULL);
	assert_string_equal(last->body, "2a");
	assert_null(archive_last_sent(ME, "nobody@away.example", NULL));
}

/* Before and after the ids went from memory to disk, and after a restart. */
static void
a_message_is_found_by_its_ids(void **state)
{
	(void)state;
	g_autoptr(Message) first = add(BOB, MESSAGE_IN, "first", 1);
	g_autofree char *wire = g_strdup(first->wire_id);
	g_autofree char *stanza = g_strdup(first->stanza_id);
	for (int round = 0; round < 3; round++) {
		g_autoptr(Message) by_wire = archive_find_wire_id(ME, BOB, wire, MESSAGE_IN, NULL);
		assert_true(by_wire && by_wire->row == first->row);
		g_autoptr(Message) by_stanza = archive_find_stanza_id(ME, BOB, stanza, NULL);
		assert_true(by_stanza && by_stanza->row == first->row);
		assert_null(archive_find_wire_id(ME, BOB, wire, MESSAGE_OUT, NULL));
		assert_null(archive_find_wire_id(ME, "other@away.example", wire, MESSAGE_IN, NULL));
		assert_null(archive_find_stanza_id(ME, BOB, wire, NULL));
		if (round == 0) {
			for (int i = 0; i < 9000; i++)
				put(BOB, MESSAGE_IN, "more", 2 + i);
			for (int i = 0; i < 60; i++)
				clock_turn(50);
			Rows *rows = store_select(NULL, "SELECT count(*) FROM archive_id", NULL);
			assert_true(rows_next(rows) && rows_int(rows, 0) > 16000);
			rows_end(rows, NULL);
		} else {
			db_close();
			place_store(folder);
		}
	}
	/* An id that comes later is found both for old and for new rows. */
	g_autoptr(Message) newest = add(BOB, MESSAGE_OUT, "newest", 9000);
	Message *const both[] = { first, newest };
	for (int i = 0; i < 2; i++) {
		g_free(both[i]->stanza_id);
		both[i]->stanza_id = g_strdup_printf("late-%d", i);
		assert_true(archive_set_state(both[i], NULL));
		g_autoptr(Message) late = archive_find_stanza_id(ME, BOB, both[i]->stanza_id, NULL);
		assert_true(late && late->row == both[i]->row);
	}
	assert_null(archive_find_stanza_id(ME, BOB, stanza, NULL));
}

static void
an_undone_message_is_not_found(void **state)
{
	(void)state;
	g_autoptr(Message) message = new_message(BOB, MESSAGE_IN, "gone", 1);
	assert_true(store_begin(NULL));
	assert_true(archive_add(message, NULL));
	store_rollback();
	assert_null(archive_find_stanza_id(ME, BOB, message->stanza_id, NULL));
	assert_null(archive_get(message->row, NULL));
	/* Its conversation was undone too and is made again. */
	put(BOB, MESSAGE_IN, "kept", 2);
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 10, NULL), "kept");
	g_autoptr(Message) again = new_message(BOB, MESSAGE_IN, "again", 3);
	g_free(again->stanza_id);
	again->stanza_id = g_strdup(message->stanza_id);
	assert_true(archive_add(again, NULL));
	g_autoptr(Message) found = archive_find_stanza_id(ME, BOB, again->stanza_id, NULL);
	assert_string_equal(found->body, "again");
}

static void
unread_and_newest_are_kept_without_counting(void **state)
{
	(void)state;
	g_autoptr(GPtrArray) list = NULL;
	put(BOB, MESSAGE_IN, "1", 10);
	put(BOB, MESSAGE_IN, "2", 20);
	put(BOB, MESSAGE_OUT, "mine", 25);
	g_autoptr(Message) note = new_message(BOB, MESSAGE_IN, "note", 26);
	note->notice = true;
	assert_true(archive_add(note, NULL));
	assert_int_equal(conversation(&list)->unread, 2);
	assert_int_equal(conversation(&list)->last_at, 26);
	assert_true(archive_set_read(bob(), 10, NULL));
	assert_int_equal(conversation(&list)->unread, 1);
	assert_true(archive_set_read(bob(), 20, NULL));
	assert_int_equal(conversation(&list)->unread, 0);
	assert_true(archive_set_read(bob(), 5, NULL));
	assert_int_equal(conversation(&list)->read_up_to, 20);
	assert_int_equal(conversation(&list)->unread, 0);
	put(BOB, MESSAGE_IN, "from the archive, read elsewhere long ago", 15);
	assert_int_equal(conversation(&list)->unread, 0);
	put(BOB, MESSAGE_IN, "new", 30);
	assert_int_equal(conversation(&list)->unread, 1);
	assert_true(archive_set_seal(bob(), 1, "method", NULL));
	assert_true(archive_set_draft(bob(), "half a sen", NULL));
	db_close();
	place_store(folder);
	const ArchivedConversation *conv = conversation(&list);
	assert_int_equal(conv->seal, 1);
	assert_string_equal(conv->seal_provider, "method");
	assert_string_equal(conv->draft, "half a sen");
	assert_int_equal(conv->unread, 1);
	assert_int_equal(archive_conversations("nobody@home.example", NULL)->len, 0);
}

static void
search_finds_words_newest_first(void **state)
{
	(void)state;
	put(BOB, MESSAGE_IN, "The quick brown fox", 10);
	put(BOB, MESSAGE_OUT, "a quicker answer", 20);
	put("carol@away.example", MESSAGE_IN, "quick: caf\xc3\xa9 \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", 30);
	put(BOB, MESSAGE_IN, "an older one that came late, quick", 5);
	assert_bodies(archive_search(bob(), "quick", 2, NULL), "The quick brown fox,an older one that came late, quick");
	assert_bodies(archive_search(bob(), "quick fox", 10, NULL), "The quick brown fox");
	assert_bodies(archive_search(bob(), "QUICK", 10, NULL),
		"a quicker answer,The quick brown fox,an older one that came late, quick");
	assert_bodies(archive_search(0, "cafe", 10, NULL), "quick: caf\xc3\xa9 \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	assert_bodies(archive_search(0, "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2", 10, NULL),
		"quick: caf\xc3\xa9 \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	put(BOB, MESSAGE_IN, "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c 100%_sure \xf0\x9f\x98\x80", 40);
	static const char *const parts[] = { "\xe4\xb8\x96\xe7\x95\x8c", "100%_s", "0%_SURE", "\xf0\x9f\x98\x80", "%_" };
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		assert_bodies(archive_search(0, parts[i], 10, NULL),
			"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c 100%_sure \xf0\x9f\x98\x80");
	assert_bodies(archive_search(0, "1__%", 10, NULL), "");
	/* Whatever is typed is words, never an operator or an error. */
	static const char *const odd[] = { "", " ", "\"", "\"\"\"", "*", "quick OR", "NOT quick", "body:quick", "(quick", "quick)",
		"-quick", "NEAR/2", "quick NEAR fox", "'; DROP TABLE archive_message", "%", "\xf0\x9f\x98\x80" };
	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) found = archive_search(0, odd[i], 10, &error);
		if (!found)
			fail_msg("%s: %s", odd[i], error->message);
	}
}

static void
search_follows_corrections_and_late_opening(void **state)
{
	(void)state;
	for (int indexed = 0; indexed < 2; indexed++) {
		g_autofree char *wrong = g_strdup_printf("wrongly%d", indexed);
		g_autofree char *right = g_strdup_printf("rightly%d", indexed);
		g_autofree char *opened = g_strdup_printf("opened%d", indexed);
		g_autoptr(Message) message = add(BOB, MESSAGE_IN, wrong, 10);
		g_autoptr(Message) closed = add(BOB, MESSAGE_IN, NULL, 11);
		if (indexed)
			clock_turn(1000);
		g_free(message->body);
		message->body = g_strdup(right);
		message->edited = true;
		assert_true(archive_correct(message, wrong, NULL));
		g_free(closed->body);
		closed->body = g_strdup(opened);
		assert_true(archive_set_opened(closed, NULL));
		assert_bodies(archive_search(0, wrong, 10, NULL), "");
		assert_bodies(archive_search(0, right, 10, NULL), right);
		assert_bodies(archive_search(0, opened, 10, NULL), opened);
		g_autoptr(GPtrArray) old = archive_old_bodies(message->row, NULL);
		assert_int_equal(old->len, 1);
		assert_string_equal(old->pdata[0], wrong);
		message->hidden = true;
		assert_true(archive_set_opened(message, NULL));
		assert_bodies(archive_search(0, right, 10, NULL), "");
	}
}

static void
what_was_forgotten_is_nowhere_but_the_seal_is_kept(void **state)
{
	(void)state;
	g_autoptr(GPtrArray) list = NULL;
	put("carol@away.example", MESSAGE_IN, "stays", 5);
	g_autoptr(Message) message = add(BOB, MESSAGE_OUT, "MARKERWORD", 10);
	assert_true(archive_correct(message, "MARKERBEFORE", NULL));
	assert_true(outbox_table_add(ME, message->row, NULL) > 0);
	assert_true(archive_set_seal(bob(), 1, "method", NULL));
	assert_true(archive_set_draft(bob(), "MARKERDRAFT", NULL));
	clock_turn(1000);
	assert_true(archive_forget(bob(), NULL));
	assert_int_equal(archive_page(bob(), G_MAXINT64, 0, 10, NULL)->len, 0);
	assert_bodies(archive_search(0, "markerword", 10, NULL), "");
	assert_bodies(archive_search(0, "stays", 10, NULL), "stays");
	assert_null(archive_find_stanza_id(ME, BOB, message->stanza_id, NULL));
	assert_int_equal(outbox_table_list(ME, NULL)->len, 0);
	const ArchivedConversation *conv = conversation(&list);
	assert_int_equal(conv->seal, 1);
	assert_null(conv->draft);
	assert_int_equal(conv->unread, 0);
	/* Also not for somebody who has the key: a readable copy of the file holds none of it. */
	g_autofree char *copy = g_build_filename(folder, "plain.db", NULL);
	g_autofree char *attach = g_strdup_printf("ATTACH DATABASE '%s' AS plain KEY ''", copy);
	g_autofree char *bytes = NULL;
	gsize length;
	g_autoptr(GError) error = NULL;
	db_flush();
	assert_true(g_file_set_contents(copy, "", 0, NULL));
	if (!db_exec(attach, "copy", &error))
		fail_msg("%s", error->message);
	assert_true(db_exec("SELECT sqlcipher_export('plain')", "copy", NULL));
	assert_true(db_exec("DETACH DATABASE plain", "copy", NULL));
	assert_true(g_file_get_contents(copy, &bytes, &length, NULL));
	assert_non_null(memmem(bytes, length, "stays", 5));
	assert_null(memmem(bytes, length, "MARKER", 6));
	assert_null(memmem(bytes, length, "marker", 6));
}

static void
turn_until_pruned(void)
{
	for (int i = 0; i < 100; i++)
		clock_turn(20);
}

static void
old_messages_go_by_age_and_what_waits_is_spared(void **state)
{
	(void)state;
	const gint64 day = 24 * 60 * 60 * G_GINT64_CONSTANT(1000000);
	const gint64 today = clock_now();
	g_autoptr(GPtrArray) list = NULL;
	for (int i = 0; i < 1000; i++)
		put(i % 2 ? BOB : "carol@away.example", MESSAGE_IN, "ancient", today - 40 * day + i / 10);
	g_autoptr(Message) waiting = add(BOB, MESSAGE_OUT, "waiting", today - 39 * day);
	assert_true(outbox_table_add(ME, waiting->row, NULL) > 0);
	put(BOB, MESSAGE_IN, "recent", today - day);
	clock_turn(1000);
	store_set.keep = 0;
	history_prune();
	turn_until_pruned();
	assert_int_equal(archive_page(bob(), G_MAXINT64, 0, 1000, NULL)->len, 502);
	store_set.keep = 4;
	history_prune();
	turn_until_pruned();
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 10, NULL), "waiting,recent");
	assert_bodies(archive_search(0, "ancient", 10, NULL), "");
	assert_bodies(archive_search(0, "waiting", 10, NULL), "waiting");
	assert_int_equal(conversation(&list)->unread, 1);
	assert_int_equal(outbox_table_list(ME, NULL)->len, 1);
	Rows *rows = store_select(NULL, "SELECT count(*) FROM archive_message", NULL);
	assert_true(rows_next(rows) && rows_int(rows, 0) == 2);
	rows_end(rows, NULL);
	/* Once a day it is looked again. */
	put(BOB, MESSAGE_IN, "tomorrow too old", today - 29 * day - day / 2);
	clock_turn(23 * 60 * 60 * 1000);
	clock_turn(2 * 60 * 60 * 1000);
	turn_until_pruned();
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 10, NULL), "waiting,recent");
	/* Nothing is kept: all go at the end. A row is not given twice. */
	store_set.keep = 6;
	store_close();
	place_store(folder);
	store_set.keep = 0;
	assert_bodies(archive_page(bob(), G_MAXINT64, 0, 10, NULL), "waiting");
	assert_true(outbox_table_remove(1, NULL) && archive_forget(bob(), NULL));
	g_autoptr(Message) next = add(BOB, MESSAGE_IN, "next", today);
	assert_true(next->row > 1002);
}

static void
the_catch_up_starts_at_the_newest_id_before_a_row(void **state)
{
	(void)state;
	put(BOB, MESSAGE_IN, "1", 10);
	g_autoptr(Message) newest = add("carol@away.example", MESSAGE_IN, "2", 50);
	put(BOB, MESSAGE_IN, "older, fetched later", 20);
	g_autoptr(Message) live = add(BOB, MESSAGE_IN, "live", 60);
	g_autofree char *id = archive_stanza_id_before(ME, live->row, NULL, NULL);
	assert_string_equal(id, newest->stanza_id);
	g_autofree char *last = archive_stanza_id_before(ME, G_MAXINT64, NULL, NULL);
	assert_string_equal(last, live->stanza_id);
	assert_null(archive_stanza_id_before(ME, 1, NULL, NULL));
	assert_null(archive_stanza_id_before("nobody@home.example", G_MAXINT64, NULL, NULL));
}

static void
gaps_are_kept_until_they_are_filled(void **state)
{
	(void)state;
	assert_true(archive_gap_add(ME, "after", NULL, 5, NULL));
	assert_true(archive_gap_add(ME, NULL, "before", 3, NULL));
	g_autoptr(GPtrArray) gaps = archive_gaps(ME, NULL);
	assert_int_equal(gaps->len, 2);
	const Gap *gap = gaps->pdata[0];
	assert_null(gap->after_id);
	assert_string_equal(gap->before_id, "before");
	assert_true(archive_gap_remove(gap->row, NULL));
	g_autoptr(GPtrArray) rest = archive_gaps(ME, NULL);
	assert_int_equal(rest->len, 1);
}

static void
the_outbox_keeps_its_order_and_its_stanzas(void **state)
{
	(void)state;
	g_autoptr(Message) one = add(BOB, MESSAGE_OUT, "one", 1);
	g_autoptr(Message) two = add(BOB, MESSAGE_OUT, "two", 2);
	gint64 first = outbox_table_add(ME, one->row, NULL);
	gint64 second = outbox_table_add(ME, two->row, NULL);
	assert_int_equal(outbox_table_add(ME, 4711, NULL), 0);
	assert_true(outbox_table_set_stanza(second, "<message/>", G_MAXUINT32, "session", NULL));
	g_autoptr(GPtrArray) list = outbox_table_list(ME, NULL);
	assert_int_equal(list->len, 2);
	const OutboxRow *row = list->pdata[0];
	assert_true(row->row == first && row->message == one->row && !row->stanza && !row->session && row->sequence == 0);
	row = list->pdata[1];
	assert_string_equal(row->stanza, "<message/>");
	assert_string_equal(row->session, "session");
	assert_true(row->sequence == G_MAXUINT32);
	assert_true(outbox_table_remove(first, NULL));
	g_autoptr(GPtrArray) rest = outbox_table_list(ME, NULL);
	assert_int_equal(rest->len, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(everything_of_a_message_comes_back),
		TEST(pages_go_by_time_and_row),
		TEST(a_message_is_found_by_its_ids),
		TEST(an_undone_message_is_not_found),
		TEST(unread_and_newest_are_kept_without_counting),
		TEST(search_finds_words_newest_first),
		TEST(search_follows_corrections_and_late_opening),
		TEST(what_was_forgotten_is_nowhere_but_the_seal_is_kept),
		TEST(old_messages_go_by_age_and_what_waits_is_spared),
		TEST(the_catch_up_starts_at_the_newest_id_before_a_row),
		TEST(gaps_are_kept_until_they_are_filled),
		TEST(the_outbox_keeps_its_order_and_its_stanzas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
