/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emoji by name: the ones that people really type, by the names that other messengers gave them. */
#include "cmd/emoji.h"

#include <string.h>

static const struct {
	const char *name, *emoji;
} table[] = {
	{ "smile", "😄" },
	{ "grin", "😁" },
	{ "joy", "😂" },
	{ "laughing", "😆" },
	{ "slight_smile", "🙂" },
	{ "upside_down", "🙃" },
	{ "wink", "😉" },
	{ "blush", "😊" },
	{ "heart_eyes", "😍" },
	{ "kiss", "😘" },
	{ "yum", "😋" },
	{ "tongue", "😛" },
	{ "thinking", "🤔" },
	{ "neutral", "😐" },
	{ "rolling_eyes", "🙄" },
	{ "smirk", "😏" },
	{ "relieved", "😌" },
	{ "sleepy", "😪" },
	{ "sleeping", "😴" },
	{ "sunglasses", "😎" },
	{ "confused", "😕" },
	{ "worried", "😟" },
	{ "sad", "🙁" },
	{ "cry", "😢" },
	{ "sob", "😭" },
	{ "scream", "😱" },
	{ "sweat", "😓" },
	{ "angry", "😠" },
	{ "rage", "😡" },
	{ "exploding_head", "🤯" },
	{ "party", "🥳" },
	{ "innocent", "😇" },
	{ "hug", "🤗" },
	{ "shrug", "🤷" },
	{ "facepalm", "🤦" },
	{ "wave", "👋" },
	{ "thumbsup", "👍" },
	{ "thumbsdown", "👎" },
	{ "ok_hand", "👌" },
	{ "clap", "👏" },
	{ "pray", "🙏" },
	{ "muscle", "💪" },
	{ "point_up", "☝" },
	{ "eyes", "👀" },
	{ "heart", "❤" },
	{ "broken_heart", "💔" },
	{ "sparkles", "✨" },
	{ "star", "⭐" },
	{ "fire", "🔥" },
	{ "tada", "🎉" },
	{ "gift", "🎁" },
	{ "cake", "🎂" },
	{ "rocket", "🚀" },
	{ "bulb", "💡" },
	{ "bug", "🐛" },
	{ "cat", "🐱" },
	{ "dog", "🐶" },
	{ "fox", "🦊" },
	{ "coffee", "☕" },
	{ "beer", "🍺" },
	{ "pizza", "🍕" },
	{ "sun", "☀" },
	{ "cloud", "☁" },
	{ "rain", "🌧" },
	{ "snowflake", "❄" },
	{ "moon", "🌙" },
	{ "rainbow", "🌈" },
	{ "check", "✅" },
	{ "cross", "❌" },
	{ "warning", "⚠" },
	{ "question", "❓" },
	{ "exclamation", "❗" },
	{ "lock", "🔒" },
	{ "key", "🔑" },
	{ "phone", "☎" },
	{ "bell", "🔔" },
	{ "hourglass", "⌛" },
	{ "calendar", "📅" },
	{ "memo", "📝" },
	{ "package", "📦" },
};

void
emoji_each(const char *prefix, void (*visit)(const char *emoji, gpointer data), gpointer data)
{
	if (strlen(prefix) < 2)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_str_has_prefix(table[i].name, prefix))
			visit(table[i].emoji, data);
}
