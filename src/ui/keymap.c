/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: each is a command line or an "@action" of the front end or the editor. Of rows for the same key the last counts,
 * so a user's or a plugin's row goes before ours. */
#include <string.h>

#include "base/table.h"
#include "ui/front.h"

const struct binding keymap_rows[] = {
	{ "Enter", "@send", "send the line or run the command" },
	{ "M-Enter", "@newline", "a new line in the text" },
	{ "C-j", "@newline", "a new line in the text" },
	{ "Tab", "@complete", "complete the word; again: the next candidate" },
	{ "S-Tab", "@complete-back", "the candidate before" },
	{ "C-a", "@beginning-of-line", "to the start of the line" },
	{ "C-e", "@end-of-line", "to the end of the line" },
	{ "C-b", "@backward-char", "one character back" },
	{ "Left", "@backward-char", "one character back" },
	{ "C-f", "@forward-char", "one character forward" },
	{ "Right", "@forward-char", "one character forward" },
	{ "M-b", "@backward-word", "one word back" },
	{ "C-Left", "@backward-word", "one word back" },
	{ "M-f", "@forward-word", "one word forward" },
	{ "C-Right", "@forward-word", "one word forward" },
	{ "C-d", "@delete-char", "delete the character under the cursor" },
	{ "Delete", "@delete-char", "delete the character under the cursor" },
	{ "Backspace", "@backward-delete-char", "delete the character before the cursor" },
	{ "C-k", "@kill-line", "cut to the end of the line" },
	{ "C-u", "@kill-to-start", "cut to the start of the line; there, of several lines: all of them" },
	{ "C-w", "@kill-to-space", "cut back to the space before" },
	{ "M-d", "@kill-word", "cut the next word" },
	{ "M-Backspace", "@backward-kill-word", "cut the word before" },
	{ "C-y", "@yank", "insert what was cut last" },
	{ "C-t", "@transpose", "swap two characters" },
	{ "C-_", "@undo", "take the last change back" },
	{ "C-r", "@history-search", "look backwards through the history" },
	{ "C-g", "@cancel", "stop looking, or drop a half-typed key" },
	{ "Up", "@previous-line", "back in the history of the window" },
	{ "Down", "@next-line", "forward in the history" },
	{ "C-Down", "@store-unsent", "keep the line in the history without sending it" },
	{ "M-c", "@external-editor", "edit the text in $VISUAL or $EDITOR" },
	{ "C-l", "/redraw", "draw the screen anew" },
	{ "C-z", "@suspend", "stop sotto; fg in the shell goes on" },
	{ "C-c", "@drop-input", "empty the input; when it is empty: says how to leave" },
	{ "PageUp", "@page-up", "look back" },
	{ "PageDown", "@page-down", "look forward" },
	{ "C-Home", "@top", "to the oldest line" },
	{ "M-Home", "@top", "to the oldest line" },
	{ "C-End", "@bottom", "to the newest line" },
	{ "M-End", "@bottom", "to the newest line" },
	{ "Home", "@beginning-of-line", "to the start of the line" },
	{ "End", "@end-of-line", "to the end of the line" },
	{ "M-l", "@bare", "hide title, panel and status, or show them again" },
	{ "M-u", "@unread", "to where reading stopped" },
	{ "M-PageUp", "@panel-up", "page the side panel" },
	{ "M-PageDown", "@panel-down", "page the side panel" },
	{ "C-Space", "/ptt talk", "be heard while it is held, when push to talk is on" },
	{ "M-a", "/window active", "to the window that wants attention most" },
	{ "M-/", "/window last", "to the window before" },
	{ "M-s", "/window other", "to the other window of a split" },
	{ "M-z", "/window zoom", "hide the other window of a split, or show it again" },
	{ "C-p", "/window previous", "to the previous window" },
	{ "C-n", "/window next", "to the next window" },
	{ "M-Left", "/window previous", "to the previous window" },
	{ "M-Right", "/window next", "to the next window" },
	{ "M-j", "@jump", "then two digits: to any window" },
	{ "M-1", "/window 1", "to window 1" },
	{ "M-2", "/window 2", "to window 2" },
	{ "M-3", "/window 3", "to window 3" },
	{ "M-4", "/window 4", "to window 4" },
	{ "M-5", "/window 5", "to window 5" },
	{ "M-6", "/window 6", "to window 6" },
	{ "M-7", "/window 7", "to window 7" },
	{ "M-8", "/window 8", "to window 8" },
	{ "M-9", "/window 9", "to window 9" },
	{ "M-0", "/window 10", "to window 10" },
	{ "M-q", "/window 11", "to window 11" },
	{ "M-w", "/window 12", "to window 12" },
	{ "M-e", "/window 13", "to window 13" },
	{ "M-r", "/window 14", "to window 14" },
	{ "M-t", "/window 15", "to window 15" },
	{ "M-y", "/window 16", "to window 16" },
	{ "M-i", "/window 18", "to window 18" },
	{ "M-o", "/window 19", "to window 19" },
	{ "M-p", "/window 20", "to window 20" },
	{ "F1", "/window 1", "to window 1" },
	{ "F2", "/window 2", "to window 2" },
	{ "F3", "/window 3", "to window 3" },
	{ "F4", "/window 4", "to window 4" },
	{ "F5", "/window 5", "to window 5" },
	{ "F6", "/window 6", "to window 6" },
	{ "F7", "/window 7", "to window 7" },
	{ "F8", "/window 8", "to window 8" },
	{ "F9", "/window 9", "to window 9" },
	{ "F10", "/window 10", "to window 10" },
	{ 0 },
};

static GHashTable *lines;
static guint generation;

const char *
keymap_line(const char *key)
{
	if (!lines || generation != table_generation(TABLE_BINDINGS)) {
		const struct binding *row;
		g_clear_pointer(&lines, g_hash_table_unref);
		lines = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; (row = table_row(TABLE_BINDINGS, i)); i++)
			g_hash_table_insert(lines, (gpointer)row->key, (gpointer)row->line);
		generation = table_generation(TABLE_BINDINGS);
	}
	return g_hash_table_lookup(lines, key);
}
