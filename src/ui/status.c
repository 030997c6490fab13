/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two bars: whom one talks to and how it is sealed; and what else goes on. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "api/jid.h"
#include "ui/address.h"
#include "ui/front.h"
#include "ui/glyph.h"
#include "ui/layout.h"
#include "ui/questions.h"
#include "ui/win_call.h"

/* A bar is filled from the left; what does not fit is left out from the end. */
struct bar {
	int row, col, end;
};

static void
put(struct bar *bar, Style style, const char *text)
{
	bar->col += screen_put(bar->row, bar->col, bar->end - bar->col, style, text, -1);
}

static void
finish(struct bar *bar, Style style)
{
	screen_fill(bar->row, bar->col, bar->end - bar->col, style);
}

/* Accounts that are on their way or failed; others are online or off as the account itself says. */
static GHashTable *states;

void
status_connection(const char *account, enum connection_state state)
{
	if (!states)
		states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_insert(states, g_strdup(account), GINT_TO_POINTER(state));
	layout_dirty(PART_STATUS | PART_TITLE);
}

void
status_reset(void)
{
	g_clear_pointer(&states, g_hash_table_unref);
}

static const char *
connection_word(const Account *account)
{
	if (account_online(account))
		return presence_show(account);
	enum connection_state state = states ? GPOINTER_TO_INT(g_hash_table_lookup(states, account_jid(account))) : 0;
	return state == CONNECTION_CONNECTING ? "connecting" : "offline";
}

/* The seal and the trust of a conversation in words: what the next message will travel in. */
static void
badges(Conversation *conv, char **words, enum style *style)
{
	const struct e2ee_provider *provider = e2ee_provider();
	enum convo_seal seal = convo_seal_state(conv);
	*style = STYLE_TITLE_WARNING;
	if (seal == CONVO_READABLE) {
		*words = g_strdup("[PLAIN]");
		return;
	}
	if (!provider) {
		const char *name = convo_provider(conv);
		*words = name ? g_strdup_printf("[%s not loaded]", name) : g_strdup("[no encryption loaded]");
		return;
	}
	enum trust trust = convo_trust(conv);
	if (trust == TRUST_NONE) {
		*style = STYLE_TITLE_DIM;
		*words = g_strdup_printf("[%s]", provider->title);
		return;
	}
	if (trust == TRUST_TRUSTED || trust == TRUST_VERIFIED)
		*style = STYLE_TITLE_SEALED;
	*words = g_strdup_printf("[%s][%s]", provider->title, trust_word(trust));
}

static void
put_peer(struct bar *bar, Window *window)
{
	const char *title = window_title(window), *peer = window->peer;
	const Contact *contact = NULL;
	Account *account = window->account ? account_find(window->account) : NULL;
	/* The address comes first: a name could look like one. */
	put(bar, STYLE_TITLE, peer);
	g_autofree char *domain = jid_domain(peer), *punycode = domain ? address_punycode(domain) : NULL;
	if (punycode) {
		put(bar, STYLE_TITLE, " ");
		put(bar, STYLE_TITLE_WARNING, punycode);
	}
	if (strcmp(title, peer)) {
		put(bar, STYLE_TITLE_DIM, "  ");
		put(bar, STYLE_TITLE, title);
	}
	if (account)
		contact = contact_find(account, peer);
	/* G03: an account with a name that looks like that of a contact is made in a moment, on the same server, too. */
	if (account && !contact && strcmp(peer, account_jid(account))) {
		g_autofree char *local = jid_local(peer);
		bool mixed = local && address_mixes_scripts(local);
		put(bar, STYLE_TITLE_DIM, " · ");
		put(bar, mixed ? STYLE_TITLE_WARNING : STYLE_TITLE_DIM,
			mixed ? "not a contact, and letters of two scripts" : "not a contact");
	}
	if (!contact)
		return;
	put(bar, STYLE_TITLE_DIM, " · ");
	put(bar, STYLE_TITLE_DIM, account_online(account) ? contact_presence(contact) : "unknown while offline");
	const char *status = contact_status(contact);
	if (status && *status) {
		put(bar, STYLE_TITLE_DIM, " · ");
		put(bar, STYLE_TITLE_DIM, status);
	}
}

void
title_draw(int row, int col, int cols, const Window *window)
{
	struct bar bar = { row, col, col + cols };
	g_autofree char *words = NULL;
	enum style style = STYLE_TITLE;
	int width = 0;
	if (window->conv)
		badges(window->conv, &words, &style);
	else
		words = call_badge(window, &style);
	if (words) {
		width = glyph_width(words, strlen(words));
		/* The seal is never what a narrow bar leaves out. */
		bar.end = MAX(bar.end - width - 2, bar.col);
	}
	put(&bar, STYLE_TITLE, " ");
	if (window->peer)
		put_peer(&bar, (Window *)window);
	else if (window->kind)
		put(&bar, STYLE_TITLE, window_title(window));
	else {
		put(&bar, STYLE_TITLE, "sotto");
		put(&bar, STYLE_TITLE_DIM, "  " SOTTO_VERSION "  ·  /help lists the commands");
	}
	finish(&bar, STYLE_TITLE);
	if (!words)
		return;
	bar = (struct bar){ row, bar.end, col + cols };
	put(&bar, STYLE_TITLE, " ");
	put(&bar, style, words);
	finish(&bar, STYLE_TITLE);
}

static const struct {
	const char *sign;
	enum style style;
} levels[] = {
	[ACTIVITY_NONE] = { "", STYLE_ACTIVITY },
	[ACTIVITY_EVENT] = { "", STYLE_ACTIVITY },
	[ACTIVITY_MESSAGE] = { "+", STYLE_ACTIVITY },
	[ACTIVITY_PRIVATE] = { "*", STYLE_ACTIVITY_MESSAGE },
	[ACTIVITY_ALERT] = { "!", STYLE_ACTIVITY_ALERT },
	[ACTIVITY_CALL] = { "!", STYLE_ACTIVITY_ALERT },
};

static void
put_activity(struct bar *bar)
{
	const GPtrArray *all = windows();
	bool first = true;
	/* In the order in which Alt+a visits them: what is left out where there is no room matters least. */
	for (enum activity level = ACTIVITY_CALL; level > ACTIVITY_NONE; level--)
		for (guint i = 0; i < all->len; i++) {
			const Window *window = all->pdata[i];
			char text[24];
			if (window->activity != level || window == window_current())
				continue;
			put(bar, STYLE_STATUS_DIM, first ? "  Act: " : ",");
			g_snprintf(text, sizeof text, "%u%s", window->number, levels[level].sign);
			put(bar, levels[level].style, text);
			first = false;
		}
}

/* What rings is told before all else, in every window; a call goes on where its window is not seen. */
static void
put_call(struct bar *bar)
{
	enum style style;
	g_autofree char *words = call_bar_words(&style);
	if (!words)
		return;
	put(bar, STYLE_STATUS_DIM, "  ");
	put(bar, style, words);
}

void
status_draw(int row, int col, int cols, const Window *window)
{
	struct bar bar = { row, col, col + cols };
	Account *account = window->account ? account_find(window->account) : account_default();
	char number[16];
	g_snprintf(number, sizeof number, " %u", window->number);
	put(&bar, STYLE_STATUS, number);
	put_call(&bar);
	if (account) {
		const char *word = connection_word(account);
		put(&bar, STYLE_STATUS_DIM, "  ");
		put(&bar, STYLE_STATUS, account_jid(account));
		put(&bar, STYLE_STATUS_DIM, " ");
		put(&bar, account_online(account) ? STYLE_STATUS_DIM : STYLE_STATUS_WARNING, word);
	}
	const char *asked = NULL, *words = questions_words(window, &asked);
	if (words) {
		put(&bar, STYLE_STATUS_DIM, "  ");
		put(&bar, STYLE_STATUS_WARNING, words);
	}
	put_activity(&bar);
	const char *state = window->conv ? convo_peer_state(window->conv) : NULL;
	if (!g_strcmp0(state, "composing")) {
		put(&bar, STYLE_STATUS_DIM, "  ");
		put(&bar, STYLE_STATUS_DIM, window_title(window));
		put(&bar, STYLE_STATUS_DIM, " is writing");
	}
	if (window->view && !view_at_end(window->view)) {
		g_autofree char *below = view_below(window->view) ? g_strdup_printf("  ↓ %u new below", view_below(window->view))
								  : g_strdup("  ↓ looking back");
		put(&bar, STYLE_STATUS, below);
	}
	if (window->view && view_waits(window->view))
		put(&bar, STYLE_STATUS_DIM, "  ↑ asking the server for older lines …");
	/* What it asks takes the room that is left. */
	if (words) {
		put(&bar, STYLE_STATUS_DIM, "  ");
		put(&bar, STYLE_STATUS_WARNING, asked);
	}
	finish(&bar, STYLE_STATUS);
}
