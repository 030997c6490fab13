/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Themes: "style = [bold] [dim] [reverse] [underline] [italic] [COLOUR] [on COLOUR]", one a line. */
#include "ui/theme.h"

#include "base/files.h"

#include <string.h>

#define THEME_MAX (64 * 1024)

static const char *const colour_names[] = { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright-black",
	"bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white" };

static const struct {
	const char *name;
	guint8 bit;
} attributes[] = {
	{ "bold", ATTRIBUTE_BOLD },
	{ "dim", ATTRIBUTE_DIM },
	{ "reverse", ATTRIBUTE_REVERSE },
	{ "underline", ATTRIBUTE_UNDERLINE },
	{ "italic", ATTRIBUTE_ITALIC },
};

/* The default theme: it must be readable on dark and light grounds alike, so it names few colours. */
static const struct {
	const char *name;
	struct look look;
} styles[STYLES] = {
	[STYLE_TEXT] = { "text", { -1, -1, 0 } },
	[STYLE_TIME] = { "time", { 8, -1, 0 } },
	[STYLE_MARGIN] = { "margin", { -1, -1, 0 } },
	[STYLE_NICK] = { "nick", { -1, -1, 0 } },
	[STYLE_OWN_NICK] = { "own-nick", { -1, -1, ATTRIBUTE_BOLD } },
	[STYLE_ODD] = { "odd", { 1, -1, ATTRIBUTE_REVERSE } },
	[STYLE_EVENT] = { "event", { 8, -1, 0 } },
	[STYLE_ERROR] = { "error", { 1, -1, 0 } },
	[STYLE_ALERT] = { "alert", { 1, -1, ATTRIBUTE_BOLD | ATTRIBUTE_REVERSE } },
	[STYLE_ASK] = { "ask", { 3, -1, ATTRIBUTE_BOLD } },
	[STYLE_OUTPUT] = { "output", { -1, -1, 0 } },
	[STYLE_DAY] = { "day", { 8, -1, 0 } },
	[STYLE_READ_LINE] = { "read-line", { 3, -1, 0 } },
	[STYLE_PENDING] = { "pending", { 8, -1, 0 } },
	[STYLE_SEALED] = { "sealed", { -1, -1, 0 } },
	[STYLE_DOUBT] = { "doubt", { 3, -1, ATTRIBUTE_BOLD } },
	[STYLE_PLAIN] = { "plain", { 1, -1, 0 } },
	[STYLE_TITLE] = { "title", { 255, 236, ATTRIBUTE_BOLD } },
	[STYLE_TITLE_DIM] = { "title-dim", { 250, 236, 0 } },
	[STYLE_TITLE_SEALED] = { "title-sealed", { 114, 236, 0 } },
	[STYLE_TITLE_WARNING] = { "title-warning", { 231, 124, ATTRIBUTE_BOLD } },
	[STYLE_STATUS] = { "status", { 252, 236, 0 } },
	[STYLE_STATUS_DIM] = { "status-dim", { 246, 236, 0 } },
	[STYLE_STATUS_WARNING] = { "status-warning", { 231, 124, ATTRIBUTE_BOLD } },
	[STYLE_ACTIVITY] = { "activity", { 250, 236, 0 } },
	[STYLE_ACTIVITY_MESSAGE] = { "activity-message", { 222, 236, ATTRIBUTE_BOLD } },
	[STYLE_ACTIVITY_ALERT] = { "activity-alert", { 231, 124, ATTRIBUTE_BOLD } },
	[STYLE_PROMPT] = { "prompt", { 2, -1, 0 } },
	[STYLE_INPUT] = { "input", { -1, -1, 0 } },
	[STYLE_PANEL] = { "panel", { -1, -1, 0 } },
	[STYLE_PANEL_GROUP] = { "panel-group", { 8, -1, 0 } },
	[STYLE_PANEL_ONLINE] = { "panel-online", { 2, -1, 0 } },
	[STYLE_PANEL_OFFLINE] = { "panel-offline", { 8, -1, 0 } },
	[STYLE_PANEL_UNREAD] = { "panel-unread", { 3, -1, ATTRIBUTE_BOLD } },
	[STYLE_CALL] = { "call", { 255, 24, ATTRIBUTE_BOLD } },
	[STYLE_CALL_DIM] = { "call-dim", { 8, -1, 0 } },
	[STYLE_CALL_SEALED] = { "call-sealed", { 2, -1, 0 } },
	[STYLE_CALL_WARNING] = { "call-warning", { 3, -1, ATTRIBUTE_BOLD } },
	[STYLE_CALL_LEVEL] = { "call-level", { 2, -1, 0 } },
};

void
theme_default(struct theme *theme)
{
	for (guint i = 0; i < STYLES; i++)
		theme->looks[i] = styles[i].look;
	theme->nick_lightness = 65;
}

static bool
parse_number(const char *word, int max, int *number)
{
	guint64 value;
	if (!g_ascii_string_to_unsigned(word, 10, 0, max, &value, NULL))
		return false;
	*number = value;
	return true;
}

static bool
parse_colour(const char *word, gint16 *colour)
{
	int number;
	if (!strcmp(word, "default"))
		return *colour = COLOUR_DEFAULT, true;
	for (guint i = 0; i < G_N_ELEMENTS(colour_names); i++)
		if (!strcmp(word, colour_names[i]))
			return *colour = i, true;
	if (!parse_number(word, 255, &number))
		return false;
	*colour = number;
	return true;
}

static bool
parse_look(struct look *look, char **words)
{
	struct look made = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };
	for (; *words; words++) {
		guint i = 0;
		if (!**words)
			continue;
		while (i < G_N_ELEMENTS(attributes) && strcmp(attributes[i].name, *words))
			i++;
		if (i < G_N_ELEMENTS(attributes)) {
			made.attributes |= attributes[i].bit;
		} else if (!strcmp(*words, "on")) {
			if (!words[1] || !parse_colour(*++words, &made.bg))
				return false;
		} else if (!parse_colour(*words, &made.fg)) {
			return false;
		}
	}
	*look = made;
	return true;
}

static bool
parse_row(struct theme *theme, const char *name, const char *value)
{
	if (!strcmp(name, "nick-lightness"))
		return parse_number(value, 100, &theme->nick_lightness);
	for (guint i = 0; i < STYLES; i++) {
		if (strcmp(styles[i].name, name))
			continue;
		g_auto(GStrv) words = g_strsplit_set(value, " \t", -1);
		return parse_look(&theme->looks[i], words);
	}
	return false;
}

bool
theme_parse(struct theme *theme, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint bad = 0;
	for (guint i = 0; lines[i]; i++) {
		char *line = g_strstrip(lines[i]);
		if (!*line || *line == '#')
			continue;
		char *equals = strchr(line, '=');
		if (equals)
			*equals++ = '\0';
		if ((!equals || !parse_row(theme, g_strchomp(line), g_strchug(equals))) && !bad)
			bad = i + 1;
	}
	if (bad)
		return fault(
			error, FAULT_INPUT, "line %u of the theme is not understood - it should look like: nick = bold cyan", bad);
	return true;
}

/* Where themes lie: the user's, the installed ones, those of the source tree. */
static GPtrArray *
theme_folders(void)
{
	GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
	const char *config = files_folder(FOLDER_CONFIG);
	if (config)
		g_ptr_array_add(folders, g_build_filename(config, "themes", NULL));
	g_ptr_array_add(folders, g_strdup(SOTTO_SHARE "/themes"));
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	if (self) {
		g_autofree char *here = g_path_get_dirname(self);
		g_ptr_array_add(folders, g_build_filename(here, "..", "..", "themes", NULL));
	}
	return folders;
}

bool
theme_read(struct theme *theme, const char *name, GError **error)
{
	g_autoptr(GPtrArray) folders = theme_folders();
	if (!*name || strchr(name, '/') || *name == '.')
		return fault(error, FAULT_INPUT, "a theme's name has no slash and no dot at its begin");
	for (guint i = 0; i < folders->len; i++) {
		g_autofree char *file = g_strconcat(name, ".theme", NULL);
		g_autofree char *path = g_build_filename(folders->pdata[i], file, NULL);
		g_autofree char *text = NULL;
		if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
			continue;
		if (!g_file_get_contents(path, &text, NULL, NULL) || strlen(text) > THEME_MAX)
			return fault(error, FAULT_INPUT, "cannot read the theme %s", path);
		theme_default(theme);
		return theme_parse(theme, text, error);
	}
	if (strcmp(name, "default"))
		return fault(error, FAULT_GONE, "there is no theme %s - /theme lists them", name);
	theme_default(theme);
	return true;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
theme_names(void)
{
	g_autoptr(GPtrArray) folders = theme_folders();
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < folders->len; i++) {
		g_autoptr(GDir) dir = g_dir_open(folders->pdata[i], 0, NULL);
		const char *file;
		while (dir && (file = g_dir_read_name(dir))) {
			if (!g_str_has_suffix(file, ".theme"))
				continue;
			g_autofree char *name = g_strndup(file, strlen(file) - strlen(".theme"));
			if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
				g_ptr_array_add(names, g_steal_pointer(&name));
		}
	}
	if (!g_ptr_array_find_with_equal_func(names, "default", g_str_equal, NULL))
		g_ptr_array_add(names, g_strdup("default"));
	g_ptr_array_sort(names, compare_names);
	return names;
}
