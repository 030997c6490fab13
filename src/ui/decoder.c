/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder of terminal input. Esc then 5 is Alt+5, however long after; Esc then / only if they come together. */
#include "ui/term.h"

#include "api/timer.h"

#include <string.h>

#define PASTE_MAX (1024 * 1024)
#define SEQUENCE_MAX 64
#define ANSWER_MAX 256
#define PASTE_BEGIN "\033[200~"
#define PASTE_END "\033[201~"
/* What comes later than this after Esc is no Alt+key of a terminal, not even over a slow line. */
#define TOGETHER (200 * G_TIME_SPAN_MILLISECOND)

struct Decoder {
	GString *bytes;    /* not yet understood */
	gint64 escaped_at; /* when bytes became a lone Esc */
	bool pasting, answers;
	GString *paste;
	term_key key;
	gpointer data;
};

/* The last letter of CSI and SS3 sequences, and the numbers before "~", as xterm, rxvt, linux and screen send them. */
static const struct {
	char final;
	const char *name;
} letters[] = {
	{ 'A', "Up" },
	{ 'B', "Down" },
	{ 'C', "Right" },
	{ 'D', "Left" },
	{ 'F', "End" },
	{ 'H', "Home" },
	{ 'Z', "S-Tab" },
	{ 'P', "F1" },
	{ 'Q', "F2" },
	{ 'R', "F3" },
	{ 'S', "F4" },
	{ 'M', "Enter" },
	{ 'I', "FocusIn" },
	{ 'O', "FocusOut" },
};
static const struct {
	int number;
	const char *name;
} numbers[] = {
	{ 1, "Home" },
	{ 2, "Insert" },
	{ 3, "Delete" },
	{ 4, "End" },
	{ 5, "PageUp" },
	{ 6, "PageDown" },
	{ 7, "Home" },
	{ 8, "End" },
	{ 11, "F1" },
	{ 12, "F2" },
	{ 13, "F3" },
	{ 14, "F4" },
	{ 15, "F5" },
	{ 17, "F6" },
	{ 18, "F7" },
	{ 19, "F8" },
	{ 20, "F9" },
	{ 21, "F10" },
	{ 23, "F11" },
	{ 24, "F12" },
};

Decoder *
decoder_new(term_key key, gpointer data)
{
	Decoder *decoder = g_new0(Decoder, 1);
	decoder->bytes = g_string_new(NULL);
	decoder->paste = g_string_new(NULL);
	decoder->key = key;
	decoder->data = data;
	return decoder;
}

void
decoder_free(Decoder *decoder)
{
	if (!decoder)
		return;
	g_string_free(decoder->bytes, TRUE);
	g_string_free(decoder->paste, TRUE);
	g_free(decoder);
}

bool
decoder_waits(const Decoder *decoder)
{
	return decoder->bytes->len || decoder->pasting;
}

void
decoder_expect_answers(Decoder *decoder, bool expect)
{
	decoder->answers = expect;
}

static void
emit(Decoder *decoder, const char *prefix, const char *name, const char *text)
{
	g_autofree char *whole = g_strconcat(prefix, name, NULL);
	decoder->key(whole, text, decoder->data);
}

/* The modifier parameter of xterm: 1 + shift, alt 2, control 4. */
static void
emit_modified(Decoder *decoder, bool meta, int modifier, const char *name)
{
	int bits = modifier > 1 ? modifier - 1 : 0;
	g_autofree char *prefix =
		g_strconcat(meta || bits & 2 ? "M-" : "", bits & 4 ? "C-" : "", bits & 1 && name[0] != 'S' ? "S-" : "", NULL);
	emit(decoder, prefix, name, NULL);
}

static const char *
name_of_letter(char final)
{
	for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
		if (letters[i].final == final)
			return letters[i].name;
	return NULL;
}

static const char *
name_of_number(int number)
{
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (numbers[i].number == number)
			return numbers[i].name;
	return NULL;
}

/* Bytes of a CSI or SS3 sequence after ESC; 0: more must come. */
static size_t
take_sequence(Decoder *decoder, const char *text, size_t length, bool meta)
{
	int parameters[2] = { 0, 0 }, n = 0;
	size_t at = 1;
	if (length < 2)
		return 0;
	if (text[0] == 'O') {
		/* Old rxvt: Oa is Ctrl+Up. */
		const char *name = name_of_letter(text[1] >= 'a' && text[1] <= 'd' ? text[1] - 32 : text[1]);
		if (name)
			emit_modified(decoder, meta, text[1] >= 'a' && text[1] <= 'd' ? 5 : 0, name);
		return 2;
	}
	/* The console of Linux: [[A is F1. */
	if (text[1] == '[') {
		char name[4] = { 'F', 0, 0, 0 };
		if (length < 3)
			return 0;
		name[1] = '1' + (text[2] - 'A');
		if (text[2] >= 'A' && text[2] <= 'E')
			emit_modified(decoder, meta, 0, name);
		return 3;
	}
	for (; at < length &&
		(g_ascii_isdigit(text[at]) || text[at] == ';' || text[at] == ':' || text[at] == '?' || text[at] == '<');
		at++) {
		if (text[at] == ';')
			n++;
		else if (g_ascii_isdigit(text[at]) && n < 2 && parameters[n] < 10000)
			parameters[n] = parameters[n] * 10 + (text[at] - '0');
		if (at > SEQUENCE_MAX)
			return at;
	}
	if (at == length)
		return 0;
	const char *name = NULL;
	if (text[at] == '~' && parameters[0] == 200) {
		decoder->pasting = true;
		g_string_truncate(decoder->paste, 0);
		return at + 1;
	}
	/* 27;modifier;code~ and code;modifieru: keys that have no sequence of their own, Enter with modifiers among them. */
	if (text[at] == 'u' && parameters[0] == 13)
		name = "Enter";
	else if (text[at] == '~' || text[at] == '^' || text[at] == '$')
		name = name_of_number(parameters[0]);
	else
		name = name_of_letter(text[at]);
	/* Answers of the terminal: what it is, what it shows, that it is well. */
	if (text[at] && strchr("cnt", text[at]) && at < SEQUENCE_MAX) {
		g_autofree char *answer = g_strndup(text + 1, at);
		emit(decoder, "", "Answer", answer);
	}
	if (name)
		emit_modified(decoder, meta, text[at] == '^' ? 5 : text[at] == '$' ? 2 : parameters[1], name);
	return at + 1;
}

static void
take_control(Decoder *decoder, bool meta, char c)
{
	static const struct {
		char c;
		const char *name;
	} named[] = { { '\r', "Enter" }, { '\t', "Tab" }, { 0x7f, "Backspace" }, { 0x08, "Backspace" }, { 0x1f, "C-_" },
		{ 0, "C-Space" } };
	char name[4] = "C-x";
	for (guint i = 0; i < G_N_ELEMENTS(named); i++)
		if (named[i].c == c) {
			emit(decoder, meta ? "M-" : "", named[i].name, NULL);
			return;
		}
	name[2] = g_ascii_tolower(c ^ 0x40);
	emit(decoder, meta ? "M-" : "", name, NULL);
}

/* Bytes of an answer in words; 0: more must come. Only what is short is one. */
static size_t
take_answer(Decoder *decoder, const char *text, size_t length)
{
	const char *end = g_strstr_len(text, MIN(length, ANSWER_MAX), "\033\\");
	if (!end)
		return 0;
	g_autofree char *answer = g_strndup(text + 2, end - text - 2);
	emit(decoder, "", "Answer", answer);
	return end + 2 - text;
}

/* One key from the begin of text; 0: more must come. */
static size_t
take_key(Decoder *decoder, const char *text, size_t length, bool meta)
{
	guchar c = text[0];
	char utf8[8] = { 0 };
	if (c == '\033') {
		if (length == 1)
			return 0;
		if (text[1] == '\033')
			return 1;
		if (text[1] == '_' && !meta && decoder->answers && length < ANSWER_MAX && (length < 3 || text[2] == 'G'))
			return take_answer(decoder, text, length);
		if ((text[1] == '[' || text[1] == 'O') && !meta) {
			size_t taken = take_sequence(decoder, text + 1, length - 1, false);
			return taken ? taken + 1 : 0;
		}
		size_t taken = take_key(decoder, text + 1, length - 1, true);
		return taken ? taken + 1 : 0;
	}
	if (c < 0x20 || c == 0x7f) {
		take_control(decoder, meta, c);
		return 1;
	}
	size_t need = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
	if (length < need)
		return 0;
	memcpy(utf8, text, need);
	if (!g_utf8_validate(utf8, need, NULL))
		return 1;
	emit(decoder, meta ? "M-" : "", utf8, meta ? NULL : utf8);
	return need;
}

static const char *
find(const char *text, size_t length, const char *what)
{
	return g_strstr_len(text, length, what);
}

static void
end_paste(Decoder *decoder)
{
	g_autofree char *valid = g_utf8_make_valid(decoder->paste->str, decoder->paste->len);
	GString *clean = g_string_new(NULL);
	for (const char *at = valid; *at; at++) {
		/* Terminals send line ends as Enter. */
		if (at[0] == '\r' && at[1] == '\n')
			continue;
		g_string_append_c(clean, *at == '\r' ? '\n' : *at);
	}
	decoder->pasting = false;
	decoder->key("Paste", clean->str, decoder->data);
	g_string_free(clean, TRUE);
	g_string_set_size(decoder->paste, 0);
}

/* G07: a paste may hold an end of its own. In one burst the last end counts, unless a new paste begins before it. */
static size_t
take_paste(Decoder *decoder, const char *text, size_t length)
{
	const char *end = find(text, length, PASTE_END);
	if (!end) {
		/* An end may be cut in two. */
		size_t keep = MIN(length, strlen(PASTE_END) - 1);
		while (keep && strncmp(text + length - keep, PASTE_END, keep))
			keep--;
		if (decoder->paste->len < PASTE_MAX)
			g_string_append_len(decoder->paste, text, length - keep);
		return length - keep;
	}
	for (;;) {
		const char *after = end + strlen(PASTE_END);
		size_t rest = length - (after - text);
		const char *next = find(after, rest, PASTE_END), *begin = find(after, rest, PASTE_BEGIN);
		if (!next || (begin && begin < next))
			break;
		end = next;
	}
	if (decoder->paste->len < PASTE_MAX)
		g_string_append_len(decoder->paste, text, end - text);
	end_paste(decoder);
	return end - text + strlen(PASTE_END);
}

static bool
is_lone_escape(const Decoder *decoder)
{
	return !decoder->pasting && decoder->bytes->len == 1 && decoder->bytes->str[0] == '\033';
}

/* Who pressed Esc to get out of something and types on does not mean Alt. A sequence may be cut in two by the line. */
static void
settle_escape(Decoder *decoder, char next)
{
	if (!is_lone_escape(decoder) || clock_monotonic() - decoder->escaped_at <= TOGETHER || g_ascii_isdigit(next) ||
		next == '[' || next == 'O')
		return;
	g_string_truncate(decoder->bytes, 0);
	emit(decoder, "", "Escape", NULL);
}

void
decoder_feed(Decoder *decoder, const char *bytes, size_t length)
{
	size_t at = 0;
	if (length)
		settle_escape(decoder, bytes[0]);
	g_string_append_len(decoder->bytes, bytes, length);
	while (at < decoder->bytes->len) {
		const char *text = decoder->bytes->str + at;
		size_t left = decoder->bytes->len - at;
		size_t taken = decoder->pasting ? take_paste(decoder, text, left) : take_key(decoder, text, left, false);
		if (!taken)
			break;
		at += taken;
	}
	g_string_erase(decoder->bytes, 0, MIN(at, decoder->bytes->len));
	if (is_lone_escape(decoder))
		decoder->escaped_at = clock_monotonic();
}
