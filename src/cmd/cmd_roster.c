/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about contacts: who is on the roster, who may see us, who is kept away. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "api/jid.h"
#include "cmd/cmd.h"

/* ---- answers that come later ---- */

struct later {
	Reply *reply;
	char *text; /* said when it worked */
};

static void
answered(const GError *error, gpointer data)
{
	struct later *later = data;
	if (error)
		reply_fail(later->reply, error);
	else
		reply_print(later->reply, "%s", later->text);
	reply_unref(later->reply);
	g_free(later->text);
	g_free(later);
}

static gpointer G_GNUC_PRINTF(2, 3) wait_for(const struct cmd_call *call, const char *format, ...)
{
	struct later *later = g_new(struct later, 1);
	va_list list;
	va_start(list, format);
	*later = (struct later){ .reply = reply_ref(call->reply), .text = g_strdup_vprintf(format, list) };
	va_end(list);
	return later;
}

/* What will not be answered, because it was refused at once. */
static bool
settle(bool started, gpointer data)
{
	struct later *later = data;
	if (started)
		return true;
	reply_unref(later->reply);
	g_free(later->text);
	g_free(later);
	return false;
}

/* ---- changing the roster ---- */

static bool
run_add(const struct cmd_call *call, GError **error)
{
	g_autofree char *jid = jid_bare(call->args[0]);
	/* A bare word is a name without its server, not the server that it would be as an address. */
	if (!strpbrk(jid, "@.:"))
		return fault(error, FAULT_INPUT, "a contact is an address like name@server: %s", jid);
	gpointer data = wait_for(call, "%s is on the roster and was asked to show you their presence", jid);
	return settle(contact_add(call->account, jid, call->args[1], call->args[2], answered, data, error), data);
}

static bool
run_remove(const struct cmd_call *call, GError **error)
{
	gpointer data = wait_for(call, "%s is removed: neither of you sees the other any more", call->args[0]);
	return settle(contact_remove(call->account, call->args[0], answered, data, error), data);
}

static bool
run_rename(const struct cmd_call *call, GError **error)
{
	gpointer data = wait_for(call, "%s is called %s", call->args[0], call->args[1] ? call->args[1] : "by address");
	return settle(contact_rename(call->account, call->args[0], call->args[1], answered, data, error), data);
}

static bool
run_group(const struct cmd_call *call, GError **error)
{
	g_auto(GStrv) groups = NULL;
	g_autoptr(GError) wrong = NULL;
	if (call->args[1] && *call->args[1] && !g_shell_parse_argv(call->args[1], NULL, &groups, &wrong))
		return fault(error, FAULT_INPUT, "the quotes do not match: %s", wrong->message);
	gpointer data = wait_for(call, groups ? "%s is in: %s" : "%s is in no group", call->args[0], call->args[1]);
	bool started = contact_set_groups(call->account, call->args[0], (const char *const *)groups, answered, data, error);
	return settle(started, data);
}

/* ---- who may see us ---- */

/* The account that this address asked; else the one at hand. */
static Account *
asked_account(const struct cmd_call *call, const char *jid)
{
	const GPtrArray *list = account_list();
	for (guint i = 0; i < list->len; i++) {
		GPtrArray *requests = (GPtrArray *)contact_requests(list->pdata[i]);
		if (g_ptr_array_find_with_equal_func(requests, jid, g_str_equal, NULL))
			return list->pdata[i];
	}
	return call->account;
}

static bool
run_accept(const struct cmd_call *call, GError **error)
{
	g_autofree char *jid = jid_bare(call->args[0]);
	if (!contact_accept(asked_account(call, jid), jid, error))
		return false;
	reply_print(call->reply, "%s may see you", jid);
	return true;
}

static bool
run_refuse(const struct cmd_call *call, GError **error)
{
	g_autofree char *jid = jid_bare(call->args[0]);
	if (!contact_refuse(asked_account(call, jid), jid, error))
		return false;
	reply_print(call->reply, "%s may not see you", jid);
	return true;
}

static bool
run_refuse_all(const struct cmd_call *call, GError **error)
{
	const GPtrArray *requests = contact_requests(call->account);
	guint count = requests->len;
	while (requests->len) {
		g_autofree char *jid = g_strdup(requests->pdata[0]);
		if (!contact_refuse(call->account, jid, error))
			return false;
	}
	reply_print(call->reply, "%u requests are refused", count);
	return true;
}

static bool
run_requests(const struct cmd_call *call, GError **error)
{
	(void)error;
	const GPtrArray *list = account_list();
	guint count = 0;
	for (guint i = 0; i < list->len; i++) {
		const GPtrArray *requests = contact_requests(list->pdata[i]);
		for (guint k = 0; k < requests->len; k++, count++)
			reply_print(call->reply, "%s asks to see %s: /accept-contact or /refuse-contact",
				(char *)requests->pdata[k], account_jid(list->pdata[i]));
	}
	if (!count)
		reply_print(call->reply, "nobody waits for your answer");
	return true;
}

static void
complete_request(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)call, (void)arg, (void)prefix;
	const GPtrArray *list = account_list();
	for (guint i = 0; i < list->len; i++) {
		const GPtrArray *requests = contact_requests(list->pdata[i]);
		for (guint k = 0; k < requests->len; k++)
			add(requests->pdata[k], data);
	}
}

/* ---- who is kept away ---- */

static bool
print_blocked(const struct cmd_call *call)
{
	g_autoptr(GPtrArray) list = contact_blocked_list(call->account);
	if (!list->len)
		reply_print(call->reply, "nobody is blocked");
	for (guint i = 0; i < list->len; i++)
		reply_print(call->reply, "%s", (char *)list->pdata[i]);
	return true;
}

static bool
run_block(const struct cmd_call *call, GError **error)
{
	if (!call->args[0])
		return print_blocked(call);
	gpointer data = wait_for(call, "%s is blocked: they see you offline and reach you no more", call->args[0]);
	return settle(contact_block(call->account, call->args[0], true, answered, data, error), data);
}

static bool
run_unblock(const struct cmd_call *call, GError **error)
{
	gpointer data = wait_for(call, "%s is not blocked any more", call->args[0]);
	return settle(contact_block(call->account, call->args[0], false, answered, data, error), data);
}

static void
complete_blocked(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)arg, (void)prefix;
	g_autoptr(GPtrArray) list = call->account ? contact_blocked_list(call->account) : g_ptr_array_new();
	for (guint i = 0; i < list->len; i++)
		add(list->pdata[i], data);
}

/* ---- looking ---- */

struct listing {
	const Account *account;
	GPtrArray *contacts; /* of const Contact * */
	const char *pattern; /* lower case, NULL */
	bool online_only;
};

static void
collect(const Contact *contact, gpointer data)
{
	struct listing *listing = data;
	if (listing->online_only && !strcmp(contact_presence(contact), "offline"))
		return;
	g_autofree char *name = g_utf8_strdown(contact_name(contact), -1);
	if (listing->pattern && !strstr(name, listing->pattern) && !strstr(contact_jid(contact), listing->pattern))
		return;
	g_ptr_array_add(listing->contacts, (gpointer)contact);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	const Contact *one = *(const Contact *const *)a, *other = *(const Contact *const *)b;
	int order = g_utf8_collate(contact_name(one), contact_name(other));
	return order ? order : strcmp(contact_jid(one), contact_jid(other));
}

static const char *
subscription_sentence(const Account *account, const Contact *contact)
{
	static const char *const sentences[] = {
		[SUBSCRIPTION_NONE] = "neither sees the other",
		[SUBSCRIPTION_TO] = "you see them",
		[SUBSCRIPTION_FROM] = "they see you",
		[SUBSCRIPTION_BOTH] = "",
	};
	if (contact_blocked(account, contact_jid(contact)))
		return "blocked";
	if (contact_pending_out(contact))
		return "not answered yet";
	return sentences[contact_subscription(contact)];
}

static void
print_contact(Reply *reply, const Account *account, const Contact *contact)
{
	g_autofree char *groups = g_strjoinv(", ", (char **)contact_groups(contact));
	const char *note = subscription_sentence(account, contact);
	const char *status = contact_status(contact);
	bool named = strcmp(contact_name(contact), contact_jid(contact)) != 0;
	reply_print(reply, "%s%s%s%s: %s%s%s%s%s%s%s", contact_name(contact), named ? " <" : "", named ? contact_jid(contact) : "",
		named ? ">" : "", contact_presence(contact), *status ? " - " : "", status, *groups ? " | " : "", groups,
		*note ? " | " : "", note);
}

static void
list_account(const struct cmd_call *call, const Account *account, const char *pattern, bool online_only)
{
	g_autoptr(GPtrArray) contacts = g_ptr_array_new();
	struct listing listing = { account, contacts, pattern, online_only };
	contact_each(account, collect, &listing);
	g_ptr_array_sort(contacts, compare_names);
	reply_print(call->reply, "%s: %u of %u contacts%s", account_jid(account), contacts->len, contact_count(account),
		online_only ? " are online" : "");
	for (guint i = 0; i < contacts->len; i++)
		print_contact(call->reply, account, contacts->pdata[i]);
}

static bool
list_all(const struct cmd_call *call, bool online_only)
{
	const GPtrArray *list = account_list();
	g_autofree char *pattern = call->args[0] ? g_utf8_strdown(call->args[0], -1) : NULL;
	for (guint i = 0; i < list->len; i++)
		list_account(call, list->pdata[i], pattern, online_only);
	return true;
}

static bool
run_roster(const struct cmd_call *call, GError **error)
{
	(void)error;
	return list_all(call, false);
}

static bool
run_who(const struct cmd_call *call, GError **error)
{
	(void)error;
	return list_all(call, true);
}

static void
print_resource(const char *full_jid, const char *show, const char *status, int priority, gpointer data)
{
	reply_print(data, "  %s: %s, priority %d%s%s", jid_resource(full_jid) ? jid_resource(full_jid) : full_jid, show, priority,
		*status ? " - " : "", status);
}

static bool
run_info(const struct cmd_call *call, GError **error)
{
	const char *jid = call->args[0] ? call->args[0] : call->conversation ? convo_peer(call->conversation) : NULL;
	if (!jid)
		return fault(error, FAULT_INPUT, "say about whom: /contact bob");
	const Contact *contact = contact_find(call->account, jid);
	if (!contact)
		return fault(error, FAULT_GONE, "%s is not on the roster of %s", jid, account_jid(call->account));
	static const char *const sentences[] = {
		[SUBSCRIPTION_NONE] = "neither sees the other's presence",
		[SUBSCRIPTION_TO] = "you see their presence, they do not see yours",
		[SUBSCRIPTION_FROM] = "they see your presence, you do not see theirs",
		[SUBSCRIPTION_BOTH] = "both see each other's presence",
	};
	print_contact(call->reply, call->account, contact);
	reply_print(call->reply, "  %s%s", sentences[contact_subscription(contact)],
		contact_pending_out(contact) ? "; your request is not answered yet" : "");
	contact_each_resource(contact, print_resource, call->reply);
	return true;
}

/* ---- rows ---- */

static const struct arg add_args[] = {
	{ .name = "jid", .type = ARG_JID },
	{ .name = "name", .type = ARG_WORD, .optional = true },
	{ .name = "group", .type = ARG_TEXT, .optional = true },
	{ 0 },
};
static const struct arg contact_args[] = { { .name = "contact", .type = ARG_CONTACT }, { 0 } };
static const struct arg maybe_contact_args[] = { { .name = "contact", .type = ARG_CONTACT, .optional = true }, { 0 } };
static const struct arg jid_args[] = { { .name = "jid", .type = ARG_JID }, { 0 } };
static const struct arg maybe_jid_args[] = { { .name = "jid", .type = ARG_CONTACT, .optional = true }, { 0 } };
static const struct arg rename_args[] = { { .name = "contact", .type = ARG_CONTACT },
	{ .name = "name", .type = ARG_TEXT, .optional = true }, { 0 } };
static const struct arg group_args[] = { { .name = "contact", .type = ARG_CONTACT },
	{ .name = "group ...", .type = ARG_TEXT, .optional = true }, { 0 } };
static const struct arg pattern_args[] = { { .name = "part of a name", .type = ARG_TEXT, .optional = true }, { 0 } };

const struct cmd cmd_roster_rows[] = {
	{ .name = "add",
		.aliases = "roster add,sub request",
		.args = add_args,
		.needs = NEEDS_ONLINE,
		.summary = "Put somebody on the roster and ask to see when they are online",
		.help = "They see you as soon as they ask back. /remove undoes it.",
		.examples = (const char *const[]){ "/add bob@example.org", "/add bob@example.org Bob friends", NULL },
		.run = run_add },
	{ .name = "remove",
		.aliases = "roster remove",
		.args = contact_args,
		.needs = NEEDS_ONLINE,
		.summary = "Take somebody off the roster; neither sees the other any more",
		.run = run_remove },
	{ .name = "accept-contact",
		.aliases = "accept,sub allow",
		.args = jid_args,
		.needs = NEEDS_ONLINE,
		.summary = "Let somebody who asked see when you are online, and ask them back",
		.run = run_accept,
		.complete = complete_request },
	{ .name = "refuse-contact",
		.aliases = "refuse,sub deny",
		.args = jid_args,
		.needs = NEEDS_ONLINE,
		.summary = "Do not let somebody see when you are online (any more)",
		.run = run_refuse,
		.complete = complete_request },
	{ .name = "refuse-contact all",
		.aliases = "refuse all",
		.needs = NEEDS_ONLINE,
		.summary = "Refuse everybody who asked and was not answered",
		.run = run_refuse_all },
	{ .name = "requests",
		.aliases = "sub received,sub",
		.needs = NEEDS_STORE,
		.summary = "Show who asked to see when you are online",
		.run = run_requests },
	{ .name = "block",
		.aliases = "ignore",
		.args = maybe_jid_args,
		.needs = NEEDS_ONLINE,
		.summary = "Let the server keep somebody away from you; without a name, show the list",
		.run = run_block },
	{ .name = "unblock",
		.aliases = "unignore",
		.args = jid_args,
		.needs = NEEDS_ONLINE,
		.summary = "Take somebody off the list of the blocked",
		.run = run_unblock,
		.complete = complete_blocked },
	{ .name = "roster",
		.aliases = "contacts,names",
		.args = pattern_args,
		.needs = NEEDS_STORE,
		.summary = "Show the contacts, or those whose name has these letters",
		.run = run_roster },
	{ .name = "who", .args = pattern_args, .needs = NEEDS_STORE, .summary = "Show who is online", .run = run_who },
	{ .name = "contact",
		.args = maybe_contact_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Show a contact's presence, subscription and programs",
		.run = run_info },
	{ .name = "contact rename",
		.aliases = "roster nick",
		.args = rename_args,
		.needs = NEEDS_ONLINE,
		.summary = "Call a contact by another name; without name, by address",
		.run = run_rename },
	{ .name = "contact group",
		.aliases = "roster group",
		.args = group_args,
		.needs = NEEDS_ONLINE,
		.summary = "Put a contact in exactly these groups; without group, in none",
		.examples = (const char *const[]){ "/contact group bob friends \"old school\"", NULL },
		.run = run_group },
	{ 0 },
};
