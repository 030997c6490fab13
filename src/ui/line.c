/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line: time, nick, state, seal, margin, text. What stands left of the margin is ours alone: a text that imitates a
 * line stays right of it, on every row that it takes (G05). */
#include "ui/line.h"

#include <string.h>
#include <time.h>

#include "api/jid.h"
#include "ui/address.h"
#include "ui/bidi.h"

/* Longer texts are cut on the screen, not in the store. */
#define DRAWN_MAX (32 * 1024)

int line_nick_width = 12;
bool line_time_is_shown = true;
bool line_is_grouped = true;

static const struct {
	const char *sign;
	enum style style;
	const char *meaning;
} states[] = {
	[MESSAGE_PENDING] = { "…", STYLE_PENDING, "waits: not with the server yet" },
	[MESSAGE_SENT] = { "›", STYLE_PENDING, "the server has it" },
	[MESSAGE_DELIVERED] = { "»", STYLE_PENDING, "a device of theirs has it" },
	[MESSAGE_READ] = { "✓", STYLE_PENDING, "they have read it" },
	[MESSAGE_FAILED] = { "!", STYLE_ERROR, "not sent: the row below says why" },
}, seals[] = {
	[TRUST_NONE] = { "P", STYLE_PLAIN, "plain: readable by the servers on the way" },
	[TRUST_UNDECIDED] = { "?", STYLE_DOUBT, "sealed, by a device that nobody has decided about" },
	[TRUST_TRUSTED] = { "◇", STYLE_SEALED, "sealed, by a device trusted on first use" },
	[TRUST_VERIFIED] = { "◆", STYLE_SEALED, "sealed, by a device whose key was verified" },
	[TRUST_UNTRUSTED] = { "x", STYLE_PLAIN, "sealed, but by a device that is not trusted" },
}, kinds[] = {
	[LINE_MESSAGE] = { "", STYLE_TEXT, NULL },
	[LINE_OUTPUT] = { "", STYLE_OUTPUT, NULL },
	[LINE_ERROR] = { "-!-", STYLE_ERROR, NULL },
	[LINE_EVENT] = { "-!-", STYLE_EVENT, "said by sotto, not by a person" },
	[LINE_ALERT] = { "!!!", STYLE_ALERT, "an alert: read it before you go on" },
	[LINE_ASK] = { "?", STYLE_ASK, "a question: answer it with one of the words shown" },
	[LINE_WIRE_IN] = { "<<<", STYLE_OUTPUT, "came over the wire" },
	[LINE_WIRE_OUT] = { ">>>", STYLE_OWN_NICK, "went over the wire" },
};
#define EDITED_SIGN "~"

const char *
line_sign(guint n, const char **meaning, enum style *style)
{
	static const guint chosen_kinds[] = { LINE_EVENT, LINE_ALERT, LINE_ASK };
	if (n < G_N_ELEMENTS(states))
		return *meaning = states[n].meaning, *style = states[n].style, states[n].sign;
	n -= G_N_ELEMENTS(states);
	if (n < G_N_ELEMENTS(seals))
		return *meaning = seals[n].meaning, *style = seals[n].style, seals[n].sign;
	n -= G_N_ELEMENTS(seals);
	if (n == 0)
		return *meaning = "corrected after it was sent", *style = STYLE_PENDING, EDITED_SIGN;
	n--;
	if (n < G_N_ELEMENTS(chosen_kinds))
		return *meaning = kinds[chosen_kinds[n]].meaning, *style = kinds[chosen_kinds[n]].style,
		       kinds[chosen_kinds[n]].sign;
	return NULL;
}

/* Where the parts of a row stand; narrow windows give up the time and then the width of nicks. */
struct columns {
	int time, nick, nick_width, signs, margin, text, text_width;
};

static struct columns
columns_of(const struct line *line, int cols)
{
	struct columns is = { .time = -1 };
	int at = 0;
	/* Answers of commands want the width: their margin stands at the border, where no other line has one. */
	if (line->kind == LINE_OUTPUT) {
		is.margin = 0;
		is.text = cols >= 10 ? 2 : 1;
		is.text_width = MAX(cols - is.text, 1);
		return is;
	}
	if (line_time_is_shown && cols >= 50) {
		is.time = 0;
		at = 6;
	}
	is.nick = at;
	is.nick_width = cols >= 70 ? line_nick_width : cols >= 40 ? MIN(line_nick_width, 8) : MIN(line_nick_width, 5);
	if (line->kind == LINE_WIRE_IN || line->kind == LINE_WIRE_OUT)
		is.nick_width = MIN(is.nick_width, 3);
	/* Three columns are reserved: how far it came, how it was sealed, whether it was corrected. */
	is.signs = is.nick + is.nick_width + (cols >= 40 ? 1 : 0);
	is.margin = is.signs + 3;
	is.text = is.margin + (cols >= 40 ? 2 : 1);
	is.text_width = MAX(cols - is.text, 1);
	return is;
}

int
line_answer_columns(int cols)
{
	struct line answer = { .kind = LINE_OUTPUT };
	return columns_of(&answer, cols).text_width;
}

/* A picture keeps its columns. Where an answer is wider than the window, because that became narrower, nothing of it is cut
 * off: half a fingerprint is none. */
static bool
is_one_row(const struct line *line, int width)
{
	return line->plain && (line->kind != LINE_OUTPUT || glyph_width(line->text, strlen(line->text)) <= width);
}

void
line_free(gpointer data)
{
	struct line *line = data;
	if (line->message)
		message_unref(line->message);
	g_free(line->text);
	g_free(line->warning);
	g_free(line);
}

int
line_day(gint64 at)
{
	time_t seconds = at / G_USEC_PER_SEC;
	struct tm tm;
	if (!at || !localtime_r(&seconds, &tm))
		return 0;
	return (tm.tm_year + 1900) * 1000 + tm.tm_yday + 1;
}

char *
line_day_words(gint64 at)
{
	char words[64] = "";
	time_t seconds = at / G_USEC_PER_SEC;
	struct tm tm;
	if (localtime_r(&seconds, &tm))
		strftime(words, sizeof words, "%A, %Y-%m-%d", &tm);
	return g_strdup(words);
}

static char *
nick_of(const Message *message, const Conversation *conv)
{
	if (message->kind != MESSAGE_CHAT && message->direction == MESSAGE_IN) {
		const char *resource = jid_resource(message->from);
		if (resource)
			return g_strdup(resource);
	}
	if (message->direction == MESSAGE_OUT) {
		char *local = jid_local(message->account);
		return local ? local : g_strdup("me");
	}
	const char *title = conv ? convo_title(conv) : message->conversation;
	if (!strcmp(title, message->conversation)) {
		char *local = jid_local(title);
		return local ? local : g_strdup(title);
	}
	return g_strdup(title);
}

static bool
is_action(const Message *message)
{
	return message->body && g_str_has_prefix(message->body, "/me ");
}

/* The text right of the margin; *made if it had to be put together. */
static const char *
text_of(const struct line *line, const Conversation *conv, char **made)
{
	const Message *message = line->message;
	if (!message)
		return line->text;
	if (!message->body)
		return *made = g_strdup_printf(
			       "cannot be opened: %s", message->reason ? message->reason : "the reason is not known");
	if (is_action(message)) {
		g_autofree char *nick = nick_of(message, conv);
		return *made = g_strdup_printf("%s %s", nick, message->body + strlen("/me "));
	}
	return message->body;
}

/* Answers that are tables keep their last column when they are wrapped: the blanks before it, 0 for none. */
static int
hang_of(const struct line *line, int width)
{
	const char *text = line->text;
	if (line->kind != LINE_OUTPUT || !text)
		return 0;
	const char *at = text + strspn(text, " "), *gap = strstr(at, "  ");
	if (!gap || memchr(text, '\n', gap - text))
		return 0;
	gap += strspn(gap, " ");
	int hang = glyph_width(text, gap - text);
	return hang <= width / 2 ? hang : 0;
}

static int
wrapped_rows(const char *text, size_t length, int width, int hang)
{
	int rows = 0;
	size_t at = 0, next;
	do {
		wrap_next(text + at, length - at, at ? width - hang : width, &next);
		at += next;
		rows++;
	} while (at < length);
	return rows;
}

/* Why it failed, or what it waits for. */
static bool
has_reason(const Message *message)
{
	return message && (message->state == MESSAGE_FAILED || message->state == MESSAGE_PENDING) && message->body &&
	       message->reason;
}

int
line_rows(struct line *line, const Conversation *conv, int cols)
{
	if (line->cols == cols && line->rows)
		return line->rows;
	struct columns is = columns_of(line, cols);
	g_autofree char *made = NULL;
	const char *text = text_of(line, conv, &made);
	size_t length = strlen(text);
	line->cols = cols;
	line->rows = is_one_row(line, is.text_width)
			     ? 1
			     : wrapped_rows(text, MIN(length, DRAWN_MAX), is.text_width, hang_of(line, is.text_width));
	if (length > DRAWN_MAX && !line->plain)
		line->rows++;
	g_free(line->warning);
	line->warning = line->plain ? NULL : address_warning(text, MIN(length, DRAWN_MAX));
	if (line->warning)
		line->rows += wrap_count(line->warning, strlen(line->warning), is.text_width);
	if (has_reason(line->message))
		line->rows += wrap_count(line->message->reason, strlen(line->message->reason), is.text_width);
	return line->rows;
}

static void
draw_margin(const struct columns *is, int row, int col, const char *sign, Style style)
{
	int width = glyph_width(sign, strlen(sign)), nick_width = MIN(width, is->nick_width);
	if (!is->margin) {
		screen_put(row, col, 1, STYLE_TIME, "│", -1);
		screen_fill(row, col + 1, is->text - 1, STYLE_TEXT);
		return;
	}
	/* Blanks have the style of what stands beside them: each change of style costs bytes and none is seen. */
	Style blank = *sign ? STYLE_TIME : STYLE_TEXT;
	screen_fill(row, col, is->nick, blank);
	screen_fill(row, col + is->nick, is->nick_width - nick_width, blank);
	screen_put(row, col + is->nick + is->nick_width - nick_width, nick_width, style, sign, -1);
	screen_fill(row, col + is->nick + is->nick_width, is->margin - is->nick - is->nick_width, STYLE_MARGIN);
	screen_put(row, col + is->margin, 1, STYLE_MARGIN, "│", -1);
	screen_fill(row, col + is->margin + 1, is->text - is->margin - 1, STYLE_MARGIN);
}

/* The name and the time are not said again while one person goes on within a minute. */
static bool
continues(const struct line *line, const struct line *above)
{
	const Message *is = line->message, *was = above ? above->message : NULL;
	return line_is_grouped && is && was && !is->notice && !was->notice && is->direction == was->direction &&
	       !g_strcmp0(is->from, was->from) && is->sent_at / G_USEC_PER_SEC / 60 == was->sent_at / G_USEC_PER_SEC / 60 &&
	       !is_action(is) && !is_action(was);
}

static void
draw_head(const struct line *line, bool goes_on, const Conversation *conv, const struct columns *is, int row, int col)
{
	const Message *message = line->message;
	g_autofree char *nick = NULL;
	const char *sign = kinds[line->kind].sign;
	Style style = kinds[line->kind].style;
	if (message && message->notice) {
		sign = kinds[LINE_EVENT].sign;
		style = STYLE_EVENT;
	} else if (message) {
		bool own = message->direction == MESSAGE_OUT;
		sign = nick = nick_of(message, conv);
		int colour = own ? COLOUR_DEFAULT
				 : nick_colour(message->kind == MESSAGE_CHAT ? message->conversation : nick,
					   screen_nick_lightness(), screen_colours());
		style = own ? STYLE_OWN_NICK : colour == COLOUR_DEFAULT ? STYLE_NICK : STYLE_COLOURED(STYLE_NICK, colour);
		if (is_action(message))
			sign = "*";
	}
	draw_margin(is, row, col, goes_on ? "" : sign, style);
	if (is->time >= 0 && !goes_on && line->kind != LINE_OUTPUT) {
		char clock[8] = "";
		time_t seconds = line->at / G_USEC_PER_SEC;
		struct tm tm;
		if (localtime_r(&seconds, &tm))
			strftime(clock, sizeof clock, "%H:%M", &tm);
		screen_put(row, col + is->time, 5, STYLE_TIME, clock, -1);
	}
	if (!message || message->notice)
		return;
	if (message->direction == MESSAGE_OUT)
		screen_put(row, col + is->signs, 1, states[message->state].style, states[message->state].sign, -1);
	/* What still waits is not sealed yet. */
	if (message->seal || message->direction == MESSAGE_IN ||
		(message->state != MESSAGE_PENDING && message->state != MESSAGE_FAILED)) {
		enum trust trust = message->seal ? message->trust : TRUST_NONE;
		if (message->seal && trust == TRUST_NONE)
			trust = TRUST_UNDECIDED;
		screen_put(row, col + is->signs + 1, 1, seals[trust].style, seals[trust].sign, -1);
	}
	if (message->edited)
		screen_put(row, col + is->signs + 2, 1, STYLE_PENDING, EDITED_SIGN, -1);
}

/* Where on the screen a line is being drawn. */
struct place {
	int row, col, cols, top, bottom;
};

static bool
is_seen(const struct place *place)
{
	return place->row >= place->top && place->row < place->bottom;
}

static void
draw_hanging(
	const struct columns *is, struct place *place, const char *text, size_t length, Style style, const char *sign, int hang)
{
	size_t at = 0, next;
	/* The direction is that of the paragraph, on all rows of it. Only what somebody said has one of its own: a name in a line
	 * of ours does not turn our words. */
	bool said = style & STYLE_RTL;
	style &= ~STYLE_RTL;
	Style direction = said && bidi_is_rtl(text, length) ? STYLE_RTL : 0;
	do {
		int indent = at ? hang : 0, width = is->text_width - indent;
		size_t bytes = wrap_next(text + at, length - at, width, &next);
		if (is_seen(place)) {
			if (sign)
				draw_margin(is, place->row, place->col, at ? "" : sign, style);
			if (indent)
				screen_fill(place->row, place->col + is->text, indent, style);
			screen_line(place->row, place->col + is->text + indent, width, style | direction, text + at, bytes);
		}
		if (bytes < next && memchr(text + at + bytes, '\n', next - bytes))
			direction = said && bidi_is_rtl(text + at + next, length - at - next) ? STYLE_RTL : 0;
		sign = sign ? sign : "";
		at += next;
		place->row++;
	} while (at < length && place->row < place->bottom);
}

static void
draw_text(const struct columns *is, struct place *place, const char *text, size_t length, Style style, const char *sign)
{
	draw_hanging(is, place, text, length, style, sign, 0);
}

void
line_draw(struct line *line, const struct line *above, const Conversation *conv, const struct rectangle *at, int row)
{
	int col = at->col, cols = at->cols, bottom = at->row + at->rows;
	struct columns is = columns_of(line, cols);
	int end = row + line_rows(line, conv, cols);
	struct place place = { row, col, cols, at->row, MIN(bottom, end) };
	const Message *message = line->message;
	g_autofree char *made = NULL;
	const char *text = text_of(line, conv, &made);
	size_t length = strlen(text), drawn = MIN(length, DRAWN_MAX);
	Style style = message && message->notice ? STYLE_EVENT : message && !message->body ? STYLE_ERROR : kinds[line->kind].style;
	if (message && message->body && message->direction == MESSAGE_OUT && message->state == MESSAGE_PENDING)
		style = STYLE_PENDING;
	if (is_seen(&place))
		draw_head(line, continues(line, above), conv, &is, row, col);
	if (is_one_row(line, is.text_width)) {
		if (is_seen(&place))
			screen_line(row, col + is.text, is.text_width, style, text, -1);
		return;
	}
	draw_hanging(&is, &place, text, drawn, message && !message->notice && message->body ? style | STYLE_RTL : style, NULL,
		hang_of(line, is.text_width));
	if (length > drawn) {
		g_autofree char *size = g_format_size(length - drawn);
		g_autofree char *more = g_strdup_printf("… %s more", size);
		draw_text(&is, &place, more, strlen(more), STYLE_EVENT, "-!-");
	}
	if (line->warning)
		draw_text(&is, &place, line->warning, strlen(line->warning), STYLE_DOUBT, "!");
	if (has_reason(message))
		draw_text(&is, &place, message->reason, strlen(message->reason),
			message->state == MESSAGE_FAILED ? STYLE_ERROR : STYLE_EVENT,
			message->state == MESSAGE_FAILED ? "!" : "-!-");
	/* The nick of an action may have been another one when it was measured. */
	while (place.row < place.bottom)
		draw_text(&is, &place, "", 0, style, "");
}

void
line_draw_rule(int row, int col, int cols, Style style, const char *words)
{
	g_autoptr(GString) rule = g_string_new(NULL);
	int width = glyph_width(words, strlen(words)), left = MAX((cols - width - 2) / 2, 0);
	for (int i = 0; i < left; i++)
		g_string_append(rule, "─");
	g_string_append_printf(rule, " %s ", words);
	for (int i = left + width + 2; i < cols; i++)
		g_string_append(rule, "─");
	screen_line(row, col, cols, style, rule->str, -1);
}
