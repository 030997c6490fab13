/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for windows and for how they look. */
#include <string.h>

#include "api/error.h"
#include "api/text.h"
#include "chat/convo.h"
#include "cmd/cmd.h"
#include "conf/settings.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/line.h"

static bool
needs_windows(GError **error)
{
	if (windows())
		return true;
	return fault(error, FAULT_GONE, "there are no windows here");
}

static bool
run_window(const struct cmd_call *call, GError **error)
{
	return ui()->window(call->args[0], NULL, error);
}

static bool
run_close(const struct cmd_call *call, GError **error)
{
	return ui()->window("close", call->args[0], error);
}

static bool
run_splitv(const struct cmd_call *call, GError **error)
{
	return ui()->window("splitv", call->args[0], error);
}

static bool
run_splith(const struct cmd_call *call, GError **error)
{
	return ui()->window("splith", call->args[0], error);
}

static bool
run_unsplit(const struct cmd_call *call, GError **error)
{
	(void)call;
	return ui()->window("unsplit", NULL, error);
}

static bool
run_wins(const struct cmd_call *call, GError **error)
{
	static const char *const signs[] = { "", "event", "message", "message", "alert", "call" };
	const GPtrArray *all = windows();
	(void)error;
	for (guint i = 0; all && i < all->len; i++) {
		const Window *window = all->pdata[i];
		const char *title = window_title(window);
		reply_print(call->reply, "%3u  %s%s%s  %s  %s", window->number, window->peer ? window->peer : title,
			window->peer && g_strcmp0(title, window->peer) ? "  " : "",
			window->peer && g_strcmp0(title, window->peer) ? title : "", signs[window->activity],
			window == window_current() ? "(here)"
			: window_is_seen(window)   ? "(beside)"
						   : "");
	}
	/* Without windows of its own a script still has conversations. */
	const GPtrArray *convs = all ? NULL : convo_list();
	for (guint i = 0; convs && i < convs->len; i++)
		reply_print(call->reply, "%s  %u unread", convo_peer(convs->pdata[i]), convo_unread(convs->pdata[i]));
	return true;
}

static bool
run_clear(const struct cmd_call *call, GError **error)
{
	(void)call;
	if (!needs_windows(error))
		return false;
	if (window_current()->view)
		view_clear(window_current()->view);
	layout_dirty(PART_ALL);
	return true;
}

static bool
run_redraw(const struct cmd_call *call, GError **error)
{
	(void)call;
	if (!needs_windows(error))
		return false;
	layout_resized();
	return true;
}

static bool
run_theme(const struct cmd_call *call, GError **error)
{
	if (call->args[0]) {
		if (!settings_set("ui.theme", call->args[0], error))
			return false;
		reply_print(call->reply, "the theme is %s until you leave; /save keeps it", call->args[0]);
		return true;
	}
	g_autoptr(GPtrArray) names = theme_names();
	g_autofree char *current = settings_get("ui.theme");
	for (guint i = 0; i < names->len; i++)
		reply_print(call->reply, "%s%s", (char *)names->pdata[i], g_strcmp0(current, names->pdata[i]) ? "" : "  (in use)");
	return true;
}

static void
complete_theme(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	g_autoptr(GPtrArray) names = theme_names();
	(void)call;
	(void)arg;
	for (guint i = 0; i < names->len; i++)
		if (g_str_has_prefix(names->pdata[i], prefix))
			add(names->pdata[i], data);
}

static bool
run_panel(const struct cmd_call *call, GError **error)
{
	(void)call;
	if (!needs_windows(error))
		return false;
	return settings_set("ui.panel", layout_panel_is_shown() ? "off" : "on", error);
}

static bool
run_legend(const struct cmd_call *call, GError **error)
{
	const char *sign, *meaning;
	enum style style;
	(void)error;
	for (guint i = 0; (sign = line_sign(i, &meaning, &style)); i++)
		reply_print(call->reply, "%*s%s  %s", 3 - (int)g_utf8_strlen(sign, -1), "", sign, meaning);
	reply_print(call->reply,
		"Time, sign of the way, sign of the seal and name stand left of the line; no message can write there.");
	reply_print(call->reply, "The last line of the screen but one lists windows in which something came: * message, ! alert, + "
				 "room or stranger.");
	return true;
}

static bool
run_xmlconsole(const struct cmd_call *call, GError **error)
{
	if (!needs_windows(error))
		return false;
	if (call->args[0] && !account_find(call->args[0]))
		return fault(error, FAULT_GONE, "there is no account %s: /account list names them", call->args[0]);
	raw_open(call->args[0]);
	return true;
}

#define LOOK_BACK 300 /* messages in which texts and links are looked for */
#define COPY_MAX (64 * 1024)

/* G07: what a peer wrote is pasted into a shell one day. Line breaks stay, what a terminal would act upon goes. */
static char *
without_controls(const char *text)
{
	GString *clean = g_string_new(NULL);

	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		if (c == '\n' || c == '\t' || !g_unichar_iscntrl(c))
			g_string_append_unichar(clean, c);
	}
	return g_string_free(clean, FALSE);
}

/* OSC 52: the terminal puts it into the clipboard, also over ssh. */
static void
copy(Reply *reply, const char *text)
{
	g_autofree char *clean = without_controls(text), *cut = text_cut(clean, COPY_MAX);
	g_autofree char *coded = g_base64_encode((const guchar *)cut, strlen(cut));
	g_autofree char *sequence = g_strdup_printf("\033]52;c;%s\033\\", coded);

	screen_send(sequence);
	reply_print(reply, "given to the terminal for its clipboard: %zu bytes", strlen(cut));
}

static bool
run_copy(const struct cmd_call *call, GError **error)
{
	guint wanted = call->args[0] ? (guint)g_ascii_strtoull(call->args[0], NULL, 10) : 1;
	g_autoptr(GPtrArray) page = NULL;

	if (!needs_windows(error))
		return false;
	page = convo_page(call->conversation, NULL, LOOK_BACK);
	for (guint i = page->len; i > 0; i--) {
		const Message *message = page->pdata[i - 1];
		if (!message->body || message->notice || --wanted)
			continue;
		copy(call->reply, message->body);
		return true;
	}
	return fault(error, FAULT_GONE, "there is no such message among the last %d", LOOK_BACK);
}

/* The newest first. Array of char *. */
static GPtrArray *
links_of(Conversation *conv)
{
	g_autoptr(GPtrArray) page = convo_page(conv, NULL, LOOK_BACK);
	g_autoptr(GRegex) regex = g_regex_new("\\b(?:https?|xmpp|geo|mailto|aesgcm):[^\\s<>\"]+", G_REGEX_CASELESS, 0, NULL);
	GPtrArray *links = g_ptr_array_new_with_free_func(g_free);

	for (guint i = page->len; i > 0; i--) {
		const Message *message = page->pdata[i - 1];
		g_autoptr(GMatchInfo) found = NULL;
		gint first = links->len;
		if (!message->body || message->notice)
			continue;
		for (g_regex_match(regex, message->body, 0, &found); g_match_info_matches(found); g_match_info_next(found, NULL))
			g_ptr_array_insert(links, first, g_match_info_fetch(found, 0));
	}
	return links;
}

static bool
run_url(const struct cmd_call *call, GError **error)
{
	g_autoptr(GPtrArray) links = NULL;
	guint wanted = call->args[0] ? (guint)g_ascii_strtoull(call->args[0], NULL, 10) : 0;

	if (call->args[0] && !needs_windows(error))
		return false;
	links = links_of(call->conversation);
	if (!links->len || wanted > links->len)
		return fault(error, FAULT_GONE, "there is no such link among the last %d messages", LOOK_BACK);
	if (wanted)
		copy(call->reply, links->pdata[wanted - 1]);
	for (guint i = MIN(links->len, 20); !wanted && i > 0; i--)
		reply_print(call->reply, "%3u  %s", i, (char *)links->pdata[i - 1]);
	return true;
}

static const struct arg copy_args[] = { { "which, 1 is the last", ARG_NUMBER, true, NULL }, { 0 } };
static const struct arg url_args[] = { { "number", ARG_NUMBER, true, NULL }, { 0 } };
static const struct arg xmlconsole_args[] = { { "account", ARG_ACCOUNT, true, NULL }, { 0 } };
static const struct arg window_args[] = { { "next, previous, last, active, number, name or JID", ARG_WINDOW, false, NULL }, { 0 } };
static const struct arg close_args[] = { { "window", ARG_WINDOW, true, NULL }, { 0 } };
static const struct arg theme_args[] = { { "theme", ARG_WORD, true, NULL }, { 0 } };
static const char *const window_examples[] = { "/window 3", "/window alice", "/window active", NULL };

const struct cmd cmd_window_rows[] = {
	{ .name = "window",
		.aliases = "win,buffer,w",
		.args = window_args,
		.summary = "Go to a window",
		.help = "Windows have numbers; 1 is the console. active goes to the one that wants attention most, last to the one "
			"before. Alt+1 to Alt+0 and Alt+Q to Alt+P (but Alt+U) go to the first twenty.",
		.examples = window_examples,
		.run = run_window },
	{ .name = "window splitv",
		.aliases = "split,vsplit",
		.args = close_args,
		.summary = "Show another window right of this one",
		.help = "Without a name the one before. Alt+S goes to the other one, Alt+Z hides it or shows it again; > stands "
			"before "
			"the title of the one that has the input. What comes into the other one counts as unread until you go "
			"there. "
			"Where there is no room for both, the one with the input is shown alone.",
		.examples = (const char *const[]){ "/window splitv call", "/window splitv 3", NULL },
		.run = run_splitv },
	{ .name = "window splith",
		.aliases = "hsplit",
		.args = close_args,
		.summary = "Show another window below this one",
		.run = run_splith },
	{ .name = "window unsplit", .aliases = "unsplit", .summary = "Show this window alone again", .run = run_unsplit },
	{ .name = "wins", .aliases = "windows", .summary = "List the windows", .run = run_wins },
	{ .name = "close", .args = close_args, .summary = "Close a window; what was said is kept", .run = run_close },
	{ .name = "clear", .summary = "Clear the window; PageUp brings the lines back", .run = run_clear },
	{ .name = "redraw", .summary = "Draw the screen anew", .run = run_redraw },
	{ .name = "theme",
		.args = theme_args,
		.summary = "Change the theme, or list the themes",
		.help = "Themes are small files; the folder themes of your configuration comes first. /save keeps the choice.",
		.run = run_theme,
		.complete = complete_theme },
	{ .name = "panel", .summary = "Show or hide the contacts at the left", .run = run_panel },
	{ .name = "copy",
		.args = copy_args,
		.needs = NEEDS_CONVERSATION,
		.summary = "Copy a message to the clipboard of the terminal",
		.help = "By OSC 52, which works over ssh where the terminal allows it; in tmux set-clipboard must be on.",
		.run = run_copy },
	{ .name = "url",
		.aliases = "urls,links",
		.args = url_args,
		.needs = NEEDS_CONVERSATION,
		.summary = "List the links of this chat, or copy one of them",
		.help = "Nothing is ever fetched or opened: /url 1 gives the newest to the clipboard of the terminal.",
		.run = run_url },
	{ .name = "xmlconsole",
		.aliases = "xml,rawlog",
		.args = xmlconsole_args,
		.summary = "Open a window that shows what goes over the wire",
		.help = "Of one account, or of all. Passwords, tokens and login messages are hidden, texts that are not encrypted "
			"are not. It begins when it is opened, ends with /close, and keeps the last 500 stanzas in memory only.",
		.run = run_xmlconsole },
	{ .name = "legend", .summary = "Explain the signs before lines and in the bars", .run = run_legend },
	{ 0 },
};
