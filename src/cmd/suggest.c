/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What might have been meant by an unknown command: the name with the fewest letters to change. */
#include "cmd/suggest.h"

#include <string.h>

#include "api/error.h"
#include "base/table.h"

enum { WORD_MAX = 24, NEAR = 2, SHORT = 4 };

/* Letters to insert, drop, change or swap with the next; both at most WORD_MAX long. */
static int
distance(const char *a, const char *b)
{
	int rows[WORD_MAX + 1][WORD_MAX + 1];
	int m = (int)strlen(a), n = (int)strlen(b);

	for (int i = 0; i <= m; i++)
		rows[i][0] = i;
	for (int k = 0; k <= n; k++)
		rows[0][k] = k;
	for (int i = 1; i <= m; i++)
		for (int k = 1; k <= n; k++) {
			int changed = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);

			rows[i][k] = MIN(changed, MIN(rows[i - 1][k], rows[i][k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				rows[i][k] = MIN(rows[i][k], rows[i - 2][k - 2] + 1);
		}
	return rows[m][n];
}

static const char *
nearest(const char *word)
{
	const struct cmd *row;
	const char *found = NULL;
	/* Two letters changed in a short word make any other. */
	int best = strlen(word) <= SHORT ? NEAR : NEAR + 1;

	if (strlen(word) > WORD_MAX || strlen(word) < 2)
		return NULL;
	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++) {
		int steps;

		if (strchr(row->name, ' ') || strlen(row->name) > WORD_MAX)
			continue;
		steps = g_str_has_prefix(row->name, word) ? 0 : distance(word, row->name);
		if (steps < best) {
			best = steps;
			found = row->name;
		}
	}
	return found;
}

/* What people type who know other programs, and would take a near word for. */
static const char *const room_words[] = { "join", "topic", "nick", "part", "leave", "invite", "kick", "ban", "room", "rooms" };

static bool
is_room_word(const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(room_words); i++)
		if (!g_ascii_strcasecmp(room_words[i], word))
			return true;
	return false;
}

bool
suggest_fault(const char *words, GError **error)
{
	g_autofree char *word = g_strndup(words, strcspn(words, " \t\n"));
	const char *meant;

	if (!*word)
		return fault(error, FAULT_INPUT, "a / alone is no command: /help lists them, and // begins a text with a /");
	if (is_room_word(word))
		return fault(
			error, FAULT_INPUT, "there is no command /%s: sotto has no rooms yet, only chats with one contact", word);
	meant = nearest(word);
	if (meant)
		return fault(error, FAULT_INPUT, "there is no command /%s: did you mean /%s", word, meant);
	return fault(error, FAULT_INPUT, "there is no command /%s: /help lists them, and // begins a text with a /", word);
}
