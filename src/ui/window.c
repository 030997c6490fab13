/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbered windows, and which one is seen. */
#include "ui/window.h"

#include <string.h>

#include "account/contact.h"
#include "ui/layout.h"
#include "ui/places.h"
#include "ui/split.h"
#include "ui/win_call.h"

/* Strangers may write from any number of addresses; their windows open unasked only up to here (H07). */
#define STRANGERS_MAX 20

static GPtrArray *all;
static Window *current, *last;

static void
window_free(gpointer data)
{
	Window *window = data;
	if (window->data_free)
		window->data_free(window->data);
	view_free(window->view);
	editor_free(window->editor);
	g_free(window->account);
	g_free(window->peer);
	g_free(window);
}

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
	const Window *left = *(Window *const *)a, *right = *(Window *const *)b;
	return (left->number > right->number) - (left->number < right->number);
}

static Window *
add_window(void)
{
	Window *window = g_new0(Window, 1);
	guint number = 1;
	while (window_number(number))
		number++;
	window->number = number;
	window->editor = editor_new();
	g_ptr_array_add(all, window);
	g_ptr_array_sort(all, compare_numbers);
	return window;
}

void
windows_start(void)
{
	all = g_ptr_array_new_with_free_func(window_free);
	current = add_window();
	current->view = view_new(NULL);
}

void
windows_stop(void)
{
	split_close();
	g_clear_pointer(&all, g_ptr_array_unref);
	current = last = NULL;
}

const GPtrArray *
windows(void)
{
	return all;
}

static Window *
nth(guint n)
{
	return all->pdata[n];
}

Window *
window_console(void)
{
	return nth(0);
}

Window *
window_current(void)
{
	return current;
}

bool
window_is_seen(const Window *window)
{
	return window == current || window == split_other();
}

Window *
window_last(void)
{
	return last;
}

Window *
window_number(guint number)
{
	for (guint i = 0; i < all->len; i++)
		if (nth(i)->number == number)
			return nth(i);
	return NULL;
}

Window *
window_of(const Conversation *conv)
{
	for (guint i = 0; conv && i < all->len; i++)
		if (nth(i)->conv == conv)
			return nth(i);
	return NULL;
}

Window *
window_of_peer(const char *account, const char *peer)
{
	for (guint i = 0; peer && i < all->len; i++)
		if (!g_strcmp0(nth(i)->peer, peer) && (!account || !g_strcmp0(nth(i)->account, account)))
			return nth(i);
	return NULL;
}

const char *
window_title(const Window *window)
{
	if (window->kind)
		return window->kind->title ? window->kind->title(window->data) : window->kind->name;
	if (window->conv)
		return convo_title(window->conv);
	return window->peer ? window->peer : "console";
}

static bool
begins(const char *text, const char *name)
{
	g_autofree char *a = g_utf8_casefold(text ? text : "", -1), *b = g_utf8_casefold(name, -1);
	return g_str_has_prefix(a, b);
}

bool
window_is_of_stranger(const Conversation *conv)
{
	return !contact_find(convo_account(conv), convo_peer(conv));
}

Window *
window_by_name(const char *name)
{
	guint64 number;
	if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT, &number, NULL))
		return window_number(number);
	for (guint i = 0; i < all->len; i++)
		if (!g_strcmp0(nth(i)->peer, name) || !strcmp(window_title(nth(i)), name))
			return nth(i);
	/* A stranger comes after whoever else is called so. */
	for (int of_strangers = 0; of_strangers < 2; of_strangers++)
		for (guint i = 0; i < all->len; i++)
			if ((nth(i)->conv && window_is_of_stranger(nth(i)->conv)) == of_strangers &&
				(begins(nth(i)->peer, name) || begins(window_title(nth(i)), name)))
				return nth(i);
	return NULL;
}

/* However many they are, a contact still gets a window. */
static bool
has_room(const Conversation *conv)
{
	guint strangers = 0;
	if (!window_is_of_stranger(conv))
		return true;
	for (guint i = 0; i < all->len; i++)
		strangers += nth(i)->conv && window_is_of_stranger(nth(i)->conv);
	return strangers < STRANGERS_MAX;
}

Window *
window_make(Conversation *conv, bool asked)
{
	Window *window = window_of(conv);
	if (window || (!asked && !has_room(conv)))
		return window;
	window = add_window();
	window->conv = conv;
	window->view = view_new(conv);
	window->account = g_strdup(account_jid(convo_account(conv)));
	window->peer = g_strdup(convo_peer(conv));
	const char *draft = convo_draft(conv);
	if (draft && *draft)
		editor_set(window->editor, draft);
	places_changed();
	layout_dirty(PART_STATUS);
	return window;
}

Window *
window_make_kind(const struct window_kind *kind, gpointer data, GDestroyNotify data_free)
{
	Window *window = add_window();
	window->kind = kind;
	window->data = data;
	window->data_free = data_free;
	layout_dirty(PART_STATUS);
	return window;
}

void
window_keep_draft(Window *window)
{
	if (window->conv && strcmp(convo_draft(window->conv), editor_text(window->editor)))
		convo_set_draft(window->conv, editor_text(window->editor));
}

static void
leave(Window *window)
{
	window_keep_draft(window);
	if (!window->conv)
		return;
	convo_typing(window->conv, false);
	if (view_at_end(window->view))
		view_mark_read(window->view, view_last_at(window->view));
}

void
window_switch(Window *window)
{
	if (window == current)
		return;
	Window *before = last;
	leave(current);
	last = current;
	current = window;
	split_switched(last, current);
	call_windows_tidy();
	/* A call's window that went on being left is no way back: what was there before it is. */
	if (!last && before != window && g_ptr_array_find(all, before, NULL))
		last = before;
	places_changed();
	layout_entered();
}

void
window_close(Window *window)
{
	if (window == window_console())
		return;
	if (window == current)
		window_switch(last && last != window ? last : window_step(-1));
	if (last == window)
		last = NULL;
	split_closed(window);
	window_keep_draft(window);
	g_ptr_array_remove(all, window);
	places_changed();
	layout_dirty(PART_ALL);
}

Window *
window_step(int by)
{
	guint at = 0;
	g_ptr_array_find(all, current, &at);
	return nth((at + all->len + by) % all->len);
}

Window *
window_active(void)
{
	Window *best = NULL;
	for (guint i = 0; i < all->len; i++)
		if (nth(i) != current && nth(i)->activity > (best ? best->activity : ACTIVITY_NONE))
			best = nth(i);
	return best;
}

void
window_raise(Window *window, enum activity activity)
{
	if (window == current || activity <= window->activity)
		return;
	window->activity = activity;
	layout_dirty(PART_STATUS);
}

void
windows_check(void)
{
	for (guint i = 0; i < all->len; i++) {
		Window *window = nth(i);
		if (!window->peer)
			continue;
		Conversation *conv = account_find(window->account) ? convo_find(window->account, window->peer) : NULL;
		if (conv == window->conv)
			continue;
		window->conv = conv;
		if (!conv)
			view_forget_conversation(window->view);
	}
	layout_dirty(PART_ALL);
}
