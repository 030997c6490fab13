/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen: the only writer to ncurses, and the border that remote text cannot cross. */
#include "ui/screen.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "ui/bidi.h"
#include "ui/frame.h"
#include "ui/pour.h"

#define COLS_MAX 1000
#define ROWS_MAX 500

static SCREEN *screen;
static FILE *output, *curses_output;
static bool exact_frame = true; /* the next one: the terminal may be in any state */
static int colours;
static struct theme theme;
static struct cell_style {
	attr_t attributes;
	int pair;
} looks[STYLES], nicks[256];
static int cursor_row, cursor_col;
static guint generation;

static void
make_look(struct cell_style *made, const struct look *look, int fg)
{
	int bg = look->bg;
	static const struct {
		guint8 bit;
		attr_t attribute;
	} map[] = {
		{ ATTRIBUTE_BOLD, A_BOLD },
		{ ATTRIBUTE_DIM, A_DIM },
		{ ATTRIBUTE_REVERSE, A_REVERSE },
		{ ATTRIBUTE_UNDERLINE, A_UNDERLINE },
		{ ATTRIBUTE_ITALIC, A_ITALIC },
	};
	made->attributes = 0;
	made->pair = 0;
	for (guint i = 0; i < G_N_ELEMENTS(map); i++)
		if (look->attributes & map[i].bit)
			made->attributes |= map[i].attribute;
	if (!colours) {
		/* Without colours a ground of its own must still be one. */
		if (bg != COLOUR_DEFAULT)
			made->attributes |= A_REVERSE;
		return;
	}
	/* Dark grey on 8 colours would be black on black. */
	if (colours == 8 && fg == 8) {
		made->attributes |= A_DIM;
		fg = COLOUR_DEFAULT;
	} else if (colours == 8 && fg > 8 && fg < 16) {
		made->attributes |= A_BOLD;
	}
	if (fg != COLOUR_DEFAULT)
		fg = theme_colour_in(fg, colours);
	if (bg != COLOUR_DEFAULT)
		bg = theme_colour_in(bg, colours);
	/* A dark grey ground becomes black where there is no grey: reverse keeps bars visible. */
	if (colours < 256 && look->bg != COLOUR_DEFAULT && look->bg > 15 && (bg == 0 || bg == 8 || bg == 7)) {
		made->attributes |= A_REVERSE;
		made->attributes &= ~(attr_t)A_DIM;
		return;
	}
	made->pair = MAX(alloc_pair(fg, bg), 0);
}

void
screen_theme(const struct theme *wanted)
{
	theme = *wanted;
	memset(nicks, 0, sizeof nicks);
	if (!screen)
		return;
	for (guint i = 0; i < STYLES; i++)
		make_look(&looks[i], &theme.looks[i], theme.looks[i].fg);
}

static const struct cell_style *
style_of(Style style)
{
	guint colour = (style & ~STYLE_RTL) >> 8;
	if (!colour || !colours)
		return &looks[style & 0xff];
	struct cell_style *nick = &nicks[(colour - 1) & 0xff];
	if (!nick->pair)
		make_look(nick, &theme.looks[style & 0xff], colour - 1);
	return nick;
}

/* What terminfo knows of a terminal, without taking it. */
static bool
look_up(const char *term, int *count, bool *moves)
{
	int status;
	if (setupterm(term, fileno(output), &status) != OK)
		return false;
	const char *move_to = tigetstr("cup");
	*moves = move_to && move_to != (char *)-1;
	*count = tigetnum("colors");
	del_curterm(cur_term);
	return true;
}

/* Debian's names without -256color say 8 colours where the terminal says that it has millions. */
static const char *
better_name(const char *term, int count, char **made)
{
	const char *colorterm = g_getenv("COLORTERM");
	bool moves;
	if (count >= 256 || (g_strcmp0(colorterm, "truecolor") && g_strcmp0(colorterm, "24bit")))
		return term;
	*made = g_strconcat(term, "-256color", NULL);
	return look_up(*made, &count, &moves) && moves ? *made : term;
}

bool
screen_start(const char *term, FILE *out, FILE *in, GError **error)
{
	int count;
	bool moves;
	g_autofree char *made = NULL;
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
	output = out;
	if (!term)
		term = g_getenv("TERM");
	if (!term || !*term || !look_up(term, &count, &moves))
		return fault(error, FAULT_INPUT, "the terminal \"%s\" is not known here - set TERM, or use sotto --headless",
			term ? term : "");
	if (!moves)
		return fault(error, FAULT_INPUT,
			"the terminal \"%s\" cannot move its cursor, so it cannot show windows - use another one, or sotto "
			"--headless",
			term);
	term = better_name(term, count, &made);
	/* A descriptor of its own, which leads into memory while a frame is made. */
	int own = dup(fileno(out));
	curses_output = own < 0 ? NULL : fdopen(own, "w");
	screen = curses_output ? newterm(term, curses_output, in) : NULL;
	if (!screen)
		return fault(error, FAULT_INPUT, "the terminal \"%s\" cannot be used - use another one, or sotto --headless", term);
	raw();
	noecho();
	nonl();
	idlok(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	colours = 0;
	if (!g_getenv("NO_COLOR") && has_colors() && start_color() == OK) {
		use_default_colors();
		colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
	}
	if (theme.looks[STYLE_TITLE].fg == 0 && theme.looks[STYLE_TITLE].bg == 0)
		theme_default(&theme);
	screen_theme(&theme);
	return true;
}

void
screen_stop(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
	g_clear_pointer(&curses_output, fclose);
	frame_stop();
	exact_frame = true;
}

void
screen_suspend(void)
{
	if (screen)
		endwin();
}

void
screen_resume(void)
{
	/* By the first refresh ncurses would set them too late, and on a descriptor that leads into memory then. */
	reset_prog_mode();
	/* The window may have another size by now. */
	screen_resize();
	screen_repaint();
	screen_flush();
}

void
screen_resize(void)
{
	struct winsize size;
	if (!screen || ioctl(fileno(output), TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	resizeterm(MIN(size.ws_row, ROWS_MAX), MIN(size.ws_col, COLS_MAX));
	erase();
	screen_repaint();
}

int
screen_rows(void)
{
	return screen ? LINES : 24;
}

int
screen_cols(void)
{
	return screen ? MIN(COLS, COLS_MAX) : 80;
}

int
screen_colours(void)
{
	return colours;
}

int
screen_nick_lightness(void)
{
	return theme.nick_lightness;
}

static void
set_cell(cchar_t *cell, const gunichar *chars, guint count, const struct cell_style *look)
{
	wchar_t wide[GLYPH_CHARS + 1];
	for (guint i = 0; i < count; i++)
		wide[i] = chars[i];
	wide[count] = L'\0';
	int pair = look->pair;
	setcchar(cell, wide, look->attributes, 0, &pair);
}

/* The glyphs of one row while they are gathered, and their cells. */
static struct row {
	struct glyph glyphs[COLS_MAX + 1];
	guint order[COLS_MAX + 1];
	cchar_t cells[COLS_MAX + 1];
	int glyph_count, count, used;
} gathered;

static void
add_cells(const struct glyph *glyph, Style style)
{
	const struct cell_style *look = style_of(glyph->odd ? STYLE_ODD : style);
	if (!*glyph->word) {
		set_cell(&gathered.cells[gathered.count++], glyph->chars, glyph->count, look);
		return;
	}
	for (const char *at = glyph->word; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		set_cell(&gathered.cells[gathered.count++], &c, 1, look);
	}
}

/* The glyphs of text that fit into width; with … at the end where some do not. */
static void
gather(const char *text, const char *end, int width)
{
	/* The place for … : where to go back to when the text turns out too long. */
	int cut_count = 0, cut_used = 0;
	gathered.glyph_count = gathered.count = gathered.used = 0;
	while (text < end) {
		struct glyph *glyph = &gathered.glyphs[gathered.glyph_count];
		glyph_next(glyph, text, end);
		if (glyph->ends_line) {
			/* Who draws a line has broken it before: in a single line a break is one more hidden thing. */
			memcpy(glyph->word, "^J", 3);
			glyph->width = 2;
			glyph->odd = true;
		}
		if (gathered.used + glyph->width > width) {
			gathered.glyph_count = cut_count;
			gathered.used = cut_used;
			if (gathered.used < width) {
				gathered.glyphs[gathered.glyph_count++] =
					(struct glyph){ .width = 1, .count = 1, .chars = { 0x2026 } };
				gathered.used++;
			}
			break;
		}
		gathered.glyph_count++;
		gathered.used += glyph->width;
		if (gathered.used < width) {
			cut_count = gathered.glyph_count;
			cut_used = gathered.used;
		}
		text += glyph->bytes;
	}
}

int
screen_put(int at_row, int col, int width, Style style, const char *text, gssize length)
{
	if (!screen || at_row < 0 || at_row >= LINES || col < 0 || col >= screen_cols() || width <= 0)
		return 0;
	width = MIN(width, screen_cols() - col);
	const char *end = text + (length < 0 ? strlen(text) : (size_t)length);
	gather(text, end, width);
	bool turned = bidi_is_needed(text, end - text);
	if (turned)
		bidi_reorder(gathered.glyphs, gathered.glyph_count, style & STYLE_RTL, gathered.order);
	for (int i = 0; i < gathered.glyph_count; i++)
		add_cells(&gathered.glyphs[turned ? gathered.order[i] : (guint)i], style);
	mvadd_wchnstr(at_row, col, gathered.cells, gathered.count);
	return gathered.used;
}

static void
fill_with(int at_row, int col, int width, gunichar letter, Style style)
{
	if (!screen || at_row < 0 || at_row >= LINES || col < 0 || col >= screen_cols() || width <= 0)
		return;
	width = MIN(width, screen_cols() - col);
	set_cell(&gathered.cells[0], &letter, 1, style_of(style));
	for (int i = 1; i < width; i++)
		gathered.cells[i] = gathered.cells[0];
	mvadd_wchnstr(at_row, col, gathered.cells, width);
}

void
screen_fill(int row, int col, int width, Style style)
{
	fill_with(row, col, width, ' ', style);
}

void
screen_line(int row, int col, int width, Style style, const char *text, gssize length)
{
	int used = screen_put(row, col, width, style, text, length);
	screen_fill(row, col + used, width - used, style);
}

void
screen_cursor(int row, int col)
{
	cursor_row = row;
	cursor_col = col;
}

void
screen_flush(void)
{
	if (!screen)
		return;
	pour_settle();
	move(CLAMP(cursor_row, 0, LINES - 1), CLAMP(cursor_col, 0, COLS - 1));
	bool gathered_here = frame_begin(fileno(curses_output));
	refresh();
	if (gathered_here)
		frame_end(fileno(curses_output), LINES, exact_frame);
	/* Only now it is gone: what was drawn past ncurses since it was decided is gone with it. */
	if (exact_frame)
		generation++;
	exact_frame = false;
}

void
screen_repaint(void)
{
	exact_frame = true;
	if (screen)
		clearok(curscr, TRUE);
}

guint
screen_generation(void)
{
	return generation;
}

int
screen_fd(void)
{
	return screen ? fileno(output) : -1;
}

static gunichar
letter_at(int row, int col)
{
	cchar_t cell;
	wchar_t wide[CCHARW_MAX + 1] = { 0 };
	attr_t attributes;
	short pair;
	if (!screen || mvin_wch(row, col, &cell) == ERR)
		return 0;
	getcchar(&cell, wide, &attributes, &pair, NULL);
	return wide[0];
}

/* Behind blanks ncurses would clear to the end of the line, and rows that look alike after a shift it would scroll on the terminal.
 * So there are no-break spaces, and each row begins with two spaces that no other row begins with. */
bool
screen_reserve(int row, int col, int rows, int cols)
{
	static const gunichar spaces[] = { 0xa0, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
		0x200a, 0x202f, 0x205f };
	guint kinds = G_N_ELEMENTS(spaces);
	bool was = true;
	for (int i = 0; i < rows; i++) {
		guint first = (guint)(row + i) % kinds, second = (guint)(row + i) / kinds % kinds;
		was = was && letter_at(row + i, col) == spaces[first];
		fill_with(row + i, col, cols, spaces[0], STYLE_TEXT);
		fill_with(row + i, col, MIN(cols, 1), spaces[first], STYLE_TEXT);
		fill_with(row + i, col + 1, MIN(cols - 1, 1), spaces[second], STYLE_TEXT);
	}
	return was;
}

void
screen_send(const char *sequence)
{
	if (!screen)
		return;
	pour_settle();
	/* After a flush ncurses holds nothing back, so the order is kept. */
	size_t length = strlen(sequence);
	if (write(fileno(output), sequence, length) < 0)
		return;
}

char *
screen_read(int row, int col, int width)
{
	GString *text = g_string_new(NULL);
	for (int end = col + width; screen && col < end && col < COLS; col++) {
		cchar_t cell;
		wchar_t wide[CCHARW_MAX + 1] = { 0 };
		attr_t attributes;
		short pair;
		mvin_wch(row, col, &cell);
		getcchar(&cell, wide, &attributes, &pair, NULL);
		for (int i = 0; wide[i]; i++)
			g_string_append_unichar(text, wide[i]);
		if (wcwidth(wide[0]) == 2)
			col++;
	}
	return g_string_free(text, FALSE);
}
