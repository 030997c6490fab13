/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a person means. Two that fit are a question, never a guess: a message must not reach the wrong one. */
#include "cmd/names.h"

#include <string.h>

#include "account/account.h"
#include "api/error.h"
#include "api/jid.h"
#include "chat/convo.h"

struct search {
	const char *word;
	GPtrArray *found; /* of bare JIDs, owned */
};

static bool
same_text(const char *a, const char *b)
{
	g_autofree char *x = NULL, *y = NULL;

	if (g_str_is_ascii(a) && g_str_is_ascii(b))
		return g_ascii_strcasecmp(a, b) == 0;
	x = g_utf8_casefold(a, -1);
	y = g_utf8_casefold(b, -1);
	return g_str_equal(x, y);
}

static void
add_if_it_fits(struct search *search, const char *jid, const char *name)
{
	g_autofree char *local = jid_local(jid);
	bool fits = same_text(local ? local : jid, search->word) || (name && same_text(name, search->word));

	if (fits && !g_ptr_array_find_with_equal_func(search->found, jid, g_str_equal, NULL))
		g_ptr_array_add(search->found, g_strdup(jid));
}

static void
look_at_contact(const Contact *contact, gpointer data)
{
	add_if_it_fits(data, contact_jid(contact), contact_name(contact));
}

static GPtrArray *
find_on(Account *account, const char *word, bool among_contacts)
{
	struct search search = { word, g_ptr_array_new_with_free_func(g_free) };
	const GPtrArray *convos = among_contacts ? NULL : convo_list();

	if (among_contacts)
		contact_each(account, look_at_contact, &search);
	for (guint i = 0; convos && i < convos->len; i++) {
		Conversation *conv = g_ptr_array_index(convos, i);

		if (convo_account(conv) == account)
			add_if_it_fits(&search, convo_peer(conv), NULL);
	}
	return search.found;
}

/* On this account first, then on the others. NULL when nobody is called so. */
static GPtrArray *
find(const char *word, bool among_contacts, Account **account)
{
	const GPtrArray *accounts = account_list();

	for (int i = -1; accounts && i < (int)accounts->len; i++) {
		Account *candidate = i < 0 ? *account : g_ptr_array_index(accounts, i);
		g_autoptr(GPtrArray) found = candidate ? find_on(candidate, word, among_contacts) : NULL;

		if (!found || found->len == 0)
			continue;
		*account = candidate;
		return g_steal_pointer(&found);
	}
	return NULL;
}

/* Where a whole address is on the roster; *account stays when nobody or he himself knows it. */
static void
move_to_who_knows(const char *jid, Account **account)
{
	const GPtrArray *accounts = account_list();

	if (*account && (contact_find(*account, jid) || convo_find(account_jid(*account), jid)))
		return;
	for (guint i = 0; accounts && i < accounts->len; i++) {
		Account *other = g_ptr_array_index(accounts, i);

		if (contact_find(other, jid)) {
			*account = other;
			return;
		}
	}
}

static char *
whole_address(const char *word, Account **account, GError **error)
{
	g_autofree char *jid = jid_normalise(word, error);
	char *bare = jid ? jid_bare(jid) : NULL;

	if (bare)
		move_to_who_knows(bare, account);
	return bare;
}

static char *
the_only_one(GPtrArray *found, const char *word, GError **error)
{
	g_autofree char *list = NULL;

	if (found->len == 1)
		return g_strdup(g_ptr_array_index(found, 0));
	if (found->len > 8)
		g_ptr_array_set_size(found, 8);
	g_ptr_array_add(found, NULL);
	list = g_strjoinv(", ", (char **)found->pdata);
	return fault_null(error, FAULT_INPUT, "more than one contact is called %s: write one of %s", word, list);
}

char *
names_contact(const char *word, Account **account, GError **error)
{
	g_autoptr(GPtrArray) found = NULL;

	if (strchr(word, '@'))
		return whole_address(word, account, error);
	/* Anybody may write from an address that begins with the name of a contact: he is not meant, and makes no doubt. */
	found = find(word, true, account);
	if (!found)
		found = find(word, false, account);
	if (found)
		return the_only_one(found, word, error);
	/* A server or a gateway has no @. */
	if (strchr(word, '.'))
		return whole_address(word, account, error);
	return fault_null(error, FAULT_GONE, "no contact is called %s: write the whole address, name@server", word);
}

Account *
names_account(const char *word, GError **error)
{
	const GPtrArray *accounts = account_list();
	g_autofree char *jid = jid_normalise(word, NULL);
	Account *found = NULL;

	for (guint i = 0; accounts && i < accounts->len; i++) {
		Account *account = g_ptr_array_index(accounts, i);
		g_autofree char *local = jid_local(account_jid(account));

		if (jid && jid_same_bare(jid, account_jid(account)))
			return account;
		if (!same_text(local ? local : account_jid(account), word))
			continue;
		if (found)
			return fault_null(error, FAULT_INPUT, "more than one account is called %s: write the whole address", word);
		found = account;
	}
	if (!found)
		fault(error, FAULT_GONE, "there is no account %s: /account list shows yours", word);
	return found;
}

Account *
names_account_or_default(const char *jid, Account *seen, GError **error)
{
	if (jid)
		return names_account(jid, error);
	if (seen)
		return seen;
	if (account_default())
		return account_default();
	if (account_list()->len)
		return fault_null(error, FAULT_INPUT, "say which account: /account list shows them");
	return fault_null(error, FAULT_INPUT, "there is no account yet: /account add you@server, then /connect");
}

const char *
names_state(const Account *account)
{
	static const char *const states[] = {
		[CONNECTION_OFFLINE] = "offline",
		[CONNECTION_CONNECTING] = "connecting",
		[CONNECTION_ONLINE] = "online",
		[CONNECTION_FAILED] = "failed",
	};
	/* Between our goodbye and the server's it is neither. */
	bool leaving = account_state(account) == CONNECTION_ONLINE && !account_online(account);

	return leaving ? "leaving" : states[account_state(account)];
}
