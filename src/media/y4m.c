/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of words, then pictures of one size, each behind the line FRAME. Lines of pictures must have no words: then their
 * places can be computed. */
#include "media/y4m.h"

#include <string.h>

enum { SIDE_MIN = 16, SIDE_MAX = 1280, RATE_MAX = 60, HEAD_MAX = 256 };
static const char magic[] = "YUV4MPEG2 ", frame[] = "FRAME\n";

static gsize
picture_size(const struct y4m *film)
{
	return film->width * film->height * 3 / 2;
}

static guint
number(const char *text)
{
	return MIN(g_ascii_strtoull(text, NULL, 10), G_MAXINT32);
}

static void
read_word(const char *word, struct y4m *film, bool *other)
{
	guint64 over = 0, under = 1;

	switch (*word) {
	case 'W':
		film->width = number(word + 1);
		break;
	case 'H':
		film->height = number(word + 1);
		break;
	case 'F':
		over = number(word + 1);
		under = strchr(word, ':') ? number(strchr(word, ':') + 1) : 1;
		film->rate = under ? MIN((over + under / 2) / under, RATE_MAX + 1) : 0;
		break;
	case 'C':
		*other = !g_str_has_prefix(word, "C420") || g_str_has_prefix(word, "C420p1");
		break;
	}
}

bool
y4m_read(const guint8 *bytes, gsize size, struct y4m *film, GError **error)
{
	const guint8 *end = memchr(bytes, '\n', MIN(size, HEAD_MAX));
	bool other = false;

	*film = (struct y4m){ .bytes = bytes, .size = size };
	if (!end || size < sizeof magic || memcmp(bytes, magic, sizeof magic - 1))
		return fault(error, FAULT_INPUT, "the film is no Y4M file");
	g_autofree char *line = g_strndup((const char *)bytes, end - bytes);
	g_auto(GStrv) words = g_strsplit(line, " ", 0);
	for (char **word = words + 1; *word; word++)
		read_word(*word, film, &other);
	film->first = end + 1 - bytes;
	if (other || film->width < SIDE_MIN || film->width > SIDE_MAX || film->height < SIDE_MIN || film->height > SIDE_MAX ||
		film->width % 2 || film->height % 2 || film->rate < 1 || film->rate > RATE_MAX)
		return fault(error, FAULT_INPUT, "the film must be 4:2:0 of 8 bit, at most %d x %d and %d pictures a second",
			SIDE_MAX, SIDE_MAX, RATE_MAX);
	return y4m_picture(film, 0) || fault(error, FAULT_INPUT, "the film has no picture");
}

const guint8 *
y4m_picture(const struct y4m *film, guint64 n)
{
	gsize each = sizeof frame - 1 + picture_size(film);
	gsize count = (film->size - film->first) / each;

	if (!count)
		return NULL;
	const guint8 *at = film->bytes + film->first + n % count * each;
	return memcmp(at, frame, sizeof frame - 1) ? NULL : at + sizeof frame - 1;
}
