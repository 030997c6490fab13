/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the word at the cursor could become: values by the type of an argument, people in the order of their speaking. */
#include "cmd/candidates.h"

#include <string.h>

#include "api/event.h"
#include "api/jid.h"
#include "api/option.h"
#include "base/table.h"
#include "chat/convo.h"
#include "cmd/args.h"
#include "cmd/emoji.h"
#include "ui/ui.h"

enum { MOST = 200, RECENT = 32 };

struct candidates {
	char *typed;  /* the prefix as it stands there */
	char *prefix; /* without regard to case */
	GPtrArray *words;
	GHashTable *seen;
};

static GPtrArray *recent; /* of bare JIDs, the last speaker first */

static void
remember_speaker(const Event *event)
{
	const char *jid = event->message->conversation;
	guint at;

	if (!jid || event->message->origin == MESSAGE_ARCHIVE || event->message->notice)
		return;
	if (!recent)
		recent = g_ptr_array_new_with_free_func(g_free);
	if (recent->len && g_str_equal(g_ptr_array_index(recent, 0), jid))
		return;
	if (g_ptr_array_find_with_equal_func(recent, jid, g_str_equal, &at))
		g_ptr_array_remove_index(recent, at);
	g_ptr_array_insert(recent, 0, g_strdup(jid));
	if (recent->len > RECENT)
		g_ptr_array_set_size(recent, RECENT);
}

const struct event_watch candidates_watch_rows[] = {
	{ "completion: last speakers", EVENT_MESSAGE_ADDED, remember_speaker },
	{ 0 },
};

struct candidates *
candidates_new(const char *prefix)
{
	struct candidates *found = g_new0(struct candidates, 1);

	found->typed = g_strdup(prefix);
	found->prefix = g_utf8_casefold(prefix, -1);
	found->words = g_ptr_array_new_with_free_func(g_free);
	found->seen = g_hash_table_new(g_str_hash, g_str_equal);
	return found;
}

static bool
fits(const struct candidates *found, const char *word)
{
	g_autofree char *folded = g_utf8_casefold(word, -1);

	return g_str_has_prefix(folded, found->prefix);
}

static void
keep(struct candidates *found, const char *word)
{
	char *copy;

	if (found->words->len >= MOST || g_hash_table_contains(found->seen, word))
		return;
	copy = g_strdup(word);
	g_ptr_array_add(found->words, copy);
	g_hash_table_add(found->seen, copy);
}

void
candidates_add(const char *word, gpointer data)
{
	if (word && fits(data, word))
		keep(data, word);
}

guint
candidates_count(const struct candidates *found)
{
	return found->words->len;
}

/* ---- by type ---- */

static void
add_contact(const Contact *contact, gpointer data)
{
	if (fits(data, contact_jid(contact)) || fits(data, contact_name(contact)))
		keep(data, contact_jid(contact));
}

static void
add_contacts(struct candidates *found, const struct cmd_call *call)
{
	const GPtrArray *accounts = account_list(), *convos = convo_list();

	(void)call;
	/* They come first, and must be among the ones that are kept. */
	for (guint i = 0; recent && i < recent->len; i++)
		candidates_add(g_ptr_array_index(recent, i), found);
	for (guint i = 0; accounts && i < accounts->len; i++)
		contact_each(g_ptr_array_index(accounts, i), add_contact, found);
	for (guint i = 0; convos && i < convos->len; i++)
		candidates_add(convo_peer(g_ptr_array_index(convos, i)), found);
}

static void
add_accounts(struct candidates *found, const struct cmd_call *call)
{
	const GPtrArray *accounts = account_list();

	(void)call;
	for (guint i = 0; accounts && i < accounts->len; i++)
		candidates_add(account_jid(g_ptr_array_index(accounts, i)), found);
}

static void
add_options(struct candidates *found, const struct cmd_call *call)
{
	const struct option *row;

	(void)call;
	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++)
		candidates_add(row->name, found);
}

/* Of the contact named before it, else of the conversation in view. */
static void
add_devices(struct candidates *found, const struct cmd_call *call)
{
	const char *peer = call->conversation ? convo_peer(call->conversation) : NULL;
	g_autoptr(GPtrArray) identities = NULL;

	for (guint i = 0; call->args[i]; i++)
		if (call->cmd->args[i].type == ARG_CONTACT && strchr(call->args[i], '@'))
			peer = call->args[i];
	identities = call->account && peer ? e2ee_identities(call->account, peer) : NULL;
	for (guint i = 0; identities && i < identities->len; i++) {
		const Identity *identity = g_ptr_array_index(identities, i);
		g_autofree char *number = g_strdup_printf("%u", identity->device);

		candidates_add(number, found);
	}
}

static void
add_files(struct candidates *found, const struct cmd_call *call)
{
	const char *slash = strrchr(found->typed, '/'), *name;
	g_autofree char *typed = slash ? g_strndup(found->typed, (gsize)(slash - found->typed) + 1) : g_strdup("");
	g_autofree char *folder =
		g_str_has_prefix(typed, "~/") ? g_strconcat(g_get_home_dir(), typed + 1, NULL) : g_strdup(*typed ? typed : ".");
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	bool hidden = found->typed[strlen(typed)] == '.';

	(void)call;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *word = g_strconcat(typed, name, g_file_test(path, G_FILE_TEST_IS_DIR) ? "/" : "", NULL);

		if ((name[0] != '.' || hidden) && g_utf8_validate(name, -1, NULL))
			candidates_add(word, found);
	}
}

static void
add_windows(struct candidates *found, const struct cmd_call *call)
{
	const GPtrArray *convos = convo_list();

	(void)call;
	for (guint i = 0; convos && i < convos->len; i++) {
		Conversation *conv = g_ptr_array_index(convos, i);

		if (fits(found, convo_peer(conv)) || fits(found, convo_title(conv)))
			keep(found, convo_peer(conv));
	}
}

static void (*const by_type[])(struct candidates *found, const struct cmd_call *call) = {
	[ARG_CONTACT] = add_contacts,
	[ARG_JID] = add_contacts,
	[ARG_ACCOUNT] = add_accounts,
	[ARG_OPTION] = add_options,
	[ARG_DEVICE] = add_devices,
	[ARG_FILE] = add_files,
	[ARG_WINDOW] = add_windows,
	[ARG_WORDS] = NULL,
};

void
candidates_add_type(struct candidates *found, const struct arg *arg, const struct cmd_call *call)
{
	if (arg->type == ARG_CHOICE)
		for (guint i = 0; arg->choices[i]; i++)
			candidates_add(arg->choices[i], found);
	else if (arg->type < G_N_ELEMENTS(by_type) && by_type[arg->type])
		by_type[arg->type](found, call);
}

/* At the start of a line a name calls somebody. */
static void
add_name(struct candidates *found, const char *name, bool line_start)
{
	g_autofree char *word = g_strconcat(name, line_start ? ":" : "", NULL);

	candidates_add(word, found);
}

static void
add_local(struct candidates *found, const char *jid, bool line_start)
{
	g_autofree char *local = jid_local(jid);

	add_name(found, local ? local : jid, line_start);
}

static void
keep_emoji(const char *emoji, gpointer data)
{
	keep(data, emoji);
}

/* "> " and what the peer said last, its first line. */
static void
add_quotation(struct candidates *found, Conversation *conv)
{
	g_autoptr(GPtrArray) page = convo_page(conv, NULL, RECENT);

	for (guint i = page ? page->len : 0; i > 0; i--) {
		const Message *message = g_ptr_array_index(page, i - 1);

		if (message->direction != MESSAGE_IN || message->notice || !message->body)
			continue;
		char *line = g_strndup(message->body, strcspn(message->body, "\n"));
		g_autofree char *quotation = g_strconcat("> ", line, NULL);

		g_free(line);
		keep(found, quotation);
		return;
	}
}

/* In text: emoji by their names, a quotation, or the names of those in view, that is of the peer and of who spoke last. */
void
candidates_add_text(struct candidates *found, bool line_start)
{
	Conversation *current = ui()->current ? ui()->current() : NULL;

	if (found->typed[0] == ':') {
		emoji_each(found->typed + 1, keep_emoji, found);
		return;
	}
	if (found->typed[0] == '>') {
		if (current && line_start && !found->typed[1])
			add_quotation(found, current);
		return;
	}
	if (current) {
		/* Without a name of the roster the title is the address. */
		if (!strchr(convo_title(current), '@'))
			add_name(found, convo_title(current), line_start);
		add_local(found, convo_peer(current), line_start);
	}
	for (guint i = 0; recent && i < recent->len; i++)
		add_local(found, g_ptr_array_index(recent, i), line_start);
}

/* ---- order ---- */

static guint
rank(const char *word)
{
	guint at;

	return recent && g_ptr_array_find_with_equal_func(recent, word, g_str_equal, &at) ? at : G_MAXUINT;
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	guint p = rank(x), q = rank(y);

	return p != q ? (p < q ? -1 : 1) : strcmp(x, y);
}

GPtrArray *
candidates_end(struct candidates *found, bool quoted)
{
	GPtrArray *words = found->words;

	g_ptr_array_sort(words, compare);
	g_hash_table_unref(found->seen);
	for (guint i = 0; quoted && i < words->len; i++) {
		char *word = g_ptr_array_index(words, i);

		words->pdata[i] = args_quote(word);
		g_free(word);
	}
	g_free(found->typed);
	g_free(found->prefix);
	g_free(found);
	return words;
}
