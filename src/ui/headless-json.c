/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From facts to lines that scripts read. */
#include "ui/headless-json.h"

#include "api/timer.h"
#include "base/text.h"
#include "ui/pipe.h"

#include <math.h>
#include <string.h>

void
json_put(JsonObject *object, const char *name, const char *value)
{
	if (value)
		json_object_set_string_member(object, name, value);
}

void
json_put_list(JsonObject *object, const char *name, const char *const *values)
{
	if (!values)
		return;
	JsonArray *array = json_array_new();
	for (; *values; values++)
		json_array_add_string_element(array, *values);
	json_object_set_array_member(object, name, array);
}

void
json_put_number(JsonObject *object, const char *name, double value, int fractional)
{
	double unit = pow(10, fractional);
	if (!fractional)
		json_object_set_int_member(object, name, (gint64)round(value));
	else
		json_object_set_double_member(object, name, round(value * unit) / unit);
}

JsonObject *
json_begin(const char *event)
{
	JsonObject *object = json_object_new();
	g_autofree char *now = text_time(clock_now(), true);
	json_put(object, "event", event);
	json_put(object, "time", now);
	return object;
}

/* Scripts get every text exactly, but as it stands in a terminal or a log it commands nothing: what would is written as its number,
 * which outside of ASCII occurs in strings only. The library does so with C0 controls alone. */
static char *
quiet(const char *json)
{
	g_autofree char *valid = text_make_valid(json, -1);
	GString *out = g_string_sized_new(strlen(valid));
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (!text_turns(c))
			g_string_append_unichar(out, c);
		else if (c < 0x10000)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	}
	return g_string_free(out, FALSE);
}

void
json_print(JsonObject *object)
{
	g_autoptr(JsonNode) root = json_node_alloc();
	json_node_init_object(root, object);
	json_object_unref(object);
	g_autofree char *json = json_to_string(root, FALSE), *line = quiet(json);
	pipe_write(line, strlen(line));
	guint lost = pipe_lost();
	if (!lost)
		return;
	g_autofree char *text = g_strdup_printf("%u lines were lost because they were not read in time", lost);
	JsonObject *alert_object = json_begin("alert");
	json_put(alert_object, "code", "lines-lost");
	json_put(alert_object, "text", text);
	json_print(alert_object);
}
