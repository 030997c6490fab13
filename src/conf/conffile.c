/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of sotto.conf: reading a line and writing one that reads back the same. */
#include "conf/conffile.h"

#include <string.h>

static void
conf_line_free(ConfLine *line)
{
	g_free(line->raw);
	g_free(line->name);
	g_free(line->text);
	g_free(line);
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* One character of "..." after a backslash; NULL when the escape is none of ours. */
static const char *
unescape(const char *at, GString *out)
{
	static const char codes[] = "ntr\"\\", values[] = "\n\t\r\"\\";
	const char *code;

	if (*at == 'x' && g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2])) {
		int byte = g_ascii_xdigit_value(at[1]) * 16 + g_ascii_xdigit_value(at[2]);

		if (byte == 0)
			return NULL;
		g_string_append_c(out, (char)byte);
		return at + 3;
	}
	code = *at ? strchr(codes, *at) : NULL;
	if (!code)
		return NULL;
	g_string_append_c(out, values[code - codes]);
	return at + 1;
}

/* "..." at *at, which moves on behind it. NULL when it is not closed or has an unknown escape. */
static char *
take_quoted(const char **at)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *from = *at + 1;

	while (*from && *from != '"') {
		if (*from != '\\') {
			g_string_append_c(out, *from++);
			continue;
		}
		from = unescape(from + 1, out);
		if (!from)
			return NULL;
	}
	if (*from != '"')
		return NULL;
	*at = from + 1;
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
take_name(const char **at)
{
	const char *start = *at;

	if (*start == '"')
		return take_quoted(at);
	*at += strcspn(start, " \t=\"#");
	return *at > start ? g_strndup(start, (gsize)(*at - start)) : NULL;
}

static char *
take_value(const char *at)
{
	g_autofree char *text = NULL;

	if (*at != '"')
		return g_strchomp(g_strdup(at));
	text = take_quoted(&at);
	return text && !*skip_blanks(at) ? g_steal_pointer(&text) : NULL;
}

static ConfLine *
parse_line(const char *raw)
{
	ConfLine *line = g_new0(ConfLine, 1);
	const char *at = skip_blanks(raw);

	line->raw = g_strdup(raw);
	if (!*at || *at == '#')
		return line;
	line->name = g_utf8_validate(raw, -1, NULL) ? take_name(&at) : NULL;
	at = skip_blanks(at);
	if (line->name && *at == '=')
		line->text = take_value(skip_blanks(at + 1));
	if (!line->text)
		g_clear_pointer(&line->name, g_free);
	line->bad = !line->text;
	return line;
}

GPtrArray *
conffile_parse(const char *text)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)conf_line_free);

	while (*text) {
		size_t length = strcspn(text, "\n"), shown = length;
		g_autofree char *raw = NULL;

		if (shown && text[shown - 1] == '\r')
			shown--;
		raw = g_strndup(text, shown);
		g_ptr_array_add(lines, parse_line(raw));
		text += length + (text[length] == '\n');
	}
	return lines;
}

static void
append_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *c = text; *c; c++) {
		switch (*c) {
		case '\n':
			g_string_append(out, "\\n");
			break;
		case '\t':
			g_string_append(out, "\\t");
			break;
		case '\r':
			g_string_append(out, "\\r");
			break;
		case '"':
		case '\\':
			g_string_append_printf(out, "\\%c", *c);
			break;
		default:
			if ((guchar)*c < ' ' || *c == 0x7f)
				g_string_append_printf(out, "\\x%02x", (guchar)*c);
			else
				g_string_append_c(out, *c);
		}
	}
	g_string_append_c(out, '"');
}

/* Can it stand there without quotes and be read back the same? */
static bool
is_bare_value(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || *text == '"' || strchr(" \t", *text) || strchr(" \t", text[length - 1]))
		return false;
	for (const char *c = text; *c; c++)
		if ((guchar)*c < ' ' || *c == 0x7f || *c == '\\')
			return false;
	return true;
}

static bool
is_bare_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("._-", *c))
			return false;
	return *name;
}

char *
conffile_line(const char *name, const char *text)
{
	GString *out = g_string_new(NULL);

	if (is_bare_name(name))
		g_string_append(out, name);
	else
		append_quoted(out, name);
	g_string_append(out, " = ");
	/* Unicode's own line and paragraph ends are blanks to some readers: quotes make them visible. */
	if (is_bare_value(text) && !strstr(text, "\xe2\x80\xa8") && !strstr(text, "\xe2\x80\xa9") && !strstr(text, "\xc2\x85"))
		g_string_append(out, text);
	else
		append_quoted(out, text);
	return g_string_free(out, FALSE);
}
