/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of the store: bench_store [MESSAGES [FOLDER]] fills a conversation, floods it and asks. One "name value unit" a line.
 * bench_store --profile DIR MESSAGES ACCOUNT PEER WORD only fills a profile, whose passphrase comes on standard input; WORD is said
 * once, in the middle. */
#include "api/error.h"
#include "api/timer.h"
#include "base/base.h"
#include "base/files.h"
#include "store/archive.h"
#include "store/db-private.h"
#include "store/store.h"
#include "store/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <glib/gstdio.h>

enum { ROUNDS = 9, FLOOD = 20000, SECOND = 1000000 };

static const char *me = "me@home.example", *bob = "bob@away.example", *seal = "method";
static gint64 begins; /* when the first was said, in seconds */
static char *path;
static Secret *key;
static guint32 seed = 1;

static void
die(const char *what, const GError *error)
{
	fprintf(stderr, "%s: %s\n", what, error ? error->message : "failed");
	exit(1);
}

static guint32
chance(guint32 below)
{
	seed = seed * 1664525u + 1013904223u;
	return (guint32)(((guint64)seed * below) >> 32);
}

/* About 80 characters, words as common as in a language: a few very often, most seldom. */
static char *
make_text(void)
{
	GString *text = g_string_new(NULL);
	while (text->len < 75) {
		guint32 rank = chance(1 + chance(1 + chance(50000)));
		g_string_append_printf(text, "w%s%u ", rank < 100 ? "o" : "ord", rank);
	}
	return g_string_free(text, FALSE);
}

static void
add(gint64 number, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Message) message = g_new0(Message, 1);
	char random[16];
	random_bytes(random, sizeof random);
	message->refs = 1;
	message->account = g_strdup(me);
	message->conversation = g_strdup(bob);
	message->from = g_strdup(number % 3 ? bob : me);
	message->direction = number % 3 ? MESSAGE_IN : MESSAGE_OUT;
	message->body = word ? g_strdup(word) : make_text();
	message->seal = g_strdup(seal);
	message->sent_at = (begins + number * 30) * SECOND;
	message->wire_id = g_strdup_printf("%08x-%08x", g_random_int(), g_random_int());
	message->origin_id = g_strdup(message->wire_id);
	message->stanza_id = g_base64_encode((guchar *)random, sizeof random);
	if (!store_begin(&error))
		die("begin", error);
	g_autoptr(Message) seen = archive_find_stanza_id(me, bob, message->stanza_id, &error);
	g_autoptr(Message) sent = archive_find_wire_id(me, bob, message->wire_id, message->direction, &error);
	if (seen || sent || error || !archive_add(message, &error) || !store_commit(STORE_SOON, &error))
		die("add", error);
}

/* A field of a file of /proc/self, in its own unit. */
static double
proc(const char *file, const char *field)
{
	g_autofree char *text = NULL;
	g_file_get_contents(file, &text, NULL, NULL);
	const char *at = text ? strstr(text, field) : NULL;
	return at ? strtod(at + strlen(field), NULL) : 0;
}

static double
cpu(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The most that one source kept the loop busy: time of the processor, since a bench may share it. */
static double slowest;

static void
turn_loop(void)
{
	bool more = true;
	while (more) {
		double start = cpu();
		more = g_main_context_iteration(NULL, FALSE);
		slowest = MAX(slowest, cpu() - start);
	}
}

static void
fill(const char *name, gint64 first, gint64 count)
{
	double wall = (double)g_get_monotonic_time(), before = cpu(), written = proc("/proc/self/io", "write_bytes: ");
	slowest = 0;
	for (gint64 i = 0; i < count; i++) {
		add(first + i, NULL);
		if (i % 50 == 49)
			turn_loop();
	}
	db_flush();
	printf("%s_wall %.2f s\n", name, ((double)g_get_monotonic_time() - wall) / 1e6);
	printf("%s_cpu %.2f s\n", name, cpu() - before);
	printf("%s_written %.1f MB\n", name, (proc("/proc/self/io", "write_bytes: ") - written) / 1e6);
	printf("%s_slowest_turn %.1f ms\n", name, slowest * 1e3);
	int now, high;
	sqlite3_db_status(db_sqlite(), SQLITE_DBSTATUS_CACHE_MISS, &now, &high, 1);
	printf("%s_pages_read %d pages\n", name, now);
	sqlite3_db_status(db_sqlite(), SQLITE_DBSTATUS_CACHE_WRITE, &now, &high, 1);
	printf("%s_pages_written %d pages\n", name, now);
	printf("%s_rss %.1f MB\n", name, proc("/proc/self/status", "VmRSS:") / 1e3);
	fflush(stdout);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void
measure(const char *name, void (*call)(void))
{
	double times[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		gint64 start = g_get_monotonic_time();
		call();
		times[i] = (double)(g_get_monotonic_time() - start) / 1e3;
	}
	double first = times[0];
	qsort(times, ROUNDS, sizeof *times, compare);
	printf("%s %.2f ms (first %.2f, worst %.2f)\n", name, times[ROUNDS / 2], first, times[ROUNDS - 1]);
	fflush(stdout);
}

static void
open_store(void)
{
	g_autoptr(GError) error = NULL;
	if (!db_open(path, key, &error))
		die("open", error);
}

static gint64 conversation, top_at, top_row;

static void
take_page(GPtrArray *page)
{
	if (!page || !page->len)
		die("page", NULL);
	const Message *top = page->pdata[0];
	top_at = top->sent_at;
	top_row = top->row;
	g_ptr_array_unref(page);
}

/* As at the start of the program: nothing is in memory. */
static void
open_and_last_page(void)
{
	db_close();
	open_store();
	g_autoptr(GPtrArray) list = archive_conversations(me, NULL);
	conversation = ((const ArchivedConversation *)list->pdata[0])->row;
	take_page(archive_page(conversation, G_MAXINT64, 0, 100, NULL));
}

static void
page_up(void)
{
	take_page(archive_page(conversation, top_at, top_row, 100, NULL));
}

static void
search(const char *words)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) found = archive_search(conversation, words, 50, &error);
	if (!found)
		die("search", error);
}

static void
search_common(void)
{
	search("wo1");
}

static void
search_rare(void)
{
	search("word40000");
}

static void
search_two(void)
{
	search("wo3 wo7");
}

static void
search_prefix(void)
{
	search("word4999");
}

static void
search_wide_prefix(void)
{
	search("word1");
}

static void
miss(void)
{
	g_autoptr(Message) message = archive_find_stanza_id(me, bob, "never seen", NULL);
}

static void
add_now(void)
{
	static gint64 number = 100000000;
	store_begin(NULL);
	add(number++, NULL);
	store_commit(STORE_NOW, NULL);
}

static void
on_key(Secret *opened, const GError *error, gpointer data)
{
	if (!opened)
		die("passphrase", error);
	key = opened;
	g_main_loop_quit(data);
}

static void
fill_profile(const char *folder, gint64 messages, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Secret) passphrase = NULL;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	char line[128] = "";

	if (!fgets(line, sizeof line, stdin) || !files_init(folder, &error))
		die("profile", error);
	line[strcspn(line, "\n")] = '\0';
	passphrase = secret_copy(line, strlen(line));
	vault_unlock(passphrase, on_key, loop);
	g_main_loop_run(loop);
	path = files_path(FOLDER_DATA, DB_NAME, &error);
	open_store();
	seal = NULL;
	begins = g_get_real_time() / SECOND - messages * 30 - 60;
	fill("fill", 1, messages / 2);
	add(1 + messages / 2, word);
	fill("fill", 2 + messages / 2, messages - messages / 2 - 1);
	db_close();
}

int
main(int count, char **arguments)
{
	gint64 messages = count > 1 ? g_ascii_strtoll(arguments[1], NULL, 10) : 100000;
	g_autofree char *folder = count > 2 ? g_strdup(arguments[2]) : g_dir_make_tmp("sotto-bench-XXXXXX", NULL);
	base_init(NULL);
	store_init();
	if (count == 7 && strcmp(arguments[1], "--profile") == 0) {
		me = arguments[4];
		bob = arguments[5];
		fill_profile(arguments[2], g_ascii_strtoll(arguments[3], NULL, 10), arguments[6]);
		return 0;
	}
	path = g_build_filename(folder, "sotto.db", NULL);
	bool filled = g_file_test(path, G_FILE_TEST_EXISTS);
	key = secret_new(32);
	open_store();
	printf("start_rss %.1f MB\n", proc("/proc/self/status", "VmRSS:") / 1e3);
	if (!filled) {
		fill("flood", 1, FLOOD);
		fill("fill", 1 + FLOOD, messages - FLOOD);
	}
	measure("open_and_last_page", open_and_last_page);
	fill("flood_again", 1 + messages, FLOOD);
	GStatBuf status;
	if (g_stat(path, &status) == 0)
		printf("file %.1f MB\n", (double)status.st_size / 1e6);
	measure("page_up", page_up);
	measure("search_common", search_common);
	measure("search_rare", search_rare);
	measure("search_two_words", search_two);
	measure("search_prefix", search_prefix);
	measure("search_wide_prefix", search_wide_prefix);
	measure("find_no_such_id", miss);
	measure("add_durable", add_now);
	printf("end_rss %.1f MB\n", proc("/proc/self/status", "VmRSS:") / 1e3);
	db_close();
	if (count <= 2) {
		g_autofree char *lock = g_strconcat(path, ".lock", NULL);
		g_remove(lock);
		g_remove(path);
		g_rmdir(folder);
	}
	secret_free(key);
	return 0;
}
