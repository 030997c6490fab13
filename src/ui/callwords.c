/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of calls as sentences. What a key proves is said by its trust, never by the name that somebody gave himself. */
#include "ui/callwords.h"

#include <string.h>

#include "api/jid.h"

#define SILENCE (-60.0) /* dBFS where a meter begins */

/* The part of the address before the @: a name of one's own choice could say anything. */
char *
call_name(const struct call_facts *call)
{
	const char *at = strchr(call->peer, '@');
	return at && at > call->peer ? g_strndup(call->peer, at - call->peer) : g_strdup(call->peer);
}

char *
call_security_brief(const struct call_facts *call)
{
	static const char *const words[] = {
		[TRUST_NONE] = "key unknown",
		[TRUST_UNDECIDED] = "key not compared",
		[TRUST_UNTRUSTED] = "key distrusted",
		[TRUST_TRUSTED] = "trusted key",
		[TRUST_VERIFIED] = "verified key",
	};
	guint trust = (guint)call->trust < G_N_ELEMENTS(words) ? call->trust : TRUST_NONE;
	if (call->state == CALL_ENDED || call->keys == CALL_KEYS_NONE)
		return g_strdup("");
	if (call->keys == CALL_KEYS_DTLS)
		return g_strdup("key not checked: anyone between could listen");
	return g_strdup_printf("%s, %s", words[trust], call->keys == CALL_KEYS_RATCHET ? "ratchet + DTLS" : "DTLS");
}

static char *
sealed_words(const struct call_facts *call, enum style *style)
{
	static const struct {
		const char *format;
		enum style style;
	} rows[] = {
		[TRUST_NONE] = { "sealed with a key of %s that nobody knows here, %s", STYLE_CALL_WARNING },
		[TRUST_UNDECIDED] = { "sealed with %s's key, which you have not compared yet, %s", STYLE_CALL_WARNING },
		[TRUST_UNTRUSTED] = { "sealed with a key of %s that you distrust, %s", STYLE_CALL_WARNING },
		[TRUST_TRUSTED] = { "sealed with %s's trusted key, %s", STYLE_CALL_SEALED },
		[TRUST_VERIFIED] = { "sealed with %s's verified key, %s", STYLE_CALL_SEALED },
	};
	g_autofree char *name = call_name(call);
	guint trust = (guint)call->trust < G_N_ELEMENTS(rows) ? call->trust : TRUST_NONE;
	*style = rows[trust].style;
	return g_strdup_printf(rows[trust].format, name, call->keys == CALL_KEYS_RATCHET ? "ratchet + DTLS" : "DTLS");
}

char *
call_security_words(const struct call_facts *call, enum style *style)
{
	if (call->state == CALL_ENDED) {
		*style = STYLE_TEXT;
		return g_strdup(call->reason ? call->reason : "");
	}
	if (call->keys >= CALL_KEYS_SEALED)
		return sealed_words(call, style);
	*style = STYLE_CALL_WARNING;
	if (call->keys == CALL_KEYS_DTLS)
		return g_strdup("encrypted, key not checked: anyone between could listen");
	*style = STYLE_CALL_DIM;
	return g_strdup("nothing is heard or seen before both sides have keys");
}

char *
call_duration(gint64 from, gint64 to)
{
	int seconds = (int)(MAX(to - from, 0) / G_USEC_PER_SEC);
	if (seconds >= 3600)
		return g_strdup_printf("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
	return g_strdup_printf("%d:%02d", seconds / 60, seconds % 60);
}

char *
call_state_words(const struct call_facts *call, gint64 now)
{
	static const char *const words[] = { "calling", "ringing", "connecting", "active", "on hold" };
	GString *text;
	if (call->state == CALL_ENDED)
		return g_strdup("over");
	text = g_string_new(call->incoming && call->state == CALL_RINGING ? "calls you" : words[call->state]);
	if (call->active_since) {
		g_autofree char *duration = call_duration(call->active_since, now);
		g_string_append_printf(text, " %s", duration);
	}
	if (call->muted)
		g_string_append(text, ", you are muted");
	if (call->held && call->state != CALL_HELD)
		g_string_append(text, ", you hold it");
	if (call->peer_muted)
		g_string_append(text, ", they are muted");
	if (call->peer_held)
		g_string_append(text, ", they hold it");
	return g_string_free(text, FALSE);
}

char *
call_path_words(const struct call_facts *call)
{
	static const char *const words[] = {
		[CALL_PATH_UNKNOWN] = "", [CALL_PATH_DIRECT] = "direct", [CALL_PATH_RELAY] = "through a relay"
	};
	return g_strdup(words[call->path]);
}

char *
call_ring_words(const struct call_facts *call)
{
	g_autofree char *name = call_name(call);
	return g_strdup_printf("%s calls%s", name, call->video ? " with video" : "");
}

char *
call_level_bar(double level, int width)
{
	static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	GString *bar = g_string_new(NULL);
	double share = level >= SILENCE ? MIN((level - SILENCE) / -SILENCE, 1) : 0;
	int eighths = width > 0 ? (int)(share * width * 8 + 0.5) : 0, used = (eighths + 7) / 8;
	for (int i = 0; i < eighths / 8; i++)
		g_string_append(bar, "█");
	g_string_append(bar, parts[eighths % 8]);
	for (; used < width; used++)
		g_string_append(bar, "·");
	return g_string_free(bar, FALSE);
}

char *
call_sparkline(const guint *values, guint count)
{
	static const char *const parts[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	GString *line = g_string_new(NULL);
	guint most = 1;
	for (guint i = 0; i < count; i++)
		most = MAX(most, values[i]);
	for (guint i = 0; i < count; i++)
		g_string_append(line, parts[(guint64)values[i] * 7 / most]);
	return g_string_free(line, FALSE);
}

char *
call_bitrate(guint bits)
{
	if (bits >= 10000000)
		return g_strdup_printf("%u Mbit/s", bits / 1000000);
	return g_strdup_printf("%u kbit/s", (bits + 500) / 1000);
}
