/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: what the rows' variables hold, what the file says, and what is still unsaved. */
#include "conf/settings.h"

#include <string.h>

#include "api/event.h"
#include "api/log.h"
#include "base/files.h"
#include "base/table.h"
#include "conf/conf.h"
#include "conf/conffile.h"
#include "conf/options.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

static GHashTable *saved;  /* name -> text, as the file says it since the last load or save */
static GHashTable *extras; /* name -> text, as it is now */

static GHashTable *
new_map(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
prepare_maps(void)
{
	if (saved)
		return;
	saved = new_map();
	extras = new_map();
}

static bool
is_extra(const char *name)
{
	return g_str_has_prefix(name, "alias.") || g_str_has_prefix(name, "bind.");
}

/* What the variable held when it was last in step with the file. A value that does not fit was never taken. */
static const char *
saved_text(const struct option *row)
{
	const char *text = saved ? g_hash_table_lookup(saved, row->name) : NULL;

	return text && option_fits(row, text) ? text : row->initial;
}

static bool
read_lines(GPtrArray **lines, GError **error)
{
	g_autofree char *path = files_path(FOLDER_CONFIG, "sotto.conf", error), *text = NULL;
	g_autoptr(GError) reason = NULL;
	size_t length;

	*lines = NULL;
	if (!path)
		return false;
	if (!files_read(path, FILE_MAX_BYTES, &text, &length, &reason)) {
		if (!g_error_matches(reason, FAULT, FAULT_GONE)) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
		text = g_strdup("");
		length = 0;
	}
	if (strlen(text) != length)
		return fault(error, FAULT_INPUT, "%s is no text file: it contains a NUL byte", path);
	*lines = conffile_parse(text);
	return true;
}

static bool
apply_row(const struct option *row, GError **error)
{
	const char *text = saved ? g_hash_table_lookup(saved, row->name) : NULL;

	option_set(row, row->initial, NULL);
	return !text || option_set(row, text, error);
}

void
settings_apply_rows(const struct option *rows)
{
	for (; rows && rows->name; rows++) {
		g_autoptr(GError) error = NULL;

		if (!apply_row(rows, &error))
			alert(NULL, NULL, "settings", "%s", error->message);
	}
}

/* Takes the names and texts over; the number of the first bad line, 0 if there is none. */
static guint
take_lines(const GPtrArray *lines)
{
	guint bad = 0;

	g_hash_table_remove_all(saved);
	g_hash_table_remove_all(extras);
	for (guint i = 0; i < lines->len; i++) {
		const ConfLine *line = g_ptr_array_index(lines, i);

		if (line->bad && !bad)
			bad = i + 1;
		if (!line->name)
			continue;
		g_hash_table_replace(saved, g_strdup(line->name), g_strdup(line->text));
		if (is_extra(line->name))
			g_hash_table_replace(extras, g_strdup(line->name), g_strdup(line->text));
	}
	return bad;
}

bool
settings_load(GError **error)
{
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(GError) reason = NULL;
	const struct option *row;
	guint bad = 0;

	prepare_maps();
	if (read_lines(&lines, &reason))
		bad = take_lines(lines);
	if (bad)
		fault(&reason, FAULT_INPUT, "line %u of sotto.conf was skipped: it should read name = value", bad);
	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++)
		apply_row(row, reason ? NULL : &reason);
	conf_apply_log();
	if (!reason)
		return true;
	log_warning("settings: %s", reason->message);
	g_propagate_error(error, g_steal_pointer(&reason));
	return false;
}

/* What the line should say now: NULL when it goes. changed tells whether that is our doing. */
static char *
wanted(const char *name, bool *changed)
{
	const struct option *row = table_find(TABLE_OPTIONS, name);

	*changed = row ? settings_is_unsaved(row) : settings_extra_is_unsaved(name);
	if (!row)
		return g_strdup(settings_extra(name));
	return settings_is_changed(row) ? option_text(row) : NULL;
}

static void
write_line(GString *out, GHashTable *written, const ConfLine *line)
{
	bool changed = false;
	g_autofree char *text = line->name ? wanted(line->name, &changed) : NULL, *fresh = NULL;

	if (line->name)
		g_hash_table_add(written, g_strdup(line->name));
	if (!changed) {
		g_string_append_printf(out, "%s\n", line->raw);
		return;
	}
	if (!text)
		return;
	fresh = conffile_line(line->name, text);
	g_string_append_printf(out, "%s\n", fresh);
}

static void
write_new(GString *out, GHashTable *written, const char *name)
{
	bool changed;
	g_autofree char *text = NULL, *fresh = NULL;

	if (g_hash_table_contains(written, name))
		return;
	text = wanted(name, &changed);
	if (!changed || !text)
		return;
	fresh = conffile_line(name, text);
	g_string_append_printf(out, "%s\n", fresh);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all that could be in the file, sorted, so that the same settings make the same file. */
static GPtrArray *
sorted_names(void)
{
	GPtrArray *names = g_ptr_array_new();
	const struct option *row;
	GHashTableIter iter;
	gpointer key;

	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++)
		g_ptr_array_add(names, (gpointer)row->name);
	g_hash_table_iter_init(&iter, extras);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_ptr_array_add(names, key);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static char *
compose(const GPtrArray *lines)
{
	g_autoptr(GHashTable) written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) names = sorted_names();
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++)
		write_line(out, written, g_ptr_array_index(lines, i));
	for (guint i = 0; i < names->len; i++)
		write_new(out, written, g_ptr_array_index(names, i));
	return g_string_free(out, FALSE);
}

bool
settings_save(GError **error)
{
	g_autofree char *path = files_path(FOLDER_CONFIG, "sotto.conf", error), *text = NULL;
	g_autoptr(GPtrArray) lines = NULL, fresh = NULL;
	const struct option *row;

	prepare_maps();
	if (!path || !read_lines(&lines, error))
		return false;
	text = compose(lines);
	if (!files_write(path, text, -1, error))
		return false;
	fresh = conffile_parse(text);
	take_lines(fresh);
	/* What another process wrote meanwhile holds for us, too. */
	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++)
		if (settings_is_unsaved(row))
			settings_set(row->name, saved_text(row), NULL);
	return true;
}

bool
settings_set(const char *name, const char *text, GError **error)
{
	const struct option *row = table_find(TABLE_OPTIONS, name);
	g_autofree char *before = NULL, *after = NULL;

	if (!row)
		return fault(error, FAULT_GONE, "there is no setting %s: /set lists them", name);
	before = option_text(row);
	if ((row->check && !row->check(text, error)) || !option_set(row, text, error))
		return false;
	after = option_text(row);
	if (!g_str_equal(before, after))
		event_emit(&(Event){ .kind = EVENT_OPTION, .option = { .name = row->name } });
	return true;
}

bool
settings_reset(const char *name, GError **error)
{
	const struct option *row = table_find(TABLE_OPTIONS, name);

	return settings_set(name, row ? row->initial : "", error);
}

char *
settings_get(const char *name)
{
	const struct option *row = table_find(TABLE_OPTIONS, name);

	return row ? option_text(row) : NULL;
}

bool
settings_is_changed(const struct option *row)
{
	return !option_says(row, row->initial);
}

bool
settings_is_unsaved(const struct option *row)
{
	return !option_says(row, saved_text(row));
}

char *
settings_range(const struct option *row)
{
	return option_range(row);
}

const char *
settings_extra(const char *name)
{
	return extras ? g_hash_table_lookup(extras, name) : NULL;
}

bool
settings_set_extra(const char *name, const char *text, GError **error)
{
	prepare_maps();
	if (!is_extra(name) || !g_utf8_validate(name, -1, NULL) || (text && !g_utf8_validate(text, -1, NULL)))
		return fault(error, FAULT_INPUT, "\"%s\" cannot be kept in the settings", name);
	if (text)
		g_hash_table_replace(extras, g_strdup(name), g_strdup(text));
	else if (!g_hash_table_remove(extras, name))
		return fault(error, FAULT_GONE, "there is no %s", name);
	event_emit(&(Event){ .kind = EVENT_OPTION, .option = { .name = name } });
	return true;
}

void
settings_each_extra(const char *prefix, void (*visit)(const char *name, const char *text, gpointer data), gpointer data)
{
	g_autoptr(GList) names = extras ? g_hash_table_get_keys(extras) : NULL;

	names = g_list_sort(names, (GCompareFunc)strcmp);
	for (const GList *at = names; at; at = at->next)
		if (g_str_has_prefix(at->data, prefix))
			visit(at->data, g_hash_table_lookup(extras, at->data), data);
}

bool
settings_extra_is_unsaved(const char *name)
{
	const char *before = saved && is_extra(name) ? g_hash_table_lookup(saved, name) : NULL;

	return g_strcmp0(before, settings_extra(name)) != 0;
}
