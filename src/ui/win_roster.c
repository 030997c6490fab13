/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The side panel: contacts by group, those that are here first. */
#include <string.h>

#include "account/contact.h"
#include "ui/front.h"
#include "ui/layout.h"

/* Sorting a large roster for every presence at login would be most of its cost (H07). */
#define SORT_US 500000

struct entry {
	const char *account; /* of a contact; NULL: a heading */
	char *jid, *name, *group, *sort;
	int rank;
};

static GPtrArray *entries;
static bool stale = true;
static gint64 sorted_at;
static guint later;
static int top;

static const struct {
	const char *word, *sign;
	int rank;
	enum style style;
} presences[] = {
	{ "chat", "●", 0, STYLE_PANEL_ONLINE },
	{ "online", "●", 0, STYLE_PANEL_ONLINE },
	{ "away", "○", 1, STYLE_READ_LINE },
	{ "dnd", "-", 1, STYLE_ERROR },
	{ "xa", "○", 2, STYLE_PANEL_OFFLINE },
	{ "offline", " ", 3, STYLE_PANEL_OFFLINE },
};

static guint
presence_row(const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(presences); i++)
		if (!g_strcmp0(presences[i].word, word))
			return i;
	return G_N_ELEMENTS(presences) - 1;
}

static void
entry_free(gpointer data)
{
	struct entry *entry = data;
	g_free(entry->jid);
	g_free(entry->name);
	g_free(entry->group);
	g_free(entry->sort);
	g_free(entry);
}

static gint
compare_entries(gconstpointer a, gconstpointer b)
{
	const struct entry *left = *(struct entry *const *)a, *right = *(struct entry *const *)b;
	int by = strcmp(left->group, right->group);
	if (!by)
		by = left->rank - right->rank;
	return by ? by : strcmp(left->sort, right->sort);
}

static void
take_contact(const Contact *contact, gpointer data)
{
	struct entry *entry = g_new0(struct entry, 1);
	const char *const *groups = contact_groups(contact);
	entry->account = data;
	entry->jid = g_strdup(contact_jid(contact));
	entry->name = g_strdup(contact_name(contact));
	entry->group = g_strdup(groups && groups[0] ? groups[0] : "");
	entry->sort = g_utf8_casefold(entry->name, 200);
	entry->rank = presences[presence_row(contact_presence(contact))].rank;
	g_ptr_array_add(entries, entry);
}

static void
add_headings(void)
{
	const char *group = "";
	for (guint i = 0; i < entries->len; i++) {
		struct entry *entry = entries->pdata[i];
		if (strcmp(entry->group, group)) {
			struct entry *heading = g_new0(struct entry, 1);
			heading->name = g_strdup(entry->group);
			g_ptr_array_insert(entries, i++, heading);
		}
		group = entry->group;
	}
}

static void
rebuild(void)
{
	g_clear_pointer(&entries, g_ptr_array_unref);
	entries = g_ptr_array_new_with_free_func(entry_free);
	const GPtrArray *accounts = account_list();
	for (guint i = 0; accounts && i < accounts->len; i++)
		contact_each(accounts->pdata[i], take_contact, (gpointer)g_intern_string(account_jid(accounts->pdata[i])));
	g_ptr_array_sort(entries, compare_entries);
	add_headings();
	stale = false;
	sorted_at = g_get_monotonic_time();
}

static gboolean
on_later(gpointer data)
{
	(void)data;
	later = 0;
	layout_dirty(PART_PANEL);
	return G_SOURCE_REMOVE;
}

bool
panel_has_contacts(void)
{
	const GPtrArray *accounts = account_list();
	for (guint i = 0; accounts && i < accounts->len; i++)
		if (contact_count(accounts->pdata[i]))
			return true;
	return false;
}

void
panel_dirty(void)
{
	static bool was_shown;
	stale = true;
	/* The first contact brings the panel, the last takes it away. */
	if (was_shown != layout_panel_is_shown())
		layout_dirty(PART_ALL);
	was_shown = layout_panel_is_shown();
	if (!layout_panel_is_shown())
		return;
	if (g_get_monotonic_time() - sorted_at >= SORT_US)
		layout_dirty(PART_PANEL);
	else if (!later)
		later = g_timeout_add(SORT_US / 1000, on_later, NULL);
}

void
panel_scroll(int by)
{
	top = MAX(top + by, 0);
	layout_dirty(PART_PANEL);
}

void
panel_stop(void)
{
	g_clear_handle_id(&later, g_source_remove);
	g_clear_pointer(&entries, g_ptr_array_unref);
	stale = true;
	top = 0;
}

static void
draw_entry(const struct entry *entry, int row, int col, int cols)
{
	if (!entry->account) {
		screen_line(row, col, cols, STYLE_PANEL_GROUP, entry->name, -1);
		return;
	}
	/* The account may be gone while an old list is still shown. */
	Account *account = account_find(entry->account);
	const Contact *contact = account ? contact_find(account, entry->jid) : NULL;
	guint presence = presence_row(contact ? contact_presence(contact) : "offline");
	const Window *window = window_current();
	Conversation *conv = account ? convo_find(entry->account, entry->jid) : NULL;
	guint unread = conv ? convo_unread(conv) : 0;
	Style style = unread ? STYLE_PANEL_UNREAD : presences[presence].rank == 3 ? STYLE_PANEL_OFFLINE : STYLE_PANEL;
	char count[16] = "";
	if (unread)
		g_snprintf(count, sizeof count, unread > 999 ? " 999" : " %u", unread);
	int width = MAX(cols - 2 - (int)strlen(count), 0);
	if (conv && window->conv == conv)
		style = STYLE_OWN_NICK;
	screen_put(row, col, 1, presences[presence].style, presences[presence].sign, -1);
	screen_put(row, col + 1, 1, style, " ", 1);
	screen_line(row, col + 2, width, style, entry->name, -1);
	screen_put(row, col + 2 + width, strlen(count), STYLE_PANEL_UNREAD, count, -1);
}

void
panel_draw(int row, int col, int rows, int cols)
{
	if (!entries || (stale && g_get_monotonic_time() - sorted_at >= SORT_US))
		rebuild();
	else if (stale && !later)
		later = g_timeout_add(SORT_US / 1000, on_later, NULL);
	top = CLAMP(top, 0, MAX((int)entries->len - rows, 0));
	for (int i = 0; i < rows; i++) {
		if (top + i < (int)entries->len)
			draw_entry(entries->pdata[top + i], row + i, col, cols);
		else
			screen_fill(row + i, col, cols, STYLE_PANEL);
	}
}
